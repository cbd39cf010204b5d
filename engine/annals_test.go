package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"shopbell/engine"
	"shopbell/rules"
)

// told explains one event by what is in the ledger, and gives what each rule said of it then.
func (b *bench) told(seq int64) string {
	b.Helper()
	story, err := b.Explain(context.Background(), engine.Question{Event: fmt.Sprint(seq)})
	b.must(err)
	var words []string
	for _, r := range story.Events[0].Rules {
		words = append(words, r.ID+" "+r.Then)
	}
	return strings.Join(words, ", ")
}

// untilKnown waits until the annals have what a rule says today.
func (b *bench) untilKnown(rule, revision string) {
	b.Helper()
	b.until("written down", func() bool {
		memos, err := b.ledger.Memos(context.Background(), "rules/", time.Time{}, true)
		b.must(err)
		for _, m := range memos {
			if strings.Contains(string(m.Value), `"`+rule+`":`) && strings.Contains(string(m.Value), revision) {
				return true
			}
		}
		return false
	})
}

// untilAway waits until the annals say last of a rule that it was taken away, untilBack that it was not.
func (b *bench) untilAway(rule string) {
	b.until("taken away", func() bool { return b.lastMark(rule) == "" })
}
func (b *bench) untilBack(rule string) {
	b.until("read again", func() bool { return b.lastMark(rule) != "" })
}

func (b *bench) lastMark(rule string) string {
	b.Helper()
	memos, err := b.ledger.Memos(context.Background(), "rules/", time.Time{}, true)
	b.must(err)
	for _, m := range memos {
		var marks map[string][]struct{ R string }
		if json.Unmarshal(m.Value, &marks) == nil && len(marks[rule]) > 0 {
			return marks[rule][len(marks[rule])-1].R
		}
	}
	return "none"
}

func ruleOf(name, condition string) string {
	return "  - { name: " + name + ", when: order.updated, if: '" + condition + "', then: [{ probe: { text: x } }] }\n"
}

// Rules that were there, rules that came later, and rules that were changed meanwhile are told apart, also by the next
// process, and by one that has never seen the event.
func TestAnnals(t *testing.T) { onEachLedger(t, annalsOfRules) }

func annalsOfRules(t *testing.T, newBench maker) {
	first := "rules:\n" + ruleOf("old", "order.v > 5") + ruleOf("turned", "order.v > 5")
	b := newBench(t, first)
	load := func(text string) *rules.Set {
		return rules.Parse(map[string]string{"rules.yaml": text}, b.options.World)
	}
	b.untilKnown("turned", load(first).Rules()[1].Revision)
	b.must(b.post("e1", "order.updated", "A", 1))
	seq := b.untilEvents(engine.EventUnmatched, 1)[0].Seq
	if got := b.told(seq); got != "old passed, turned passed" {
		t.Errorf("at first: %s", got)
	}
	second := load("rules:\n" + ruleOf("old", "order.v > 5") + ruleOf("turned", "order.v > 6") + ruleOf("new", "order.v > 7"))
	b.Use(second)
	b.untilKnown("new", second.Rules()[2].Revision)
	if got := b.told(seq); got != "old passed, turned passed, new absent" {
		t.Errorf("after a reload: %s", got)
	}
	b.stop()
	b.options.Rules = load("rules:\n" + ruleOf("old", "order.v > 5") + ruleOf("newest", "order.v > 8"))
	b.start()
	b.untilKnown("newest", b.options.Rules.Rules()[1].Revision)
	if got := b.told(seq); got != "old passed, newest absent" {
		t.Errorf("after a start with other rules: %s", got)
	}
	b.must(b.post("e2", "order.updated", "A", 2))
	b.untilEvents(engine.EventUnmatched, 2)
	if got := b.told(seq + 1); got != "old passed, newest passed" {
		t.Errorf("of a later event: %s", got)
	}
	for _, revived := range []bool{false, true} { // taken away by a reload, and by a start without it
		away := load("rules:\n" + ruleOf("old", "order.v > 5"))
		back := load("rules:\n" + ruleOf("old", "order.v > 5") + ruleOf("newest", "order.v > 8"))
		if revived {
			b.stop()
			b.options.Rules = away
			b.start()
		} else {
			b.Use(away)
		}
		b.untilAway("newest")
		b.must(b.post(fmt.Sprint("without", revived), "order.updated", "B", 1))
		seq := b.untilEvents(engine.EventUnmatched, 3+map[bool]int{true: 1}[revived])[0].Seq
		b.Use(back)
		b.untilBack("newest")
		if got := b.told(seq); got != "old passed, newest absent" {
			t.Errorf("of an event while a rule was taken away: %s", got)
		}
	}
	story, err := b.Explain(t.Context(), engine.Question{Subject: "order/A"})
	b.must(err)
	if n := len(story.Events); n != 2 || story.Events[0].Record.Seq != seq {
		t.Errorf("%d events of the subject, from %d", n, story.Events[0].Record.Seq)
	}
}

