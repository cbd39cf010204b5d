package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"shopbell/event"
	"shopbell/sources"
)

// attestLoop is one of the workers that read entities back and match.
func (e *Engine) attestLoop() {
	for {
		next, lane, ok := e.events.next()
		if !ok {
			return
		}
		e.attestSafely(e.workCtx, next.item)
		e.events.done(lane)
	}
}

// attestSafely puts an event off whose reading panics: what a platform answers must not end the program, at every start.
func (e *Engine) attestSafely(ctx context.Context, r *Record) {
	defer func() {
		if p := recover(); p != nil {
			e.o.Log.Error("reading an event back panicked", "event", r.Key())
			e.putOff(ctx, r, errors.New("the source broke down; this is a mistake of the program"), "the entity")
		}
	}()
	e.attest(ctx, r)
}

// attest carries a pending event to its plan, or puts it off.
func (e *Engine) attest(ctx context.Context, r *Record) {
	src, ok := e.o.Sources[r.Source]
	r.Entity, r.Gone = nil, false // of an earlier plan, before a replay
	if !ok {
		e.conclude(ctx, r, EventFailed, fmt.Sprintf("source %s is not configured any more", r.Source))
		return
	}
	if !src.Serves(r.Store) && !e.isKnownByNow(ctx, src, r) {
		return
	}
	set := e.rules.Load()
	need := set.Need(r.Source, r.Store, r.Type)
	typ, known := e.eventType(&r.Event)
	lively := follows(src, r.Type)
	if !known || !need.Listens && !lively {
		e.conclude(ctx, r, EventUnmatched, nobodyListens+r.Type)
		return
	}
	store := event.Store{ID: r.Store}
	if need.Profile {
		profile, err := e.profile(ctx, src, r)
		if err != nil {
			e.putOff(ctx, r, err, "the store's profile")
			return
		}
		store = profile
	}
	var seen view
	if lively || reads(src, typ, need.Entity) {
		if seen, ok = e.read(ctx, src, typ, r); !ok {
			return
		}
	}
	if lively {
		if err := e.learn(ctx, src.(sources.Lively), r, seen.reading); err != nil {
			e.putOff(ctx, r, err, "what is known of the store")
			return
		}
	}
	if !need.Listens {
		e.conclude(ctx, r, EventUnmatched, nobodyListens+r.Type)
		return
	}
	runs := e.match(set, r, seen.entity, seen.was, store)
	if need.Profile {
		if kept := e.portray(ctx, r, store); kept != nil {
			seen.also = append(seen.also, kept)
		}
	}
	if seen.reading.Stale != "" {
		r.Note = clip(strings.TrimSuffix(seen.reading.Stale+"; "+r.Note, "; "), 2000)
	}
	e.plan(ctx, &Plan{Record: r, Runs: runs}, func() { e.readings.note(r, seen.reading.Asked) }, seen.also...)
}

// profile reads the profile of an event's store. A store whose profile the platform will not tell has none but its id:
// a message whose amounts have no currency is better than no message.
func (e *Engine) profile(ctx context.Context, src sources.Source, r *Record) (event.Store, error) {
	store, err := src.Profile(ctx, r.Store)
	e.bury(ctx, src, r.Source, r.Store, err)
	if sources.IsDenied(err) || sources.IsUnconfirmed(err) {
		e.health.attestFailed(r.Source, err)
		e.o.Log.Warn("rules go without the store's profile", "source", r.Source, "store", r.Store, "error", err)
		return event.Store{ID: r.Store}, nil
	}
	return store, err
}

// A view is an entity as it is, and as it was.
type view struct {
	entity, was map[string]any
	reading     sources.Reading
	before      json.RawMessage // the last snapshot; nil when there is none
	also        []Change        // to be made with the plan
}

