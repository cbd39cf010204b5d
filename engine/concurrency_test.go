package engine_test

import (
	"context"
	"fmt"
	"maps"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"shopbell/engine"
	"shopbell/virtualtime"
)

// TestConcurrencyIsWhatTheAccountSays has more steps due than an account takes at once: fewer than its share of the workers, more than all
// of them, and more after its config was read anew.
func TestConcurrencyIsWhatTheAccountSays(t *testing.T) {
	for first, then := range map[int]int{3: 5, 40: 60, 60: 7} {
		t.Run(fmt.Sprint(first, " and then ", then), func(t *testing.T) {
			virtualtime.Test(t, func(t *testing.T) {
				b := newBench(t, `rules: [ { name: tell, when: order.created, then: [{ probe: { text: "{{ order.id }}" } }] } ]`,
					func(o *engine.Options) { o.Workers = 16; o.Accounts = taking(o.Accounts, first) })
				var under atomic.Int64
				gate := make(chan struct{})
				b.provider.answering(func(context.Context, call) error {
					under.Add(1)
					defer under.Add(-1)
					<-gate
					return nil
				})
				for i := range 150 {
					b.must(b.post(fmt.Sprint("e", i), "order.created", fmt.Sprint("S", i), 1))
				}
				synctest.Wait()
				if n := under.Load(); n != int64(first) {
					t.Errorf("%d calls at once, want %d", n, first)
				}
				b.Equip(taking(b.options.Accounts, then), b.options.World)
				for range first { // each makes room for one that comes after
					gate <- struct{}{}
					synctest.Wait()
				}
				if n := under.Load(); n != int64(then) {
					t.Errorf("%d calls at once after the config was read anew, want %d", n, then)
				}
				close(gate)
				b.untilRuns(engine.RunDone, 150)
				b.stop()
			})
		})
	}
}

// TestOutcomeAndBeginningShareACommit holds that a worker writes down an outcome together with what it begins next, although the account
// takes no more at once: so a step waits for one commit, not for two.
func TestOutcomeAndBeginningShareACommit(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		var together atomic.Int64
		b := newBench(t, `rules: [ { name: tell, when: order.created, then: [{ probe: { text: "{{ order.id }}" } }] } ]`, func(o *engine.Options) {
			o.Accounts = taking(o.Accounts, 1)
			o.Ledger = writing(o.Ledger, func(ctx context.Context, changes []engine.Change, commit committing) error {
				var saved, begun bool
				for _, c := range changes {
					_, save := c.(*engine.Save)
					_, begin := c.(*engine.Begin)
					saved, begun = saved || save, begun || begin
				}
				if saved && begun {
					together.Add(1)
				}
				return commit(ctx, changes)
			})
		})
		var under atomic.Int64
		gate := make(chan struct{})
		b.provider.answering(func(context.Context, call) error {
			if n := under.Add(1); n > 1 {
				t.Errorf("%d calls at once", n)
			}
			<-gate
			under.Add(-1)
			return nil
		})
		for i := range 10 {
			b.must(b.post(fmt.Sprint("e", i), "order.created", fmt.Sprint("S", i), 1))
		}
		synctest.Wait()
		close(gate)
		b.untilRuns(engine.RunDone, 10)
		if n := together.Load(); n != 9 {
			t.Errorf("%d outcomes were written with the next step's beginning, want 9", n)
		}
		b.stop()
	})
}

// taking gives the accounts with so many calls at once.
func taking(accounts map[string]engine.Account, n int) map[string]engine.Account {
	accounts = maps.Clone(accounts)
	for name, a := range accounts {
		a.Limit.Concurrency = n
		accounts[name] = a
	}
	return accounts
}
