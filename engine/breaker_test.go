package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/engine"
	"shopbell/virtualtime"
)

var errWrongKey = actions.Permanent(actions.BlameAccount, errors.New("the key is wrong"))

// postMany sends events of as many subjects, from first on.
func (b *bench) postMany(first, n int) {
	b.Helper()
	for i := range n {
		b.must(b.post(fmt.Sprint("e", first+i), "order.created", fmt.Sprint("S", first+i), 1))
	}
}

// TestABrokenAccountWaits has an account fail for a reason that a person must mend: the step that found out is a dead letter, it is told
// once, and all others wait until it works.
func TestABrokenAccountWaits(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		var log logged
		b := newBench(t, threeRules, log.keep)
		b.provider.answering(func(context.Context, call) error { return errWrongKey })
		b.postMany(0, 1)
		b.untilRuns(engine.RunDead, 1)
		b.postMany(1, 20)
		time.Sleep(59 * time.Second)
		if n := len(b.provider.got()); n != 1 {
			t.Fatalf("%d calls within a minute, want 1", n)
		}
		is := b.Health().Accounts["probe"].Shut
		if len(is) != 1 || !is[0].Mend || is[0].Why != "the key is wrong" {
			t.Fatalf("health tells %+v", is)
		}
		time.Sleep(30 * time.Minute)
		calls, dead := len(b.provider.got()), len(b.runs(engine.RunDead))
		if calls < 4 || calls > 8 || dead != 1 {
			t.Errorf("half an hour later: %d calls, %d dead; want one call now and then, and no more dead letters", calls, dead)
		}
		b.provider.answering(nil)
		time.Sleep(11 * time.Minute)
		b.untilRuns(engine.RunDone, 20)
		for _, u := range b.runs(engine.RunDone) {
			if u.Tries > 1 {
				t.Errorf("run %d has used up %d tries", u.ID, u.Tries)
			}
		}
		if told, mended := log.count("nothing is sent through an account"), log.count("an account works again"); told != 1 || mended != 1 {
			t.Errorf("told %d times, and %d times that it works again", told, mended)
		}
		if len(b.Health().Accounts["probe"].Shut) > 0 {
			t.Error("it is shut still")
		}
	})
}

// TestABrokenAccountIsNotForEver holds that a step which has been tried does not wait for longer than a day.
func TestABrokenAccountIsNotForEver(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		b := newBench(t, threeRules)
		b.provider.answering(func(context.Context, call) error { return errWrongKey })
		b.postMany(0, 1)
		b.untilRuns(engine.RunDead, 1)
		b.postMany(1, 1)
		time.Sleep(23 * time.Hour)
		if n := len(b.runs(engine.RunDead)); n != 1 {
			t.Fatalf("%d dead letters, want 1", n)
		}
		time.Sleep(3 * time.Hour)
		b.untilRuns(engine.RunDead, 2)
	})
}

// TestAPersonNeedNotWait holds that a run which a person has tried again is tried at once, and lets the others go.
func TestAPersonNeedNotWait(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		b := newBench(t, threeRules)
		b.provider.answering(func(context.Context, call) error { return errWrongKey })
		b.postMany(0, 1)
		dead := b.untilRuns(engine.RunDead, 1)
		b.postMany(1, 5)
		b.provider.answering(nil)
		begun := time.Now()
		b.must(b.Retry(t.Context(), dead[0].ID))
		b.untilRuns(engine.RunDone, 6)
		if took := time.Since(begun); took > time.Second {
			t.Errorf("they waited for %s", took)
		}
	})
}

// TestADeadProviderBurnsNoTries has a provider refuse connections for an hour.
func TestADeadProviderBurnsNoTries(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		b := newBench(t, threeRules)
		b.provider.answering(func(context.Context, call) error { return actions.RetryAfter(0, errors.New("refused the connection")) })
		b.postMany(0, 200)
		time.Sleep(time.Hour)
		if n := len(b.provider.got()); n > 60 {
			t.Errorf("%d calls to a provider that is down", n)
		}
		b.provider.answering(nil)
		time.Sleep(24 * time.Hour)
		b.untilRuns(engine.RunDone, 200)
	})
}

// TestWhatShutsNothing goes through the answers that say nothing of the account as a whole.
func TestWhatShutsNothing(t *testing.T) {
	for name, answer := range map[string]error{
		"recipient": actions.Permanent(actions.BlameRecipient, errors.New("no such mailbox")),
		"request":   actions.Permanent(actions.BlameRequest, errors.New("no such template")),
		"part":      actions.PermanentPart(`channel "#x"`, errors.New("no such channel")),
		"skip":      actions.Skip("is a subscriber already"),
		"later":     actions.RetryAfter(time.Hour, errors.New("greylisted")),
	} {
		t.Run(name, func(t *testing.T) {
			virtualtime.Test(t, func(t *testing.T) {
				b := newBench(t, threeRules)
				b.provider.answering(func(context.Context, call) error { return answer })
				b.postMany(0, 30)
				time.Sleep(time.Minute)
				if n := len(b.provider.got()); n != 30 || len(b.Health().Accounts["probe"].Shut) > 0 {
					t.Errorf("%d calls, want 30; shut: %+v", n, b.Health().Accounts["probe"].Shut)
				}
			})
		})
	}
}

