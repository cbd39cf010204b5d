package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"shopbell/engine"
	"shopbell/engine/ledger/upkeep"
)

// A House opens ledgers of one kind, each by a name: to use, or to move. What it opens is closed by the exam.
type House struct {
	Open Opener
	Hold func(t *testing.T, name string, side upkeep.Side) (upkeep.Mover, error)
}

// RunMoving puts ledgers through the exam of moving house, from one kind into another, or into the same.
func RunMoving(t *testing.T, from, to House) {
	for _, part := range []struct {
		name string
		exam func(t *testing.T, from, to House)
	}{
		{"everything comes over", movesWhole},
		{"a copy that was cut off goes on", movesOn},
		{"a stretch twice is as once", movesTwice},
		{"what is no target", movesNowhere},
		{"half a copy is no ledger", movesHalf},
		{"an empty ledger", movesNothing},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			part.exam(t, from, to)
		})
	}
}

// held opens a ledger to move it.
func held(t *testing.T, h House, name string, side upkeep.Side) upkeep.Mover {
	t.Helper()
	m, err := h.Hold(t, name, side)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func done(t *testing.T, closers ...interface{ Close() error }) {
	t.Helper()
	for _, c := range closers {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

// filled makes a used ledger and lets it go.
func filled(t *testing.T, h House, name string) {
	t.Helper()
	l := h.Open(t, name)
	Fill(t, l)
	done(t, l)
}

// short exports a few pieces at a time, and breaks off after some.
type short struct {
	upkeep.Mover
	left int // stretches; -1 for all
}

var errCut = errors.New("cut off")

func (s *short) Export(ctx context.Context, after upkeep.Cursor, _ int) (upkeep.Stretch, error) {
	if s.left == 0 {
		return upkeep.Stretch{}, errCut
	}
	s.left--
	return s.Mover.Export(ctx, after, 7)
}

func movesWhole(t *testing.T, from, to House) {
	filled(t, from, "old")
	a, b := held(t, from, "old", upkeep.From), held(t, to, "new", upkeep.To)
	var told, all int64
	result, err := upkeep.Copy(t.Context(), a, b, func(done, of int64) { told, all = done, of })
	if err != nil {
		t.Fatal(err)
	}
	want(t, "resumed, already", fmt.Sprint(result.Resumed, result.Already), "false false")
	want(t, "told", told, all)
	want(t, "started", result.Totals["runs started"], 1)
	want(t, "pending", result.Totals["events pending"], 5)
	done(t, b)
	b = held(t, to, "new", upkeep.From) // after the end, as it is from now on
	if err := upkeep.Same(t.Context(), a, b); err != nil {
		t.Error(err)
	}
	done(t, a, b)
	same(t, &bench{T: t, Ledger: from.Open(t, "old")}, &bench{T: t, Ledger: to.Open(t, "new")})
	a, b = held(t, from, "old", upkeep.From), held(t, to, "new", upkeep.From)
	if err := upkeep.Same(t.Context(), a, b); err == nil {
		t.Error("ledgers that differ are the same")
	}
	done(t, a, b)
}

// same asks two ledgers what the engine asks, and goes on in the new one.
func same(t *testing.T, a, b *bench) {
	t.Helper()
	for _, f := range []engine.EventFilter{{Limit: 500}, {State: engine.EventPending}, {Store: "1004"}, {Subject: "order/X"}, {State: engine.EventRefused}} {
		want(t, fmt.Sprint("events ", f), b.list(f), a.list(f))
	}
	for _, f := range []engine.RunFilter{{Limit: 500}, {State: engine.RunHeld}, {Rule: "b"}} {
		x, y := a.runsOf(f), b.runsOf(f)
		asStarted(x)
		asStarted(y)
		want(t, fmt.Sprint("runs ", f), y, x)
	}
	for _, what := range []string{"event.unmatched", "event.duplicate", "run.new", "run.dead"} {
		want(t, what, b.count(what), a.count(what))
	}
	x, at, err := a.Snapshot(t.Context(), "ecwid", "1003", "order/X")
	y, there, wrong := b.Snapshot(t.Context(), "ecwid", "1003", "order/X")
	want(t, "snapshot", fmt.Sprint(string(y), there, wrong), fmt.Sprint(string(x), at, err))
	for _, c := range []*engine.Claim{{Pool: "pool-Ü1", Key: "key4"}, {Pool: "pool-Ü1", Key: "new", Offers: offers("\x00\xff1", "new")}} {
		other := *c
		a.commit(c)
		b.commit(&other)
		want(t, "a claim", fmt.Sprint(string(other.Value), other.At, other.Free, other.Taken), fmt.Sprint(string(c.Value), c.At, c.Free, c.Taken))
	}
	last, lastRun := a.list(engine.EventFilter{Limit: 1})[0], a.runsOf(engine.RunFilter{Limit: 1})[0].ID
	if !b.accept(anEvent(100, engine.EventUnmatched)).Duplicate {
		t.Error("an event of before the move is not known")
	}
	n := aRun("new")
	r := b.accept(anEvent(500, engine.EventPlanned), n).Record
	if r.Seq <= last || n.Run.ID <= lastRun {
		t.Errorf("numbers %d and %d are given after %d and %d", r.Seq, n.Run.ID, last, lastRun)
	}
	if !b.accept(samePlace(501)).Behind {
		t.Error("a new event overtakes those that wait")
	}
	done(t, a.Ledger, b.Ledger)
}

// asStarted hides how ledgers write down that a try was begun.
func asStarted(runs []engine.Run) {
	for i := range runs {
		if runs[i].State == engine.RunStarted || runs[i].Subject == "order/O40" {
			runs[i].State, runs[i].Due = engine.RunDue, time.Time{}
		}
	}
}

func movesOn(t *testing.T, from, to House) {
	filled(t, from, "old")
	a := held(t, from, "old", upkeep.From)
	stretches := 0
	for at := (upkeep.Cursor{}); ; stretches++ {
		s, err := a.Export(t.Context(), at, 7)
		if err != nil {
			t.Fatal(err)
		}
		if at = s.Next; s.End {
			break
		}
	}
	if stretches < 10 {
		t.Fatalf("only %d stretches", stretches)
	}
	for _, cut := range []int{0, 3, stretches / 2, stretches} {
		b := held(t, to, fmt.Sprint("new", cut), upkeep.To)
		if _, err := upkeep.Copy(t.Context(), &short{a, cut}, b, nil); !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		done(t, b)
		b = held(t, to, fmt.Sprint("new", cut), upkeep.To)
		result, err := upkeep.Copy(t.Context(), &short{a, -1}, b, nil)
		if err != nil || !result.Resumed {
			t.Fatalf("cut off after %d: %v, resumed %v", cut, err, result.Resumed)
		}
		if err := upkeep.Same(t.Context(), a, b); err != nil {
			t.Error(err)
		}
		if result, err = upkeep.Copy(t.Context(), a, b, nil); err != nil || !result.Already {
			t.Errorf("once more after the end: %v, %+v", err, result)
		}
		done(t, b)
	}
	done(t, a)
}

func movesTwice(t *testing.T, from, to House) {
	filled(t, from, "old")
	a, b := held(t, from, "old", upkeep.From), held(t, to, "new", upkeep.To)
	if err := b.Begin(t.Context(), "by hand"); err != nil {
		t.Fatal(err)
	}
	for at := (upkeep.Cursor{}); ; {
		s, err := a.Export(t.Context(), at, 5)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := b.Import(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		}
		if at = s.Next; s.End {
			break
		}
	}
	if err := upkeep.Same(t.Context(), a, b); err != nil {
		t.Error(err)
	}
	done(t, a, b)
}

func movesNowhere(t *testing.T, from, to House) {
	filled(t, from, "old")
	filled(t, from, "other")
	l := from.Open(t, "other")
	(&bench{T: t, Ledger: l}).accept(anEvent(900, engine.EventUnmatched))
	done(t, l)
	filled(t, to, "used")
	l = to.Open(t, "used")
	(&bench{T: t, Ledger: l}).accept(anEvent(901, engine.EventUnmatched))
	done(t, l)
	refuse := func(fromName, toName, words string) {
		t.Helper()
		a, b := held(t, from, fromName, upkeep.From), held(t, to, toName, upkeep.To)
		if _, err := upkeep.Copy(t.Context(), a, b, nil); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("from %s to %s: %v, want %q", fromName, toName, err, words)
		}
		done(t, a, b)
	}
	refuse("old", "used", "holds a ledger of its own already")
	a, b := held(t, from, "old", upkeep.From), held(t, to, "half", upkeep.To)
	if _, err := upkeep.Copy(t.Context(), &short{a, 5}, b, nil); !errors.Is(err, errCut) {
		t.Fatal(err)
	}
	done(t, a, b)
	refuse("other", "half", "is half a copy of ")
	l = from.Open(t, "old")
	(&bench{T: t, Ledger: l}).accept(anEvent(902, engine.EventUnmatched))
	done(t, l)
	refuse("old", "half", "has changed since the copy of it began")
	if m, err := from.Hold(t, "never made", upkeep.From); err == nil {
		t.Error("a ledger that is not there was opened")
		done(t, m)
	}
}

func movesHalf(t *testing.T, from, to House) {
	filled(t, from, "old")
	a, b := held(t, from, "old", upkeep.From), held(t, to, "half", upkeep.To)
	if _, err := upkeep.Copy(t.Context(), &short{a, 8}, b, nil); !errors.Is(err, errCut) {
		t.Fatal(err)
	}
	done(t, a, b)
	if m, err := to.Hold(t, "half", upkeep.From); err == nil || !strings.Contains(err.Error(), "half a copy") {
		t.Errorf("half a copy is a source: %v", err)
		done(t, m)
	}
}

func movesNothing(t *testing.T, from, to House) {
	done(t, from.Open(t, "old"))
	a, b := held(t, from, "old", upkeep.From), held(t, to, "new", upkeep.To)
	if _, err := upkeep.Copy(t.Context(), a, b, nil); err != nil {
		t.Error(err)
	}
	done(t, b)
	l := to.Open(t, "new")
	r := (&bench{T: t, Ledger: l}).accept(anEvent(1, engine.EventUnmatched)).Record
	want(t, "the first number", r.Seq, int64(1))
	done(t, a, l)
}
