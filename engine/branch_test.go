package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"shopbell/engine"
	"shopbell/rules"
)

// branchRules have every way of a rule beside the straight one.
const branchRules = `
define:
  conditions: { big: order.v >= 100 }
rules:
  - name: parts
    when: order.created
    each: map(1..(order.v % 100), "part " + string(#))
    then:
      - { id: first, probe: { text: "{{ item }}" } }
      - { retry: { first: 1s }, probe: { text: "after {{ steps.first.said }}" } }
  - name: size
    when: order.created
    if: big
    then: [ probe: { text: big } ]
    else: [ { id: s, probe: { text: "small {{ order.v }}" } }, { probe: { text: "{{ steps.s.said }} again" } } ]
`

func TestBranches(t *testing.T) { onEachLedger(t, branches) }

func branches(t *testing.T, newBench maker) {
	b := newBench(t, branchRules)
	b.must(b.post("e1", "order.created", "A", 3))
	b.must(b.post("e2", "order.created", "B", 101))
	b.must(b.post("e3", "order.created", "C", 0))
	b.untilRuns(engine.RunDone, 3+1+1+1+1)
	got := b.provider.texts()
	slices.Sort(got)
	want := []string{"after part 1", "after part 1", "after part 2", "after part 3", "big", "part 1", "part 1", "part 2", "part 3",
		"small 0", "small 0 again", "small 3", "small 3 again"}
	if !slices.Equal(got, want) {
		t.Errorf("sent %q\nwant %q", got, want)
	}
	keys := map[string]bool{}
	for _, c := range b.provider.got() {
		if keys[c.key] {
			t.Errorf("two steps have the key %s", c.key)
		}
		keys[c.key] = true
	}
}

// TestAnItemOfLong has the second step of an item done by another program than the first, after the rule has been changed.
func TestAnItemOfLong(t *testing.T) {
	b := newBench(t, branchRules)
	var tried atomic.Int64
	b.provider.answering(func(_ context.Context, c call) error {
		if strings.HasPrefix(c.text, "after") && tried.Add(1) < 6 {
			return errors.New("busy")
		}
		return nil
	})
	b.must(b.post("e1", "order.created", "A", 2))
	b.until("both have been tried", func() bool { return tried.Load() >= 2 })
	b.stop()
	b.must(b.ledger.Close())
	b.open()
	changed := strings.NewReplacer("part", "piece", "each: map(1..(order.v % 100)", "each: map(1..1").Replace(branchRules)
	b.options.Ledger, b.options.Rules = b.ledger, rules.Parse(map[string]string{"rules.yaml": changed}, b.options.World)
	b.start()
	b.untilRuns(engine.RunDone, 3)
	if got := b.provider.texts(); !slices.Contains(got, "after part 1") || !slices.Contains(got, "after part 2") || strings.Contains(fmt.Sprint(got), "piece") {
		t.Errorf("sent %q", got)
	}
}

func TestTheFirstElseThatCannotBeRendered(t *testing.T) {
	b := newBench(t, `
rules:
  - name: size
    when: order.created
    if: order.v >= 100
    then: [ probe: { text: big } ]
    else: [ probe: { text: "{{ [][order.v] }}" } ]
`)
	b.must(b.post("e1", "order.created", "A", 3))
	u := b.untilRuns(engine.RunDead, 1)[0]
	b.must(b.Retry(t.Context(), u.ID))
	b.until("it is dead again", func() bool {
		again, err := b.ledger.Run(t.Context(), u.ID)
		b.must(err)
		return again.State == engine.RunDead && again.Updated.After(u.Updated) && len(again.Steps) == 1 && again.Steps[0].Else
	})
	if n := len(b.provider.got()); n != 0 {
		t.Errorf("%d things were sent", n)
	}
}

func modeRules(mode string) string {
	return strings.ReplaceAll(`
rules:
  - name: whole
    mode: MODE
    when: order.created
    if: order.v > 5
    then:
      - { id: first, probe: { text: "one {{ order.v }}" } }
      - { if: order.v > 6, fragile: { text: "two {{ steps.first.said }}" } }
`, "MODE", mode)
}

func TestShadowSendsNothing(t *testing.T) { onEachLedger(t, shadowSendsNothing) }

func shadowSendsNothing(t *testing.T, newBench maker) {
	b := newBench(t, modeRules("shadow"))
	b.must(b.post("e1", "order.created", "A", 7))
	u, err := b.ledger.Run(t.Context(), b.untilRuns(engine.RunDone, 1)[0].ID)
	b.must(err)
	if n := len(b.provider.got()); n != 0 {
		t.Errorf("%d things were sent", n)
	}
	var told []string
	for _, s := range u.Steps {
		told = append(told, fmt.Sprintf("%s %s %s %d", s.Params, s.Outcome, s.Mode, len(s.Tries)))
	}
	want := []string{`{"text":"one 7"} skip shadow 0`, `{"text":"two (first.said)"} skip shadow 0`}
	if !slices.Equal(told, want) {
		t.Errorf("kept %q, want %q", told, want)
	}
}

func TestRedirect(t *testing.T) {
	for to, want := range map[string][]string{
		`{ redirect: me@example.com }`:                                      {"to me@example.com: one 7", "to me@example.com: two to me@example.com: one 7"},
		`{ redirect: { probe: me@example.com } }`:                           {"to me@example.com: one 7"},
		`{ redirect: nobody }`:                                              nil,
		`{ redirect: { fragile: you@example.com } }`:                        {"to you@example.com: two (first.said)"},
		`{ redirect: { probe: me@example.com, fragile: you@example.com } }`: {"to me@example.com: one 7", "to you@example.com: two to me@example.com: one 7"},
	} {
		t.Run(to, func(t *testing.T) {
			b := newBench(t, modeRules(to))
			b.must(b.post("e1", "order.created", "A", 7))
			b.untilRuns(engine.RunDone, 1)
			if got := b.provider.texts(); !slices.Equal(got, want) {
				t.Errorf("sent %q, want %q", got, want)
			}
		})
	}
}

func TestRuleThatStopsOnError(t *testing.T) { onEachLedger(t, ruleThatStopsOnError) }

func ruleThatStopsOnError(t *testing.T, newBench maker) {
	text := `
rules:
  - { name: plain, when: order.created, then: [ probe: { text: plain } ] }
  - { name: strict, on_error: POLICY, when: order.created, if: "[true][order.v]", then: [ probe: { text: strict } ] }
`
	for policy, state := range map[string]engine.EventState{"skip": engine.EventPlanned, "stop": engine.EventFailed} {
		b := newBench(t, strings.ReplaceAll(text, "POLICY", policy))
		b.must(b.post("e1", "order.created", "A", 1))
		e := b.untilEvents(state, 1)[0]
		if !strings.Contains(e.Note, "rule strict could not be decided: rules.yaml:4:") || !strings.Contains(e.Note, "is shorter than that") {
			t.Errorf("%s: the note is %q", policy, e.Note)
		}
		if policy == "skip" {
			b.untilRuns(engine.RunDone, 1)
			continue
		}
		b.source.set("A", 0) // what the rule can be asked of
		b.must(b.Replay(t.Context(), e.Seq))
		b.untilRuns(engine.RunDone, 2)
	}
}
