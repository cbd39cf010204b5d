package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/engine"
	"shopbell/virtualtime"
)

const manyMessages = `rules: [
	{ name: one, when: order.created, then: [{ probe: { text: "one for ann@example.com" } }] },
	{ name: two, when: order.created, then: [{ probe: { text: "two for ann@example.com and bob@example.com" } }] },
	{ name: three, when: order.created, then: [{ probe: { text: "three for owner@shop.example" } }] }]`

func capping(o *engine.Options) {
	o.Cap = engine.Cap{PerDay: 3, Except: []string{"@shop.example"}}
}

// TestACapPerPerson holds that nobody gets more than their share of a day's messages, across rules, stores apart, and that what was left
// out says why.
func TestACapPerPerson(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		b := newBench(t, manyMessages, capping)
		b.postMany(0, 1) // ann 2, bob 1
		b.untilRuns(engine.RunDone, 3)
		b.postMany(1, 1) // ann 1 of 2, bob 1
		b.untilRuns(engine.RunDone, 6)
		b.postMany(2, 2) // bob 1 of 2
		b.untilRuns(engine.RunDone, 12)
		count := func() map[string]int {
			n := map[string]int{}
			for _, text := range b.provider.texts() {
				for _, r := range addressed(text) {
					n[r.Address]++
				}
			}
			return n
		}
		if got := fmt.Sprint(count()); got != "map[ann@example.com:3 bob@example.com:3 owner@shop.example:4]" {
			t.Errorf("sent: %s", got)
		}
		skips := 0
		for _, u := range b.runs(engine.RunDone) {
			if u.Steps[0].Outcome == actions.OutcomeSkip {
				skips++
				if !strings.Contains(u.Steps[0].Note, "has had 3 messages within a day") {
					t.Errorf("the note is %q", u.Steps[0].Note)
				}
			}
		}
		if skips == 0 {
			t.Error("nothing was skipped")
		}
		b.must(b.notifyStore("other", "order.created", "S0", "2")) // another store's customer of the same address
		b.untilRuns(engine.RunDone, 15)
		time.Sleep(25 * time.Hour)
		b.postMany(10, 1)
		b.untilRuns(engine.RunDone, 18)
		if got := fmt.Sprint(count()); got != "map[ann@example.com:7 bob@example.com:5 owner@shop.example:6]" {
			t.Errorf("a day later: %s", got)
		}
	})
}

// TestACapCountsOnce holds that a message which is tried again is one message.
func TestACapCountsOnce(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		b := newBench(t, `rules: [{ name: one, when: order.created, then: [{ probe: { text: "one for ann@example.com" } }] }]`, func(o *engine.Options) {
			o.Cap = engine.Cap{PerDay: 1}
		})
		b.provider.answering(func(_ context.Context, c call) error {
			if c.try <= 5 {
				return actions.RetryAfter(time.Minute, errors.New("later"))
			}
			return nil
		})
		b.postMany(0, 1)
		time.Sleep(20 * time.Hour)
		b.untilRuns(engine.RunDone, 1)
		if n := len(b.provider.got()); n != 6 {
			t.Errorf("%d calls, want 6", n)
		}
	})
}

// TestABudgetPerStore holds that a store cannot use up more of an account than its budget of the day, at both ledgers, and that what is
// beyond it is a dead letter that can be retried the next day.
func TestABudgetPerStore(t *testing.T) {
	budget := func(o *engine.Options) {
		a := o.Accounts["probe"]
		a.Budget = 5
		o.Accounts["probe"] = a
	}
	t.Run("both", func(t *testing.T) {
		onEachLedger(t, func(t *testing.T, newBench maker) {
			b := newBench(t, threeRules, budget)
			b.postMany(0, 9)
			b.untilRuns(engine.RunDone, 5)
			for _, u := range b.untilRuns(engine.RunDead, 4) {
				if s := u.Steps[0]; s.Blame != actions.BlameAccount || !strings.Contains(s.Note, "budget of 5 a day for store 1 is used up") {
					t.Errorf("%+v", s)
				}
			}
			if shut := b.Health().Accounts["probe"].Shut; len(shut) > 0 {
				t.Errorf("the account is shut: %+v", shut)
			}
			b.must(b.notifyStore("other", "order.created", "S0", "2"))
			b.untilRuns(engine.RunDone, 6)
		})
	})
	t.Run("tomorrow", func(t *testing.T) {
		virtualtime.Test(t, func(t *testing.T) {
			b := newBench(t, threeRules, budget)
			b.postMany(0, 6)
			dead := b.untilRuns(engine.RunDead, 1)
			time.Sleep(24 * time.Hour)
			b.must(b.Retry(t.Context(), dead[0].ID))
			b.untilRuns(engine.RunDone, 6)
		})
	})
}