// read reads the entity of an event back, with the one before. When it is not there, the event has been concluded or
// put off, and ok is false.
func (e *Engine) read(ctx context.Context, src sources.Source, typ *event.Type, r *Record) (v view, ok bool) {
	began := time.Now() // the event before this one has been worked
	v, ok = e.readOnce(ctx, src, typ, r, r.Received)
	if asked := v.reading.Asked; ok && v.before != nil && !asked.IsZero() && asked.Before(began) && e.readings.isOlder(r, asked) {
		v, ok = e.readOnce(ctx, src, typ, r, began)
	}
	if !ok || r.Replay > 0 {
		return v, ok
	}
	return v, e.isNew(ctx, src, typ, r, &v)
}

// readOnce is read, of what is not older than a time, and without the look whether it is new.
func (e *Engine) readOnce(ctx context.Context, src sources.Source, typ *event.Type, r *Record, since time.Time) (v view, ok bool) {
	began, ev := time.Now(), r.Event
	ev.Received = since
	reading, err := src.Attest(ctx, &ev)
	e.o.Meter.Attested(r.Source, attestResult(err), time.Since(began))
	switch {
	case sources.IsUnconfirmed(err):
		e.conclude(ctx, r, EventUnconfirmed, err.Error())
		return v, false
	case err != nil:
		e.health.attestFailed(r.Source, err)
		e.bury(ctx, src, r.Source, r.Store, err)
		e.putOff(ctx, r, err, "the entity")
		return v, false
	}
	r.Entity, r.Gone, v.reading = reading.Entity, reading.Gone, reading
	r.Stale = reading.Stale != ""
	if reading.Entity != nil {
		if v.entity, err = event.DecodeObject(reading.Entity); err != nil {
			e.putOff(ctx, r, fmt.Errorf("the platform's answer cannot be read: %w", err), "the entity")
			return v, false
		}
	}
	if v.was, v.before, err = e.was(ctx, r); err != nil {
		e.putOff(ctx, r, err, "the earlier state")
		return v, false
	}
	return v, true
}

// isNew tells whether a change was not worked before, and marks what we did ourselves. What is not new has been concluded, or
// put off.
func (e *Engine) isNew(ctx context.Context, src sources.Source, typ *event.Type, r *Record, v *view) bool {
	if v.reading.Told && v.before != nil && !r.Created.IsZero() {
		later, err := e.o.Ledger.Event(ctx, r.Prev)
		if err != nil && !errors.Is(err, ErrNone) {
			e.putOff(ctx, r, err, "the earlier state")
			return false
		}
		if later.Created.After(r.Created) { // what it tells is not so any more, and must not become what was
			e.conclude(ctx, r, EventUnmatched, fmt.Sprintf("it is older than event %d, which came before it", later.Seq))
			return false
		}
	}
	if p, ok := src.(sources.Poller); ok {
		covered, err := e.isCovered(ctx, p, typ, r, v.before, v.reading.Entity)
		if err != nil {
			e.putOff(ctx, r, err, "what polling has found")
			return false
		}
		if covered != "" {
			e.conclude(ctx, r, EventUnmatched, covered)
			return false
		}
	}
	own, err := e.isOwn(ctx, src, typ, r, v)
	if err != nil {
		e.putOff(ctx, r, err, "what we changed ourselves")
		return false
	}
	r.Self = own
	return true
}

func attestResult(err error) string {
	switch {
	case err == nil:
		return "confirmed"
	case sources.IsUnconfirmed(err):
		return "unconfirmed"
	case sources.IsDenied(err):
		return "denied"
	}
	return "retry"
}

// was gives the entity as last read back before this event: from the ledger, else from the old values that the
// notification claims, else nil. before is the snapshot that it is made of.
func (e *Engine) was(ctx context.Context, r *Record) (was map[string]any, before json.RawMessage, err error) {
	if r.Replay > 0 { // what was then, not what has become of it since
		was, err = e.wasOf(ctx, r)
		return was, nil, err
	}
	r.Prev = 0
	if r.Subject != "" {
		raw, seq, err := e.o.Ledger.Snapshot(ctx, r.Source, r.Store, r.Subject)
		if err != nil {
			return nil, nil, err
		}
		if raw != nil {
			r.Prev = seq
			was, err = event.DecodeObject(raw)
			return was, raw, err
		}
	}
	return claimedBefore(r.Data), nil, nil
}