// Of an event that came before anybody wrote down which rules there are, nobody says that a rule was not there.
func TestAnnalsOfAnOlderLedger(t *testing.T) {
	b := newBench(t, "rules:\n"+ruleOf("old", "order.v > 5"))
	b.untilKnown("old", "")
	b.must(b.post("e1", "order.updated", "A", 1))
	seq := b.untilEvents(engine.EventUnmatched, 1)[0].Seq
	b.stop()
	memos, err := b.ledger.Memos(t.Context(), "rules/", time.Time{}, false)
	b.must(err)
	for _, m := range memos {
		b.must(b.ledger.Commit(t.Context(), []engine.Change{&engine.Put{Memo: engine.Memo{Name: m.Name}}}))
	}
	if got := b.told(seq); got != "old unknown" {
		t.Errorf("without annals: %s", got)
	}
	b.start()
	b.untilKnown("old", "")
	if got := b.told(seq); got != "old unknown" {
		t.Errorf("with annals that were begun later: %s", got)
	}
}

func TestMisasked(t *testing.T) {
	b := newBench(t, threeRules)
	for want, q := range map[string]engine.Question{
		"nothing is asked":                {},
		"more than one":                   {Event: "1", Subject: "order/A"},
		`there is no rule "nobody"`:       {Event: "1", Rule: "nobody"},
		"at least 5 characters":           {Recipient: "ann"},
		"from 1 to 100":                   {Event: "1", Limit: 101},
		`there is no source ""`:           {Given: &engine.Given{}},
		"there is no such entry":          {Event: "none"},
		engine.ErrNone.Error():            {Subject: "order/none"},
		`no source "x"`:                   {Given: func() *engine.Given { g := new(engine.Given); g.Source = "x"; return g }()},
		`has no event type "order.moved"`: {Given: func() *engine.Given { g := new(engine.Given); g.Source, g.Type = "shop", "order.moved"; return g }()},
		"entity: the JSON is wrong": {Given: func() *engine.Given {
			g := &engine.Given{Entity: []byte("x")}
			g.Source, g.Type = "shop", "order.created"
			return g
		}()},
	} {
		_, err := b.Explain(t.Context(), q)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", q, err, want)
		}
		if _, misasked := errors.AsType[*engine.Misasked](err); misasked == errors.Is(err, engine.ErrNone) {
			t.Errorf("%+v: %T", q, err)
		}
	}
}

// With very many rules on one type the answer stays short, and comes soon.
func TestExplainManyRules(t *testing.T) {
	var text strings.Builder
	text.WriteString("rules:\n")
	const many = 5000
	for i := range many {
		text.WriteString(ruleOf(fmt.Sprintf("r%d", i), fmt.Sprintf(`order.v == %d and order.id != "x" and order.v > 0`, i)))
	}
	b := newBench(t, text.String())
	b.must(b.post("e1", "order.updated", "A", many-1))
	b.untilRuns(engine.RunDone, 1)
	began := time.Now()
	story, err := b.Explain(t.Context(), engine.Question{Event: "1"})
	b.must(err)
	one := story.Events[0]
	if len(one.Rules) > 100 || one.More+len(one.Rules) != many || one.Rules[0].ID != fmt.Sprintf("r%d", many-1) || one.Rules[0].Then != engine.ThenFired {
		t.Errorf("%d rules are told of, %d more; the first is %s %s", len(one.Rules), one.More, one.Rules[0].ID, one.Rules[0].Then)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	t.Logf("%d rules were explained in %s", many, time.Since(began))
}
