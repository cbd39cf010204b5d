package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"shopbell/event"
	"shopbell/sources"
)

// ErrNoSource says that no source of that name is configured.
var ErrNoSource = errors.New("there is no such source")

// Overload says that an event could not be stored now, and when to come again.
type Overload struct {
	Wait time.Duration
	Err  error
}

// Error says why.
func (o *Overload) Error() string { return o.Err.Error() }

// Unwrap gives the cause.
func (o *Overload) Unwrap() error { return o.Err }

// Status gives the HTTP status to answer with: 429 when there is too much work, 503 when the ledger cannot be written.
func (o *Overload) Status() int {
	if errors.Is(o.Err, context.DeadlineExceeded) {
		return http.StatusTooManyRequests
	}
	return http.StatusServiceUnavailable
}

// Receive takes one notification. Nil means that all its events are on disk, or were there already. Other answers are a
// [*sources.Refusal], an [*Overload] or [ErrNoSource].
func (e *Engine) Receive(ctx context.Context, source string, r sources.Request) error {
	src, ok := e.o.Sources[source]
	if !ok {
		return ErrNoSource
	}
	if e.stopping.Load() {
		return e.overload(source, 5*time.Second, errors.New("the server is stopping"))
	}
	events, err := src.Receive(r)
	if err != nil {
		return e.refuse(ctx, source, r, err)
	}
	e.health.verified(source, r.Received)
	accepts := make([]*Accept, len(events))
	changes := make([]Change, len(events), len(events)+1)
	for i := range events {
		accepts[i] = e.admit(src, &events[i])
		changes[i] = accepts[i]
	}
	ctx, cancel := context.WithTimeout(ctx, maxPatience)
	defer cancel()
	if err := e.committer.commit(ctx, func() { e.accepted(accepts) }, changes...); err != nil {
		if errors.Is(err, context.Canceled) {
			return e.overload(source, time.Second, err)
		}
		return e.overload(source, 5*time.Second, err)
	}
	return nil
}

func (e *Engine) overload(source string, wait time.Duration, err error) error {
	e.o.Meter.Received(source, "overload")
	return &Overload{Wait: wait, Err: err}
}

// admit decides what an event is stored as. It is pure but for the clock and the rules in use.
func (e *Engine) admit(src sources.Source, ev *event.Event) *Accept {
	r := &Record{Event: *ev, State: EventUnmatched, Due: ev.Received}
	if i, ok := src.(sources.Installer); ok && !src.Serves(ev.Store) && i.Installs() {
		r.State = EventPending // it may be being connected, here or by another node
		return &Accept{Record: r}
	}
	if !src.Serves(ev.Store) {
		r.State = EventUnconfirmed
		r.Note = unserved(r)
		return &Accept{Record: r}
	}
	set := e.rules.Load()
	need := set.Need(ev.Source, ev.Store, ev.Type)
	typ, known := e.eventType(ev)
	switch {
	case !known:
		r.Note = fmt.Sprintf("source %s has no event type %q, so no rule can listen to it", ev.Source, clip(ev.Type, 80))
	case follows(src, ev.Type):
		r.State = EventPending
	case !need.Listens:
		r.Note = nobodyListens + ev.Type
	case need.Profile || reads(src, typ, need.Entity):
		r.State = EventPending
	default:
		var was map[string]any
		if need.Entity {
			was = claimedBefore(r.Data)
		}
		return &Accept{Record: r, Runs: e.match(set, r, nil, was, event.Store{ID: ev.Store})}
	}
	return &Accept{Record: r}
}

func (e *Engine) eventType(ev *event.Event) (*event.Type, bool) {
	catalog := e.outfitting.Load().world.Sources[ev.Source].Catalog
	if catalog == nil {
		return nil, false
	}
	return catalog.Lookup(ev.Type)
}

// reads tells whether the entity of an event is to be read back.
func reads(src sources.Source, t *event.Type, wanted bool) bool {
	switch {
	case !t.Readable || src.Mode() == sources.Never:
		return false
	case src.Mode() == sources.Always || wanted:
		return true
	}
	p, ok := src.(sources.Poller) // what a poll and a webhook tell of is told apart by what is read
	return ok && p.Every() > 0 && t.Change != event.Other
}

// accepted goes on with events that are on disk. The committer calls it, in the order of the commits.
func (e *Engine) accepted(accepts []*Accept) {
	for _, a := range accepts {
		if a.Duplicate {
			e.o.Meter.Received(a.Record.Source, "duplicate")
			continue
		}
		e.o.Meter.Received(a.Record.Source, "accepted")
		e.health.accepted()
		if a.Record.State == EventPending {
			e.offerEvent(a.Record, a.Behind)
		}
		e.offerRuns(a.Runs)
	}
}

// offerEvent puts a pending event before the attesters, now or when it is due; behind says that earlier ones of its subject
// are pending.
func (e *Engine) offerEvent(r *Record, behind bool) {
	if e.shared != nil {
		return // the ledger hands it out
	}
	if r.Due.After(time.Now()) {
		e.eventFeed.at(r.Due)
		return
	}
	entry := eventEntry(r)
	entry.behind = behind
	e.events.put(entry)
}

func eventEntry(r *Record) entry[*Record] {
	key := ""
	if r.Subject != "" {
		key = r.Source + "/" + r.Store + "/" + r.Subject
	}
	return entry[*Record]{id: r.Seq, key: key, group: storeGroup(r.Source, r.Store), item: r}
}

// storeGroup names the group of a store's events. A source's name has no slash: it stands in a path.
func storeGroup(source, store string) string { return source + "/" + store }

// Refuse records a notification that was turned away before its source saw it, such as one with too large a body.
func (e *Engine) Refuse(ctx context.Context, source string, r sources.Request, why *sources.Refusal) {
	if _, ok := e.o.Sources[source]; ok && !e.stopping.Load() {
		_ = e.refuse(ctx, source, r, why)
	}
}

// refuse keeps a sample of what was not accepted, and counts the rest.
func (e *Engine) refuse(ctx context.Context, source string, r sources.Request, err error) error {
	refusal, ok := errors.AsType[*sources.Refusal](err)
	if !ok {
		refusal = sources.Refuse(http.StatusBadRequest, "parse", "%v", err)
	}
	e.o.Meter.Received(source, refusal.Label)
	e.health.refused(source, r.Received, refusal.Reason)
	changes := []Change{&Tally{Count{Day: r.Received, Source: source, What: CountRefusal + refusal.Label, N: 1}}}
	if e.samples.take(time.Now()) {
		changes = append(changes, &Accept{Record: refusedRecord(source, r, refusal)})
	} else {
		changes = append(changes, &Tally{Count{Day: r.Received, Source: source, What: "event.refused", N: 1}})
	}
	ctx, cancel := context.WithTimeout(ctx, refusalPatience)
	defer cancel()
	if err := e.committer.commit(ctx, nil, changes...); err != nil {
		e.o.Log.Warn("a refused notification could not be recorded", "source", source, "reason", refusal.Reason, "error", err)
	}
	return refusal
}

// refusalPatience is how long the sender of a refused notification waits for its sample to be kept. Its answer does not depend on
// that.
const refusalPatience = 500 * time.Millisecond

// keptOfRefused is how much of a refused body is kept, in bytes.
const keptOfRefused = 4096

func refusedRecord(source string, r sources.Request, why *sources.Refusal) *Record {
	body, _ := json.Marshal(clip(string(r.Body), keptOfRefused))
	return &Record{State: EventRefused, Note: why.Reason, Event: event.Event{Source: source, Type: "?", Received: r.Received, Body: body}}
}