// claimedBefore makes `was` of the fields oldX that a notification carries: {"oldPaymentStatus": "PAID"} gives
// {"paymentStatus": "PAID"}.
func claimedBefore(data json.RawMessage) map[string]any {
	claim, err := event.DecodeObject(data)
	if err != nil {
		return nil
	}
	var was map[string]any
	for k, v := range claim {
		if len(k) > 3 && k[:3] == "old" && k[3] >= 'A' && k[3] <= 'Z' {
			if was == nil {
				was = map[string]any{}
			}
			was[string(k[3]+'a'-'A')+k[4:]] = v
		}
	}
	return was
}

// conclude ends a pending event without runs. What has been read of it meanwhile, or at an earlier plan, is no news to any
// rule, so it must not become the snapshot.
func (e *Engine) conclude(ctx context.Context, r *Record, s EventState, note string) {
	r.State, r.Note, r.Entity, r.Gone = s, clip(note, 1000), nil, false
	e.plan(ctx, &Plan{Record: r}, nil)
}

// plan writes a plan, calls then if it was made, and hands its runs to the workers. When the engine is cut off first, the event
// stays pending.
func (e *Engine) plan(ctx context.Context, p *Plan, then func(), also ...Change) {
	if ctx.Err() != nil {
		return
	}
	err := e.committer.insist(ctx, func() {
		if !p.Stale && then != nil {
			then()
		}
		e.events.settled(p.Record.Seq)
		if !p.Stale {
			e.offerRuns(p.Runs)
		}
	}, append(also, p)...)
	if err != nil {
		e.o.Log.Warn("an event could not be planned; it stays pending", "event", p.Record.Key(), "error", err)
	}
}

// putOff has a pending event tried again later, with those of its subject behind it; after a day it has failed.
func (e *Engine) putOff(ctx context.Context, r *Record, cause error, what string) {
	if ctx.Err() != nil {
		return
	}
	r.Tries++
	note := fmt.Sprintf("%s could not be read back: %v", what, cause)
	if now := time.Now(); now.Sub(r.Received) > attestFor && r.Tries > 20 {
		e.conclude(ctx, r, EventFailed, note)
		return
	}
	r.Note = clip(note, 1000)
	r.Due = time.Now().Add(attestWait(r.Tries, cause))
	d := &Defer{Record: r}
	err := e.committer.insist(ctx, func() {
		e.events.drop(eventEntry(r).key, eventEntry(r).group)
		e.events.settled(r.Seq)
		e.eventFeed.at(r.Due)
	}, d, &Tally{Count{Day: time.Now(), Source: r.Source, Store: r.Store, What: CountAttestFailure, N: 1}})
	if err != nil {
		e.o.Log.Warn("an event could not be put off; it stays pending", "event", r.Key(), "error", err)
	}
}

func (e *Engine) dueStores(ctx context.Context, until time.Time) ([]string, error) {
	stores, err := e.o.Ledger.DueStores(ctx, until)
	groups := make([]string, len(stores))
	for i, s := range stores {
		groups[i] = storeGroup(s.Source, s.Store)
	}
	return groups, err
}

func (e *Engine) loadEvents(ctx context.Context, group string, until time.Time, limit int) ([]entry[*Record], error) {
	source, store, _ := strings.Cut(group, "/")
	records, err := e.o.Ledger.DueEvents(ctx, Store{source, store}, until, limit)
	entries := make([]entry[*Record], len(records))
	for i := range records {
		entries[i] = eventEntry(&records[i])
	}
	return entries, err
}

func (e *Engine) nextEvent(ctx context.Context, after time.Time) (time.Time, error) {
	events, _, err := e.o.Ledger.NextDue(ctx, after)
	return events, err
}
