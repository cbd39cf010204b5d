package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"shopbell/actions"
)

// The patience of a breaker.
const (
	// enough is how many tries in a row must fail through the provider's fault until it counts as down.
	enough = 10
	// firstPause and firstMend are how long an account is left alone at first: one whose provider is down, and one that a person
	// has to see to. Each time that it is found no better, it is left alone for twice as long, up to longestPause and longestMend.
	firstPause   = 5 * time.Second
	firstMend    = time.Minute
	longestPause = 2 * time.Minute
	longestMend  = 10 * time.Minute
	// mendFor is how long a step is kept that has been tried and cannot go on before its account is mended.
	mendFor = 24 * time.Hour
	// longestRest is how long an account is left alone at most because its provider has had too much of it.
	longestRest = time.Hour
	// manyGates bounds how many providers are kept in mind, where steps name them.
	manyGates = 10_000
)

// breakers keep steps from accounts that would fail them: nothing goes there before a time, then one step tries for all. What
// waits is not lost and no try is counted. They are in memory only: after a start, the first failure is noticed anew.
type breakers struct {
	log   *slog.Logger
	lease time.Duration // how long a try for all may take

	mu    sync.Mutex
	gates map[string]*gate
}

// A gate is the way to one account, or to one of the providers that its steps name.
type gate struct {
	outlet, target string
	failures       int       // in a row
	shut           time.Time // since when; zero when it is open
	until          time.Time // nothing goes before
	pauses         int       // in a row, since it was open
	mend           bool      // a person has to see to it
	why            string
	probe          time.Time     // one step tries for all, at most until then
	changed        chan struct{} // closed when something of this has changed; nil while nobody waits
}

func newBreakers(log *slog.Logger, timeout time.Duration) *breakers {
	return &breakers{log: log, lease: timeout + saveFor, gates: map[string]*gate{}}
}

// targetOf gives the provider that a run's next step names itself; "" when its account does.
func (e *Engine) targetOf(u *Run) string {
	kind := e.account(u.Outlet).Kind
	if kind == nil || kind.Target == nil || !u.isReady() {
		return ""
	}
	if u.aim.step != u.Step+1 || u.aim.kind != kind {
		u.aim = aim{step: u.Step + 1, kind: kind, decoded: new(actions.Decoded)}
		u.aim.target = kind.Target(actions.Call[json.RawMessage]{Source: u.Source, Store: u.Store, Params: u.Steps[u.Step].Params, Decoded: u.aim.decoded})
	}
	return u.aim.target
}

// An aim is the provider that a step names itself, kept while the step is on its way: to find it, the parameters have to be read.
type aim struct {
	step    int // from 1
	kind    *actions.Kind
	target  string
	decoded *actions.Decoded // what was read for that
}

// admitted lets a run's next step go, or says when to come again. What has still to be rendered goes.
func (e *Engine) admitted(u *Run, cutOff bool) (again time.Time) {
	if cutOff || !u.isReady() {
		return time.Time{}
	}
	again, _ = e.breakers.enter(u.Outlet, e.targetOf(u))
	return again
}

func (e *Engine) leave(u *Run) { e.breakers.leave(u.Outlet, e.targetOf(u)) }

// lookAgain is how soon a step that waits for the provider it names looks again: it may have been mended.
const lookAgain = 20 * time.Second

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// postpone has a run that was not begun come again at a time, or a little later: not all at once.
func (e *Engine) postpone(u *Run, again time.Time) {
	u.State, u.Due = RunDue, again.Add(rand.N(max(time.Until(again), 0)/8+time.Second))
	_ = e.insistSave(nil, &Save{Run: u, From: RunDue}) // when it cannot be saved, the ledger hands it out again
}

// waitsForMend has a step that its account fails wait for it, when that is known to be at fault.
func waitsForMend(u *Run, s *Step, again time.Time) bool {
	if again.IsZero() || time.Since(s.Tries[0].At) > mendFor {
		return false
	}
	u.Tries--
	u.State, u.Due = RunDue, again
	return true
}

func (b *breakers) find(outlet, target string) *gate { return b.gates[outlet+"\x00"+target] }

func (b *breakers) of(outlet, target string) *gate {
	key := outlet + "\x00" + target
	g := b.gates[key]
	if g == nil {
		if len(b.gates) >= manyGates {
			clear(b.gates) // what is still down will be noticed anew
		}
		g = &gate{outlet: outlet, target: target}
		b.gates[key] = g
	}
	return g
}

// enter lets a step go, or says when to come again. changed is closed if that may be earlier.
func (b *breakers) enter(outlet, target string) (again time.Time, changed <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	g, now := b.find(outlet, target), time.Now()
	switch {
	case g == nil || g.until.IsZero():
		return time.Time{}, nil
	case now.Before(g.until):
		again = g.until
	case g.shut.IsZero(): // only a pause
		g.until = time.Time{}
		return time.Time{}, nil
	case now.Before(g.probe):
		again = g.probe
	default:
		g.probe = now.Add(b.lease)
		return time.Time{}, nil
	}
	if g.changed == nil {
		g.changed = make(chan struct{})
	}
	return again, g.changed
}