// TestAThrottledAccountRests holds that a provider which wants to be left alone is, by all steps.
func TestAThrottledAccountRests(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		b := newBench(t, threeRules)
		b.provider.answering(func(context.Context, call) error {
			return actions.Throttled(time.Minute, errors.New("too many requests"))
		})
		b.postMany(0, 1)
		b.until("a call", func() bool { return len(b.provider.got()) == 1 })
		b.provider.answering(nil)
		b.postMany(1, 10)
		b.untilRuns(engine.RunDone, 11)
		calls := b.provider.got()
		for _, c := range calls[1:] {
			if wait := c.at.Sub(calls[0].at); wait < time.Minute {
				t.Errorf("a call after %s", wait)
			}
		}
		if len(calls) != 12 {
			t.Errorf("%d calls, want 12", len(calls))
		}
	})
}

// TestOneHostIsNotAll has steps that name their provider: one which is down, one which is not.
func TestOneHostIsNotAll(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		b := newBench(t, `rules: [{ name: tell, when: order.created, then: [{ probe: { text: "{{ event.subject }} via {{ order.v == 1 ? 'good' : 'bad' }}" } }] }]`)
		b.provider.answering(func(_ context.Context, c call) error {
			if strings.HasSuffix(c.text, "bad") {
				return errors.New("refused the connection")
			}
			return nil
		})
		for i := range 60 {
			b.must(b.post(fmt.Sprint("e", i), "order.created", fmt.Sprint("S", i), 1+i%2))
		}
		b.untilRuns(engine.RunDone, 30)
		time.Sleep(5 * time.Minute)
		is := b.Health().Accounts["probe"].Shut
		if len(is) != 1 || is[0].Target != "bad" || is[0].Mend {
			t.Fatalf("health tells %+v", is)
		}
		b.must(b.post("one more", "order.created", "T", 1))
		begun := time.Now()
		b.untilRuns(engine.RunDone, 31)
		if took := time.Since(begun); took > time.Second {
			t.Errorf("the good one took %s", took)
		}
	})
}

// TestABrokenAccountOnNodes is [TestABrokenAccountWaits] where the ledger hands out work: what is handed out for a broken account is put
// off without a try.
func TestABrokenAccountOnNodes(t *testing.T) {
	t.Parallel()
	b := newNode(t, threeRules)
	b.provider.answering(func(context.Context, call) error { return errWrongKey })
	b.postMany(0, 1)
	dead := b.untilRuns(engine.RunDead, 1)
	b.postMany(1, 20)
	b.until("20 runs put off", func() bool {
		n := 0
		for _, u := range b.runs(engine.RunDue) {
			if wait := time.Until(u.Due); wait > 10*time.Second && wait < 2*time.Minute && u.Tries == 0 {
				n++
			}
		}
		return n == 20
	})
	if n := len(b.provider.got()); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
	b.provider.answering(nil)
	b.must(b.Retry(t.Context(), dead[0].ID))
	b.untilRuns(engine.RunDone, 1)
	b.postMany(30, 3)
	b.untilRuns(engine.RunDone, 4)
}

// TestHangingProvidersDelayNobody has two accounts that hang, and ten thousand steps due at a third.
func TestHangingProvidersDelayNobody(t *testing.T) {
	const many = 10
	b := newBench(t, `rules: [
		{ name: hang, when: order.updated, then: [{ fragile: { text: hang } }] },
		{ name: hang too, when: order.updated, then: [{ account: other, fragile: { text: hang } }] },
		{ name: tell, when: order.created, each: "1..1000", then: [{ probe: { text: "{{ item }}" } }] }]`)
	gate, _ := b.gate()
	hanging, all := make(chan struct{}, 1), make(chan struct{})
	var done atomic.Int64
	b.provider.answering(func(_ context.Context, c call) error {
		if c.text == "hang" {
			select {
			case hanging <- struct{}{}:
			default:
			}
			<-gate
		} else if done.Add(1) == many*1000 {
			close(all)
		}
		return nil
	})
	// With the race detector on a busy machine, a thousand runs in one commit take so long that a sender is told to come back.
	post := func(id, typ, subject string) {
		err := b.post(id, typ, subject, 1)
		for errors.Is(err, context.DeadlineExceeded) {
			err = b.post(id, typ, subject, 1)
		}
		b.must(err)
	}
	for i := range 40 {
		post(fmt.Sprint("h", i), "order.updated", fmt.Sprint("H", i))
	}
	<-hanging
	for i := range many {
		post(fmt.Sprint("e", i), "order.created", fmt.Sprint("S", i))
	}
	select {
	case <-all:
	case <-time.After(4 * time.Minute):
		t.Fatalf("%d of %d steps of the third account", done.Load(), many*1000)
	}
}
