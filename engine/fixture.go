package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"shopbell/event"
)

// A Fixture is an event of the ledger in which nobody can be recognized, for tests.
type Fixture struct {
	Event             event.Event
	Entity, Data, Was any // with their numbers as json.Number; nil for none
	Gone              bool
	Profile           event.Store // of its store, as rules saw it; only the id when that is not recorded
}

// Scrub makes a fixture of an event: what it says of people is replaced, the same by the same, and secrets are left out.
func Scrub(r Record, was json.RawMessage, typ *event.Type, profile event.Store) (Fixture, error) {
	f := Fixture{Event: r.Event, Gone: r.Gone, Profile: profile}
	f.Event.Data, f.Event.Body = nil, nil
	x := newScrubber()
	parts := []struct {
		what string
		raw  json.RawMessage
		into *any
		of   *event.Schema
	}{{"entity", r.Entity, &f.Entity, nil}, {"was", was, &f.Was, nil}, {"data", r.Data, &f.Data, nil}}
	if typ != nil {
		parts[0].of, parts[1].of, parts[2].of = typ.Entity, typ.Entity, typ.Data
	}
	for _, p := range parts {
		if len(p.raw) == 0 {
			continue
		}
		value, err := decodeNumbers(p.raw)
		if err != nil {
			return f, fmt.Errorf("its %s cannot be read: %w", p.what, err)
		}
		*p.into = value
		x.learn(value, p.of)
	}
	owner := map[string]any{"email": profile.Email}
	x.learn(owner, nil)
	x.find(f.Event.Subject, false)
	x.find(f.Event.ID, false)
	for _, p := range parts {
		if *p.into != nil {
			*p.into = x.scrub(*p.into, p.of)
		}
	}
	owner = x.scrub(owner, nil).(map[string]any)
	f.Profile.Email, _ = owner["email"].(string)
	// Its words are those of what it sells, which are to stay, so it gets no stand-ins for them.
	for _, p := range []struct {
		of    *string
		stand string
	}{
		{&f.Profile.Name, "Example Store"}, {&f.Profile.URL, "https://store.example.com"}, {&f.Profile.Company, "Example Company"}, {&f.Profile.Street, "1 Example Street"},
		{&f.Profile.City, "Example City"}, {&f.Profile.PostalCode, "10000"}, {&f.Profile.Phone, "+15550100"},
	} {
		if *p.of != "" {
			*p.of = p.stand
		}
	}
	f.Event.Subject, f.Event.ID = x.find(f.Event.Subject, false), x.find(f.Event.ID, false)
	return f, nil
}

// FixtureOf makes a fixture of an event of the ledger, by its number or by the platform's id of it; [ErrNone] when there is none,
// a [*Misasked] when there are several, or when it was refused.
func FixtureOf(ctx context.Context, l Reader, catalogs func(source string) *event.Catalog, text, source, store string) (Fixture, error) {
	r, err := recordOf(ctx, l, text, source, store)
	if err != nil {
		return Fixture{}, err
	}
	if r.State == EventRefused || r.State == EventSeen {
		return Fixture{}, &Misasked{fmt.Sprintf("event %d is no event that rules could see", r.Seq), ""}
	}
	var was json.RawMessage
	if r.Prev != 0 {
		before, err := l.Event(ctx, r.Prev)
		if err != nil && !errors.Is(err, ErrNone) {
			return Fixture{}, err
		}
		was = before.Entity
	} else if claimed := claimedBefore(r.Data); claimed != nil {
		if was, err = json.Marshal(claimed); err != nil {
			return Fixture{}, err
		}
	}
	var typ *event.Type
	if c := catalogs(r.Source); c != nil {
		typ, _ = c.Lookup(r.Type)
	}
	profile, _, err := profileThen(ctx, l, &r)
	if err != nil {
		return Fixture{}, err
	}
	return Scrub(r, was, typ, profile)
}

func recordOf(ctx context.Context, l Reader, text, source, store string) (Record, error) {
	fits := func(r Record) bool { return (source == "" || r.Source == source) && (store == "" || r.Store == store) }
	if seq, err := strconv.ParseInt(text, 10, 64); err == nil {
		if r, err := l.Event(ctx, seq); err == nil && fits(r) || err != nil && !errors.Is(err, ErrNone) {
			return r, err
		}
	}
	found, err := l.Events(ctx, EventFilter{Source: source, Store: store, ID: text, Limit: 2})
	switch {
	case err != nil:
		return Record{}, err
	case len(found) == 0 || text == "":
		return Record{}, ErrNone
	case len(found) > 1:
		return Record{}, &Misasked{fmt.Sprintf("several events have the id %q", clip(text, 200)), "Say of which source and store with --store SOURCE/STORE, or give its number."}
	}
	return l.Event(ctx, found[0].Seq)
}
