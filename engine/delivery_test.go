package engine_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/engine"
	"shopbell/virtualtime"
)

// reports tells what a provider does, at the address that it was given with a call.
func (b *bench) reports(c call, body string) error {
	b.Helper()
	u, err := url.Parse(c.tell)
	b.must(err)
	account := strings.TrimPrefix(u.Path, "/callbacks/")
	return b.Reported(context.Background(), account, u.Query().Get("d"), u.RequestURI(), actions.Notice{Body: []byte(body)})
}

func (b *bench) delivery(run int64) engine.Delivery {
	b.Helper()
	u, err := engine.WholeRun(context.Background(), b.ledger, run)
	b.must(err)
	if d := u.Steps[0].Delivery; d != nil {
		return *d
	}
	return engine.Delivery{}
}

// TestDelivery holds that what a provider tells later is kept with the run, in whatever order it comes, and that nobody else can tell.
func TestDelivery(t *testing.T) { onEachLedger(t, delivery) }

func delivery(t *testing.T, newBench maker) {
	b := newBench(t, `rules: [{ name: tell, when: order.created, then: [{ probe: { text: "hello ann@b.example" } }] }]`, public(t))
	b.must(b.post("e1", "order.created", "A", 1))
	u := b.untilRuns(engine.RunDone, 1)[0]
	c := b.provider.got()[0]
	if len(c.tell) > 300 || !strings.HasPrefix(c.tell, "https://bell.example/callbacks/probe?d=") {
		t.Fatalf("the address is %q", c.tell)
	}
	if got := b.delivery(u.ID); got.State != "" {
		t.Errorf("before any report: %+v", got)
	}
	if err := b.reports(c, "forged"); !errors.Is(err, actions.ErrForged) {
		t.Errorf("a forged report: %v", err)
	}
	if err := b.reports(c, ""); !errors.Is(err, actions.ErrUnreadable) {
		t.Errorf("an odd report: %v", err)
	}
	for _, wrong := range []call{{tell: "/callbacks/other?" + strings.SplitN(c.tell, "?", 2)[1]}, {tell: c.tell[:len(c.tell)-3]}, {tell: "/callbacks/probe"}} {
		if err := b.reports(wrong, "delivered"); !errors.Is(err, engine.ErrCallback) {
			t.Errorf("%s: %v", wrong.tell, err)
		}
	}
	for _, step := range [][2]string{{"sent", "sent"}, {"delivered", "delivered"}, {"sent", "delivered"}, {"failed", "delivered"}} {
		b.must(b.reports(c, step[0]))
		if got := b.delivery(u.ID); got.State != step[1] || got.At.IsZero() {
			t.Errorf("after %s: %+v", step[0], got)
		}
	}
	if len(b.suppressed()) != 0 {
		t.Error("somebody is not written to")
	}
	b.must(b.post("e2", "order.created", "B", 1))
	b.untilRuns(engine.RunDone, 2)
	b.must(b.reports(b.provider.got()[1], "undelivered: nobody has that number"))
	if got := b.suppressed(); len(got) != 1 || got[0].Address != "ann@b.example" || got[0].Why != "nobody has that number" {
		t.Errorf("suppressed: %+v", got)
	}
}

// TestAReportAnswersWhatNobodyKnew holds that a run which is held, because its answer was lost, goes on when the provider itself tells
// that it has the message.
func TestAReportAnswersWhatNobodyKnew(t *testing.T) {
	onEachLedger(t, func(t *testing.T, newBench maker) {
		b := newBench(t, `rules: [{ name: tell, when: order.created, then: [{ fragile: { text: first } }, { fragile: { text: second } }] }]`, public(t))
		b.provider.answering(func(_ context.Context, c call) error {
			if c.text == "first" {
				return actions.Unknown(errors.New("the answer was lost"))
			}
			return nil
		})
		b.must(b.post("e1", "order.created", "A", 1))
		b.untilRuns(engine.RunHeld, 1)
		b.must(b.reports(b.provider.got()[0], "sent"))
		u := b.untilRuns(engine.RunDone, 1)[0]
		u, err := b.ledger.Run(t.Context(), u.ID)
		b.must(err)
		if s := u.Steps[0]; s.Outcome != actions.OutcomeOK || len(s.Tries) != 2 || !strings.Contains(s.Note, "own report") {
			t.Errorf("%+v", s)
		}
		if texts := b.provider.texts(); len(texts) != 2 {
			t.Errorf("sent %q", texts)
		}
	})
}

// TestDeliveriesGoWithTheirRuns holds that retention takes them.
func TestDeliveriesGoWithTheirRuns(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		b := newBench(t, threeRules, public(t), func(o *engine.Options) { o.Retention = 24 * time.Hour })
		b.postMany(0, 1)
		b.untilRuns(engine.RunDone, 1)
		b.must(b.reports(b.provider.got()[0], "delivered"))
		memos := func() int {
			all, err := b.ledger.Memos(context.Background(), "delivery/", time.Time{}, false)
			b.must(err)
			return len(all)
		}
		time.Sleep(20 * time.Hour)
		if memos() != 1 {
			t.Error("it is gone before its run")
		}
		time.Sleep(10 * time.Hour)
		if n, left := len(b.runs("")), memos(); n != 0 || left != 0 {
			t.Errorf("%d runs and %d deliveries are left", n, left)
		}
	})
}
