package engine

import (
	"context"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"shopbell/actions"
	"shopbell/event"
	"shopbell/sources"
)

// nameLength is how long a name is that is made of a key: 60 bits, which nobody guesses who does not know the ledger's secret.
const nameLength = 12

// nameLetters are capital letters and digits that nobody takes for each other.
const nameLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// Create makes an entity at its platform, and has the event that tells of it known as our own. That it is to be made is in the ledger
// before it is. What it is known by is made of the key unless the draft says it. Errors as of [sources.Creator]; [ErrNoSource] when
// the source is not there or makes nothing of that noun.
func (e *Engine) Create(ctx context.Context, source string, d sources.Draft, key string) (json.RawMessage, error) {
	creator, ok := e.o.Sources[source].(sources.Creator)
	if !ok || creator.Named(d.Noun) == "" {
		return nil, ErrNoSource
	}
	field := creator.Named(d.Noun)
	if _, given := d.Set[field]; !given {
		name, err := e.nameOf(ctx, source, d, key)
		if err != nil {
			return nil, err
		}
		d.Set = maps.Clone(d.Set)
		if d.Set == nil {
			d.Set = map[string]json.RawMessage{}
		}
		d.Set[field] = json.RawMessage(`"` + name + `"`)
	}
	print := printOf(d.Set[field])
	mark := func(t trace) error {
		return e.committer.commit(ctx, nil, putTrace(source, d.Store, madeName(d.Noun, print), t))
	}
	before, _, err := e.edit(ctx, source, d.Store, madeName(d.Noun, print))
	if err != nil {
		return nil, err
	}
	if err := mark(trace{Made: map[string]string{field: print}}); err != nil {
		return nil, err
	}
	made, err := creator.Create(ctx, d)
	switch {
	case sources.IsDenied(err) || sources.IsUnconfirmed(err): // nothing was made: who makes one of that name later is not us
		if undo := mark(before); undo != nil {
			err = fmt.Errorf("%w (and that nothing was made could not be kept: %w)", err, undo)
		}
		return nil, err
	case err != nil:
		return nil, err
	}
	return made, e.echo(ctx, source, d.Store, d.Noun+"/"+idOf(made))
}

// nameOf makes a name of a key, with the secret of the ledger, so that nobody who sees one name can tell another.
func (e *Engine) nameOf(ctx context.Context, source string, d sources.Draft, key string) (string, error) {
	mac, err := e.marker(ctx)
	if err != nil {
		return "", err
	}
	mac.Write([]byte(strings.Join([]string{"name", source, d.Store, d.Noun, key}, "\x00")))
	return base32.NewEncoding(nameLetters).EncodeToString(mac.Sum(nil))[:nameLength], nil
}

// madeName is under which it is noted that an entity is made.
func madeName(noun, print string) string { return noun + "=" + print }

// idOf gives the id of an entity; "" when it has none.
func idOf(entity json.RawMessage) string {
	var made struct {
		ID json.RawMessage `json:"id"`
	}
	if json.Unmarshal(entity, &made) != nil {
		return ""
	}
	return strings.Trim(string(made.ID), `"`)
}

// echo notes that events may come of an entity although nothing in it changes.
func (e *Engine) echo(ctx context.Context, source, store string, subjects ...string) error {
	for _, subject := range subjects {
		t, _, err := e.edit(ctx, source, store, subject)
		if err != nil {
			return err
		}
		t.Echo = true
		if err := e.committer.commit(ctx, nil, putTrace(source, store, subject, t)); err != nil {
			return err
		}
	}
	return nil
}

// isMade tells whether an event tells of an entity that we made ourselves.
func (e *Engine) isMade(ctx context.Context, src sources.Source, typ *event.Type, r *Record, v *view) (bool, error) {
	creator, ok := src.(sources.Creator)
	if !ok || creator.Named(typ.Noun) == "" {
		return false, nil
	}
	name, there := v.entity[creator.Named(typ.Noun)]
	if !there {
		return false, nil
	}
	print := printOfValue(name)
	t, at, err := e.edit(ctx, r.Source, r.Store, madeName(typ.Noun, print))
	return err == nil && !at.IsZero() && t.Made[creator.Named(typ.Noun)] == print && time.Since(at) < echoFor, err
}

// CreateEntity is [Engine.Create] with the errors of actions: it is an [actions.Create].
func (e *Engine) CreateEntity(ctx context.Context, source, store, noun, key string, set map[string]json.RawMessage) (json.RawMessage, error) {
	made, err := e.Create(ctx, source, sources.Draft{Store: store, Noun: noun, Set: set}, key)
	return made, outcomeOf(source, err)
}

// FindEntity gives an entity by what people call it: it is an [actions.Find].
func (e *Engine) FindEntity(ctx context.Context, source, store, noun, name string) (json.RawMessage, error) {
	finder, ok := e.o.Sources[source].(sources.Finder)
	if !ok {
		return nil, outcomeOf(source, ErrNoSource)
	}
	found, err := finder.Find(ctx, store, noun, name)
	return found, outcomeOf(source, err)
}

// outcomeOf gives an error of a source as actions sort them. What we do to stores may be repeated.
func outcomeOf(source string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrNoSource):
		return actions.PermanentPart("source "+source, fmt.Errorf("there is no source %q whose stores can be changed in that way", source))
	case sources.IsUnconfirmed(err):
		return actions.Permanent(actions.BlameRequest, err)
	case sources.IsDenied(err):
		return actions.PermanentPart("the access to the store", err)
	}
	return actions.RetryAfter(sources.Wait(err), err)
}