// wait returns when a step may go. An error says that the engine stops first.
func (b *breakers) wait(ctx context.Context, outlet, target string) error {
	for {
		again, changed := b.enter(outlet, target)
		if again.IsZero() {
			return nil
		}
		timer := time.NewTimer(time.Until(again))
		select {
		case <-timer.C:
		case <-changed:
			timer.Stop()
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// leave says that a step which was let go has not asked the provider.
func (b *breakers) leave(outlet, target string) {
	b.change(outlet, target, func(g *gate) { g.probe = time.Time{} })
}

// hasten has a person's step tried now.
func (b *breakers) hasten(outlet, target string) {
	b.change(outlet, target, func(g *gate) {
		if !g.until.IsZero() {
			g.until, g.probe = time.Now(), time.Time{}
		}
	})
}

// hastenAll has everything tried that is shut.
func (b *breakers) hastenAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, g := range b.gates {
		if !g.shut.IsZero() {
			g.until, g.probe = time.Now(), time.Time{}
			g.tell()
		}
	}
}

// change changes a gate that is known, and tells those who wait.
func (b *breakers) change(outlet, target string, how func(*gate)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if g := b.find(outlet, target); g != nil {
		how(g)
		g.tell()
	}
}

func (g *gate) tell() {
	if g.changed != nil {
		close(g.changed)
		g.changed = nil
	}
}

// heard takes in what a provider answered to a step. again is not zero when the step failed because its account is at fault, as was
// known before: then it is no fault of the step, which is due again at that time.
func (b *breakers) heard(outlet, target string, a actions.Answer, err error) (again time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	g := b.find(outlet, target)
	broken := a.Outcome == actions.OutcomePermanent && a.Blame == actions.BlameAccount && a.Part == ""
	failed := (a.Outcome == actions.OutcomeRetry || a.Outcome == actions.OutcomeUnknown) && a.Wait == 0
	switch {
	case broken:
		g = b.of(outlet, target)
		known := g.mend
		b.close(g, firstMend, true, err)
		if known {
			again = g.until
		}
	case failed:
		g = b.of(outlet, target)
		if g.failures++; g.failures >= enough || !g.shut.IsZero() {
			b.close(g, firstPause, g.mend, err)
		}
	case a.Outcome == actions.OutcomeRetry && a.Pause:
		g = b.of(outlet, target)
		if until := time.Now().Add(min(a.Wait, longestRest)); until.After(g.until) {
			g.until = until
		}
	case g == nil:
		return
	case a.Outcome == actions.OutcomeOK || a.Outcome == actions.OutcomeSkip || a.Blame == actions.BlameRecipient || a.Part != "":
		b.open(g)
	}
	g.probe = time.Time{}
	g.tell()
	return again
}

// close shuts a gate for longer than the last time. Tries that were under way when it was shut say nothing new.
func (b *breakers) close(g *gate, first time.Duration, mend bool, err error) {
	now := time.Now()
	if !g.shut.IsZero() && now.Before(g.until) && (g.mend || !mend) {
		return
	}
	if g.shut.IsZero() || mend && !g.mend {
		g.shut, g.pauses = now, 0
		b.log.Error("nothing is sent through an account until it works again", "account", g.outlet, "target", g.target,
			"to be mended", mend, "why", err)
	}
	g.mend, g.why = mend, clip(err.Error(), 500)
	longest := longestPause
	if mend {
		longest = longestMend
	}
	g.until = now.Add(min(first<<min(g.pauses, 10), longest))
	g.pauses++
}

func (b *breakers) open(g *gate) {
	if !g.shut.IsZero() {
		b.log.Info("an account works again", "account", g.outlet, "target", g.target, "after", time.Since(g.shut).Round(time.Second))
	}
	delete(b.gates, g.outlet+"\x00"+g.target)
}

// Shut says that nothing is sent through an account, and why.
type Shut struct {
	Target string    // the provider that steps name, where not the account does; "" for the account's
	Since  time.Time // when it was found
	Until  time.Time // when one step tries for all
	Mend   bool      // a person has to see to it: the key is wrong, the plan has ended
	Why    string
}

// shut gives the gates of an outlet that are shut, the first first.
func (b *breakers) shut() map[string][]Shut {
	b.mu.Lock()
	defer b.mu.Unlock()
	found := map[string][]Shut{}
	for _, g := range b.gates {
		if !g.shut.IsZero() {
			found[g.outlet] = append(found[g.outlet], Shut{g.target, g.shut, g.until, g.mend, g.why})
		}
	}
	for _, list := range found {
		slices.SortFunc(list, func(a, b Shut) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Target, b.Target)) })
	}
	return found
}
