package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
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
	switch typ.Change {
	case event.Created, event.Deleted:
		told, err := e.told(ctx, ev, 0)
		return told != nil, err
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
	if typ.Change == event.Deleted && r.Replay == 0 && r.Subject != "" {
		return e.isGoneAlready(ctx, p, r)
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

// isGoneAlready tells whether a deletion was worked before, found in the other way.
func (e *Engine) isGoneAlready(ctx context.Context, p sources.Poller, r *Record) (string, error) {
	if p.Every() <= 0 {
		return "", nil
	}
	other, err := e.told(ctx, &r.Event, r.Seq)
	if err != nil || other == nil || other.State == EventPending || !r.Polled && !other.Polled {
		return "", err
	}
	return fmt.Sprintf("event %d has told of it before", other.Seq), nil
}

// told gives an event of the same type and subject that stands, other than the one with a Seq; nil for none.
func (e *Engine) told(ctx context.Context, ev *event.Event, but int64) (*Record, error) {
	others, err := e.o.Ledger.Events(ctx, EventFilter{Source: ev.Source, Store: ev.Store, Subject: ev.Subject, Type: ev.Type, Limit: 20})
	if err != nil {
		return nil, err
	}
	for i, o := range others {
		stands := o.State == EventPending || o.State == EventPlanned || o.State == EventUnmatched
		if stands && o.Seq != but {
			return &others[i], nil
		}
	}
	return nil, nil
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
