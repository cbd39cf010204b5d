package engine_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shopbell/actions"
	licensekey "shopbell/actions/license_key"
	"shopbell/document"
	"shopbell/engine"
	"shopbell/rules"
	"shopbell/secret"
	"shopbell/virtualtime"
)

func boxOf(t *testing.T, key secret.Text, previous ...secret.Text) *secret.Box {
	t.Helper()
	b, err := secret.NewBox(key, previous...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestClaimsAreSealed holds that what steps claimed cannot be read in the ledger, and that nothing is given twice however the key
// that seals is changed.
func TestClaimsAreSealed(t *testing.T) {
	const first, second, third = "the first key, of some bytes", "the second key, of some bytes", "the third key, of some bytes"
	b := newBench(t, threeRules, func(o *engine.Options) { o.Box = boxOf(t, first) })
	again := func(sealing *secret.Box) {
		b.stop()
		b.options.Box = sealing
		b.start()
	}
	claim := func(what, key string, want string, offers ...string) {
		t.Helper()
		c, err := b.Claim(t.Context(), "games", key, offers)
		got := fmt.Sprint(c.Value, " ", c.Taken)
		if err != nil {
			got = fmt.Sprint(actions.OutcomeOf(err).Outcome, " ", actions.OutcomeOf(err).Blame)
		}
		if got != want {
			t.Errorf("%s: %s (%v), want %s", what, got, err, want)
		}
	}
	claim("the first", "k1", "1234 1", "1234", "5678")
	at := &engine.Claim{Pool: "games", Key: "k1"}
	b.stop()
	b.must(b.ledger.Commit(t.Context(), []engine.Change{at}))
	if len(at.Value) == 0 || bytes.Contains(at.Value, []byte("1234")) {
		t.Errorf("the ledger keeps %q", at.Value)
	}
	guess := sha256.Sum256([]byte("games\x001234"))
	look := &engine.Claim{Pool: "games", Offers: []engine.Offer{{Mark: guess[:16]}, {Mark: []byte("1234")}}}
	b.must(b.ledger.Commit(t.Context(), []engine.Change{look}))
	if look.Free != 2 {
		t.Error("whoever has the ledger can find out PINs by trying")
	}
	b.start()
	again(boxOf(t, second, first))
	claim("with a later key, the same", "k1", "1234 1")
	claim("with a later key, another", "k2", "5678 2", "1234", "5678")
	again(boxOf(t, first)) // a node that has not been told yet
	claim("with the earlier one", "k1", "1234 2")
	claim("with the earlier one, what the later one sealed", "k2", "permanent account")
	again(boxOf(t, second, first))
	claim("with both", "k3", " 2", "1234", "5678")
	again(boxOf(t, second))
	claim("when the earlier one is gone, what it sealed", "k1", "permanent account")
	claim("when the earlier one is gone, the rest", "k2", "5678 2")
	claim("when the earlier one is gone, what is given stays given", "k4", "9 3", "1234", "5678", "9")
	again(nil)
	claim("without a key", "k5", "permanent account", "1234")
	again(boxOf(t, third))
	claim("with a key that sealed nothing", "k5", "permanent account", "1234")
}

// TestClaimsInTheOpen holds that a ledger without a box can be given one.
func TestClaimsInTheOpen(t *testing.T) {
	b := newBench(t, threeRules)
	claim := func(key string, offers ...string) string {
		t.Helper()
		c, err := b.Claim(t.Context(), "games", key, offers)
		b.must(err)
		return c.Value
	}
	if got := claim("k1", "a", "b"); got != "a" {
		t.Errorf("got %q", got)
	}
	b.stop()
	b.options.Box = boxOf(t, "a key of some bytes, made later")
	b.start()
	if one, other := claim("k1", "b"), claim("k2", "a", "b"); one != "a" || other != "b" {
		t.Errorf("with a key: %q and %q", one, other)
	}
}

// keysOf gives an account of license_key over a folder of pools, whose claims go to the engine that the bench has then.
func (b *bench) keysOf(folder string) actions.Outlet {
	b.Helper()
	out, err := licensekey.Action.Open(actions.Env{Pools: folder, Log: slog.New(slog.DiscardHandler),
		Claim: func(ctx context.Context, pool, key string, offers []string) (actions.Claimed, error) {
			return b.Claim(ctx, pool, key, offers)
		}}, nil)
	b.must(err)
	return out
}

func poolOf(t *testing.T, keys int) (folder string) {
	t.Helper()
	folder = t.TempDir()
	var text strings.Builder
	for i := range keys {
		fmt.Fprintf(&text, "KEY-%04d\n", i)
	}
	if err := os.WriteFile(filepath.Join(folder, "games.txt"), []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

// outletFunc is an outlet that is a function.
type outletFunc func(context.Context, actions.Call[json.RawMessage]) (actions.Result, error)

// Send implements [actions.Outlet].
func (f outletFunc) Send(ctx context.Context, c actions.Call[json.RawMessage]) (actions.Result, error) {
	return f(ctx, c)
}

// TestClaimBeforeADeath has the process die after a key was claimed and before anybody knew: the next one gives the same.
func TestClaimBeforeADeath(t *testing.T) {
	const rule = `rules: [{ name: sell, when: order.created, then: [{ id: key, license_key: { pool: games } }, { probe: { text: "{{ steps.key.value }}" } }] }]`
	folder := poolOf(t, 3)
	virtualtime.Test(t, func(t *testing.T) {
		end := newDeath()
		var b *bench
		b = newBench(t, threeRules, func(o *engine.Options) {
			o.World.Actions["license_key"] = licensekey.Action
			o.Rules = rules.Parse(map[string]string{"r.yaml": rule}, o.World)
			if len(o.Rules.Problems()) > 0 {
				t.Fatal(document.Text(o.Rules.Problems()))
			}
			o.Accounts["license_key"] = engine.Account{Kind: licensekey.Action, Outlet: outletFunc(func(ctx context.Context, c actions.Call[json.RawMessage]) (actions.Result, error) {
				r, err := b.keysOf(folder).Send(ctx, c)
				end.die()
				return r, err
			})}
			o.Ledger = end.ledger(o.Ledger)
		})
		b.must(b.post("e1", "order.created", "A", 1))
		end.next(b)
		if u := b.untilRuns(engine.RunDone, 1)[0]; u.Steps[0].Repeated != 1 {
			t.Errorf("the step was repeated %d times, want once", u.Steps[0].Repeated)
		}
		b.must(b.post("e2", "order.created", "B", 1))
		b.untilRuns(engine.RunDone, 2)
		if got := strings.Join(b.provider.texts(), " "); got != "KEY-0000 KEY-0001" {
			t.Errorf("sent %q", got)
		}
	})
}

// TestNodesShareAPool has two nodes give a thousand keys to a thousand steps, each of which both try: no key goes to two steps, no
// step gets two, and none is left over.
func TestNodesShareAPool(t *testing.T) {
	t.Parallel()
	const keys, workers = 1000, 8
	folder := poolOf(t, keys)
	a := newNode(t, threeRules)
	nodes := []*bench{a, a.another(threeRules)}
	var mu sync.Mutex
	owner, has := map[string]string{}, map[string]string{}
	var group sync.WaitGroup
	began := time.Now()
	for n, b := range nodes {
		out := b.keysOf(folder)
		for w := range workers {
			group.Go(func() {
				for i := w; i < keys; i += workers {
					step := fmt.Sprint("step", (i+n*keys/2)%keys)
					r, err := out.Send(t.Context(), actions.Call[json.RawMessage]{Key: step, Try: 1, Params: json.RawMessage(`{"pool":"games"}`)})
					value, _ := r["value"].(string)
					mu.Lock()
					if err != nil || owner[value] != "" && owner[value] != step || has[step] != "" && has[step] != value {
						t.Errorf("%s gets %q, of %q, after %q: %v", step, value, owner[value], has[step], err)
					}
					owner[value], has[step] = step, value
					mu.Unlock()
				}
			})
		}
	}
	group.Wait()
	t.Logf("%d claims by two nodes of %d workers: %v", 2*keys, workers, time.Since(began))
	if len(owner) != keys || len(has) != keys {
		t.Errorf("%d keys went to %d steps", len(owner), len(has))
	}
	if _, err := nodes[0].keysOf(folder).Send(t.Context(), actions.Call[json.RawMessage]{Key: "one more", Try: 1, Params: json.RawMessage(`{"pool":"games"}`)}); !strings.Contains(fmt.Sprint(err), "empty") {
		t.Errorf("one more: %v", err)
	}
}

// TestClaimWithoutALedger holds that a claim that could not be made is tried again.
func TestClaimWithoutALedger(t *testing.T) {
	var fail atomic.Bool
	b := newBench(t, threeRules, func(o *engine.Options) {
		o.Ledger = writing(o.Ledger, func(ctx context.Context, changes []engine.Change, commit committing) error {
			if fail.Load() {
				return engine.ErrFull
			}
			return commit(ctx, changes)
		})
	})
	fail.Store(true)
	for range 2 {
		if _, err := b.Claim(t.Context(), "games", "k", []string{"a"}); actions.OutcomeOf(err).Outcome != actions.OutcomeRetry || !errors.Is(err, engine.ErrFull) {
			t.Errorf("on a full disk: %v", err)
		}
	}
	fail.Store(false)
	if c, err := b.Claim(t.Context(), "games", "k", []string{"a"}); err != nil || c.Value != "a" || c.At != 0 || c.Taken != 1 {
		t.Errorf("got %+v, %v", c, err)
	}
}
