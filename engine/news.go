package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"time"

	"shopbell/event"
	"shopbell/sources"
)

// news decides whether what a poll found is one; nil for what is known, or wanted by no rule.
func (e *Engine) news(ctx context.Context, p sources.Poller, at Store, f *sources.Found) (*Accept, error) {
	src, ev := e.o.Sources[at.Source], &f.Event
	ev.Polled = true
	if ev.Received.IsZero() {
		ev.Received = time.Now()
	}
	if f.Seen {
		return &Accept{Record: &Record{Event: *ev, State: EventSeen, Entity: f.Entity}}, nil
	}
	typ, known := e.eventType(ev)
	if !known || !e.rules.Load().Need(ev.Source, ev.Store, ev.Type).Listens {
		return nil, nil
	}
	old, err := e.isOld(ctx, p, typ, f)
	if err != nil || old {
		return nil, err
	}
	return e.admit(src, ev), nil
}

// isOld tells whether a change that was found has been told by a webhook before.
func (e *Engine) isOld(ctx context.Context, p sources.Poller, typ *event.Type, f *sources.Found) (bool, error) {
	ev := &f.Event
	if ev.Subject == "" { // its id alone tells it apart
		return false, nil
	}
	switch typ.Change {
	case event.Created, event.Deleted:
		told, err := e.told(ctx, ev)
		return len(told) > 0, err
	case event.Updated:
		raw, _, err := e.o.Ledger.Snapshot(ctx, ev.Source, ev.Store, ev.Subject)
		if err != nil || raw == nil {
			return false, err
		}
		if v := p.Version(typ.Noun, raw); !v.IsZero() && !ev.Created.IsZero() {
			// Two changes in one second have one version.
			return v.After(ev.Created) || v.Equal(ev.Created) && (f.Entity == nil || same(raw, f.Entity)), nil
		}
		return f.Entity != nil && same(raw, f.Entity), nil
	}
	return false, nil
}

// The clock by which a platform stamps its notifications runs a little behind that of its entities.
const stampLag = 10 * time.Second

// isCovered tells whether the change behind an event was worked before, found in another way: by a poll, where this is a
// webhook, and the other way round. The answer is a sentence, "" for no. Each change is worked once.
func (e *Engine) isCovered(ctx context.Context, p sources.Poller, typ *event.Type, r *Record, was, is json.RawMessage) (string, error) {
	if (typ.Change == event.Deleted || typ.Change == event.Created) && r.Replay == 0 && r.Subject != "" {
		return e.isTwin(ctx, p, r)
	}
	if typ.Change != event.Updated || r.Replay > 0 || is == nil || was == nil {
		return "", nil
	}
	changed := !same(was, is)
	if r.Polled {
		if !changed {
			return fmt.Sprintf("found by polling; event %d has told of it before", r.Prev), nil
		}
		return "", nil
	}
	if p.Every() <= 0 || r.Created.IsZero() || r.Subject == "" {
		return "", nil
	}
	version := p.Version(typ.Noun, is)
	others, err := e.o.Ledger.Events(ctx, EventFilter{Source: r.Source, Store: r.Store, Subject: r.Subject, Limit: 20})
	if err != nil {
		return "", err
	}
	for _, o := range others {
		if !o.Polled || o.State != EventPlanned && o.State != EventUnmatched || o.Type == r.Type && o.Seq == r.Seq {
			continue
		}
		// What has changed since without a newer version happened in the same second, and nobody else tells of it.
		before := !r.Created.After(o.Created) && (!changed || version.After(o.Created))
		near := !changed && !r.Created.After(o.Created.Add(stampLag)) && !version.IsZero() && !version.After(o.Created)
		if before || near {
			return fmt.Sprintf("polling had found this change before the webhook came: event %d", o.Seq), nil
		}
	}
	return "", nil
}

// isTwin tells whether a creation or a deletion was worked before, found in the other way.
func (e *Engine) isTwin(ctx context.Context, p sources.Poller, r *Record) (string, error) {
	if p.Every() <= 0 {
		return "", nil
	}
	others, err := e.told(ctx, &r.Event)
	if err != nil {
		return "", err
	}
	for _, o := range others {
		if o.Seq != r.Seq && o.State != EventPending && (r.Polled || o.Polled) {
			return fmt.Sprintf("event %d has told of it before", o.Seq), nil
		}
	}
	return "", nil
}

// told gives the events of the same type and subject that stand: those that were refuted, or could not be read, tell nothing.
func (e *Engine) told(ctx context.Context, ev *event.Event) ([]Record, error) {
	others, err := e.o.Ledger.Events(ctx, EventFilter{Source: ev.Source, Store: ev.Store, Subject: ev.Subject, Type: ev.Type, Limit: 100})
	return slices.DeleteFunc(others, func(o Record) bool {
		return o.State != EventPending && o.State != EventPlanned && o.State != EventUnmatched
	}), err
}

// same tells whether two entities say the same, however they are written.
func same(a, b json.RawMessage) bool {
	if bytes.Equal(a, b) {
		return true
	}
	x, err := event.Decode(a)
	if err != nil {
		return false
	}
	y, err := event.Decode(b)
	if err != nil {
		return false
	}
	return reflect.DeepEqual(x, y)
}
