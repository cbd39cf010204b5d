package engine

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"shopbell/actions"
	"shopbell/rules"
	"shopbell/secret"
)

// A Delivery is what a provider told, after it had taken a message, of how it went.
type Delivery struct {
	State string    `json:"state"` // "sent", "delivered", "undelivered" or "failed"
	Note  string    `json:"note,omitempty"`
	At    time.Time `json:"at"` // when it was told
	Final bool      `json:"final,omitempty"`
}

// Deliveries are kept in a memo of a run, apart from it: a report may come while the run is worked.
const (
	memoDelivery  = "delivery/"
	callbackLabel = "callback"
)

// ErrCallback says that an address which a provider called is none of ours, or was made with another key.
var ErrCallback = errors.New("there is no message with that address")

// called is what the address for reports says, sealed: which step of which run.
type called struct {
	Run  int64  `json:"r"`
	Step int    `json:"s"`
	Key  string `json:"k"`
}

// callbackURL gives the address at which the provider of a step may tell how it went; "" where there is none.
func (e *Engine) callbackURL(u *Run, o actions.Outlet) string {
	if e.o.Box == nil || e.o.Public == "" {
		return ""
	}
	if _, ok := actions.ReporterOf(o); !ok {
		return ""
	}
	text, err := json.Marshal(called{u.ID, u.Step, stepKey(u)})
	if err != nil {
		return ""
	}
	return e.o.Public + "/callbacks/" + u.Outlet + "?d=" + base64.RawURLEncoding.EncodeToString(e.o.Box.Seal(secret.Text(text), callbackLabel))
}

// Reported takes in what a provider tells of a message, at the address that it was given with it: path and query as they were called,
// behind the public address. What it tells is on disk when this returns. [ErrCallback] when it is none of our addresses,
// [actions.ErrForged] when it is not the provider who calls; [actions.ErrUnreadable] when what it says cannot be understood. After any
// other error the provider is to call again.
func (e *Engine) Reported(ctx context.Context, account, token, path string, n actions.Notice) error {
	c, u, err := e.calledOf(ctx, account, token)
	if err != nil {
		return err
	}
	reporter, ok := actions.ReporterOf(e.account(account).Outlet)
	if !ok {
		return ErrCallback
	}
	n.URL = e.o.Public + path
	report, err := reporter.Report(n)
	if errors.Is(err, actions.ErrForged) {
		return err
	}
	if err != nil {
		return fmt.Errorf("%w: %w", actions.ErrUnreadable, err)
	}
	if err := e.keepDelivery(ctx, u, c.Step, report); err != nil {
		return err
	}
	if err := e.stopFor(ctx, u, c.Step, report); err != nil {
		return err
	}
	return e.knownByNow(ctx, u, c, report)
}

// calledOf reads the address that a provider called.
func (e *Engine) calledOf(ctx context.Context, account, token string) (c called, u Run, err error) {
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || e.o.Box == nil {
		return c, u, ErrCallback
	}
	text, err := e.o.Box.Open(sealed, callbackLabel)
	if err != nil || json.Unmarshal([]byte(text.Reveal()), &c) != nil {
		return c, u, ErrCallback
	}
	u, err = e.o.Ledger.Run(ctx, c.Run)
	if errors.Is(err, ErrNone) || err == nil && c.Step >= len(u.Steps) {
		return c, u, ErrCallback
	}
	if err != nil {
		return c, u, err
	}
	then := u
	then.Step = c.Step
	if s := u.Steps[c.Step]; stepKey(&then) != c.Key || s.Account != account && s.Action != account {
		return c, u, ErrCallback
	}
	return c, u, nil
}

