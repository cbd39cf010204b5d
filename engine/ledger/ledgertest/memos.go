package ledgertest

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"shopbell/engine"
)

func memos(t *testing.T, b *bench) {
	put := func(store, value string) {
		b.commit(&engine.Put{Memo: engine.Memo{Source: "ecwid", Store: store, Name: "poll", Value: []byte(value)}})
	}
	began := time.Now().Add(-time.Second)
	put("1", "one")
	put("2", "two")
	put("1", "three")
	b.commit(&engine.Put{Memo: engine.Memo{Source: "ecwid", Store: "1", Name: "install", Value: []byte("other")}})
	b.reopen()
	m, err := b.Memo(t.Context(), "ecwid", "1", "poll")
	want(t, "a memo", []any{string(m.Value), m.Source, m.Store, m.Name, err}, []any{"three", "ecwid", "1", "poll", nil})
	if m.Updated.Before(began) || m.Updated.After(time.Now().Add(time.Second)) {
		t.Errorf("it was put at %v", m.Updated)
	}
	all := func(since time.Time) (stores []string) {
		found, err := b.Memos(t.Context(), "poll", since, false)
		want(t, "error", err, nil)
		for _, m := range found {
			stores = append(stores, m.Store)
		}
		return stores
	}
	want(t, "all, the latest last", all(time.Time{}), []string{"2", "1"})
	want(t, "since the last", all(m.Updated), []string{"1"})
	late := &engine.Put{Memo: engine.Memo{Source: "ecwid", Store: "1", Name: "poll", Value: []byte("late")}, Of: m.Updated.Add(-time.Second)}
	inTime := &engine.Put{Memo: engine.Memo{Source: "ecwid", Store: "1", Name: "poll", Value: []byte("in time")}, Of: m.Updated}
	b.commit(late)
	b.commit(inTime)
	m, err = b.Memo(t.Context(), "ecwid", "1", "poll")
	want(t, "only in place of another", []any{string(m.Value), late.Stale, inTime.Stale, err}, []any{"in time", true, false, nil})
	begins, err := b.Memos(t.Context(), "install/", time.Time{}, true)
	want(t, "names that begin with it", []any{len(begins), err}, []any{0, nil})
	b.commit(&engine.Put{Memo: engine.Memo{Source: "ecwid", Store: "1", Name: "install/a", Value: []byte("x")}})
	begins, err = b.Memos(t.Context(), "install/", time.Time{}, true)
	want(t, "names that begin with it", []any{len(begins), err}, []any{1, nil})
	want(t, "its value", string(begins[0].Value), "x")
	b.commit(&engine.Put{Memo: engine.Memo{Source: "ecwid", Store: "1", Name: "poll"}})
	if _, err := b.Memo(t.Context(), "ecwid", "1", "poll"); !errors.Is(err, engine.ErrNone) {
		t.Errorf("a memo that was dropped: %v", err)
	}
	if _, err := b.Memo(t.Context(), "ecwid", "none", "poll"); !errors.Is(err, engine.ErrNone) {
		t.Errorf("a memo of a store that is not there: %v", err)
	}
}

func marks(t *testing.T, b *bench) {
	r := anEvent(1, engine.EventPending)
	r.Polled = true
	b.accept(r)
	b.reopen()
	got := b.event(r.Seq)
	want(t, "accepted", []bool{got.Polled, got.Stale, got.Self}, []bool{true, false, false})
	got.State, got.Stale, got.Self = engine.EventUnmatched, true, true
	b.commit(&engine.Plan{Record: &got})
	listed, err := b.Events(t.Context(), engine.EventFilter{})
	want(t, "error", err, nil)
	want(t, "planned", []bool{listed[0].Polled, listed[0].Stale, listed[0].Self}, []bool{true, true, true})
}

func seen(t *testing.T, b *bench) {
	was := func(subject string) (string, int64) {
		entity, seq, err := b.Snapshot(t.Context(), "ecwid", "1003", subject)
		want(t, "error", err, nil)
		return string(entity), seq
	}
	first := anEvent(1, engine.EventSeen)
	first.Entity = json.RawMessage(`{"v":1}`)
	b.accept(first)
	entity, seq := was(first.Subject)
	want(t, "snapshot", []any{entity, seq}, []any{`{"v":1}`, first.Seq})
	late := samePlace(2)
	late.Subject, late.State, late.Entity = first.Subject, engine.EventSeen, json.RawMessage(`{"v":0}`)
	b.accept(late)
	entity, _ = was(first.Subject)
	want(t, "snapshot after another was seen", entity, `{"v":1}`)
	next := samePlace(3)
	next.Subject = first.Subject
	b.accept(next)
	next.State, next.Entity, next.Prev = engine.EventUnmatched, json.RawMessage(`{"v":2}`), first.Seq
	b.commit(&engine.Plan{Record: next})
	entity, _ = was(first.Subject)
	want(t, "snapshot after an event", entity, `{"v":2}`)
	want(t, "all events", b.list(engine.EventFilter{}), []int64{next.Seq})
	want(t, "of the subject", b.list(engine.EventFilter{Source: "ecwid", Store: "1003", Subject: first.Subject}), []int64{next.Seq})
	want(t, "seen ones", b.list(engine.EventFilter{State: engine.EventSeen}), []int64{late.Seq, first.Seq})
}

func rewritten(t *testing.T, b *bench) {
	r, n := anEvent(1, engine.EventPlanned), aRun("a")
	r.Entity = json.RawMessage(`{"email":"jane@example.com"}`)
	b.accept(r, n)
	u := b.run(n.Run.ID)
	r.Body, r.Data, r.Entity, r.Note = nil, json.RawMessage(`{"orderId":"O1"}`), json.RawMessage(`{"email":"[forgotten]"}`), "forgotten"
	u.Steps[0].Params = json.RawMessage(`{"url":"[forgotten]"}`)
	b.commit(&engine.Rewrite{Record: r, Runs: []*engine.Run{&u}})
	b.reopen()
	got := b.event(r.Seq)
	want(t, "event", []any{string(got.Body), string(got.Data), string(got.Entity), got.Note, got.State}, []any{"", string(r.Data), string(r.Entity), "forgotten", r.State})
	want(t, "run", b.run(u.ID), u)
}