// keepDelivery writes a report down, unless it is older than what is known: reports come in any order.
func (e *Engine) keepDelivery(ctx context.Context, u Run, step int, r actions.Report) error {
	note := r.Note
	if r.Stop != "" && note == "" {
		note = r.Stop
	}
	d := Delivery{State: r.State, Note: clip(note, 500), At: time.Now().UTC(), Final: r.Final}
	changed := false
	err := e.recount(ctx, Store{u.Source, u.Store}, memoDelivery+strconv.FormatInt(u.ID, 10), func(kept []byte) any {
		known := deliveriesOf(kept)
		before, is := known[step]
		if changed = !is || !before.Final && (before.State != d.State || before.Note != d.Note || d.Final); !changed {
			return nil
		}
		known[step] = d
		return known
	})
	if err == nil && changed {
		e.o.Log.Info("a provider tells how a message went", "run", u.ID, "step", step+1, "state", d.State, "note", d.Note)
	}
	return err
}

func deliveriesOf(kept []byte) map[int]Delivery {
	known := map[int]Delivery{}
	_ = json.Unmarshal(kept, &known)
	return known
}

// stopFor keeps the recipient of a step from being written to again, when the report says so.
func (e *Engine) stopFor(ctx context.Context, u Run, step int, r actions.Report) error {
	s := u.Steps[step]
	kind := e.account(cmp.Or(s.Account, s.Action)).Kind
	if r.Stop == "" || kind == nil || kind.Reaches == nil || s.Mode == rules.Redirect {
		return nil
	}
	reached := kind.Reaches(s.Params)
	if len(reached) != 1 {
		return nil
	}
	return e.Suppress(ctx, Suppression{Source: u.Source, Store: u.Store, Channel: reached[0].Channel, Address: reached[0].Address, Why: r.Stop})
}

// knownByNow lets a run go on that is held because nobody knew whether its provider had got the message: the provider's own report is
// the answer.
func (e *Engine) knownByNow(ctx context.Context, u Run, c called, r actions.Report) error {
	if u.State != RunHeld || u.Step != c.Step {
		return nil
	}
	step := &u.Steps[u.Step]
	if step.Outcome != actions.OutcomeUnknown {
		return nil
	}
	now := time.Now()
	step.Outcome, step.Note = actions.OutcomeOK, "the provider's own report says that it has the message: "+r.State
	keepTry(step, Try{At: now.UTC(), Outcome: actions.OutcomeOK, Note: step.Note})
	u.Updated = now
	rule, err := e.ruleOf(&u)
	e.advance(&u, rule, err)
	s := &Save{Run: &u, From: RunHeld}
	return e.committer.commit(ctx, func() {
		if !s.Stale && u.State == RunDue {
			e.offerRun(&u)
		}
	}, s)
}

// WholeRun is [Reader.Run], with what providers told of the run's messages in its steps.
func WholeRun(ctx context.Context, l Reader, id int64) (Run, error) {
	u, err := l.Run(ctx, id)
	if err != nil {
		return u, err
	}
	m, err := l.Memo(ctx, u.Source, u.Store, memoDelivery+strconv.FormatInt(u.ID, 10))
	if errors.Is(err, ErrNone) {
		return u, nil
	}
	for step, d := range deliveriesOf(m.Value) {
		if step >= 0 && step < len(u.Steps) {
			u.Steps[step].Delivery = &d
		}
	}
	return u, err
}

// sweepDeliveries drops what was told of runs that retention has deleted.
func (e *Engine) sweepDeliveries(ctx context.Context) {
	memos, err := e.o.Ledger.Memos(ctx, memoDelivery, time.Time{}, false)
	if err != nil {
		return // next time
	}
	for _, m := range memos {
		if time.Since(m.Updated) < e.o.Retention {
			continue
		}
		id, _ := strconv.ParseInt(strings.TrimPrefix(m.Name, memoDelivery), 10, 64)
		if _, err := e.o.Ledger.Run(ctx, id); !errors.Is(err, ErrNone) {
			continue
		}
		if e.committer.commit(ctx, nil, &Put{Memo: Memo{Source: m.Source, Store: m.Store, Name: m.Name}}) != nil {
			return
		}
	}
}
