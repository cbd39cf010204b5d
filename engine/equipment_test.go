package engine

import (
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/rules"
)

// TestEquipKeepsTurns holds that an account whose rate stays goes on with the turns that it had: a change of some plugin must not let
// a provider be called twice at once.
func TestEquipKeepsTurns(t *testing.T) {
	slow, other := Account{Limit: actions.Limit{Rate: 1}}, Account{Limit: actions.Limit{Rate: 5}}
	e := New(Options{Accounts: map[string]Account{"a": slow, "b": slow, "gone": slow}, World: rules.World{}})
	a, b, d := e.pacer("a"), e.pacer("b"), e.departure("a")
	changed, stop := e.Changes()
	defer stop()
	e.Equip(map[string]Account{"a": slow, "b": other, "c": other}, rules.World{Default: "x"})
	if e.pacer("a") != a || e.departure("a") != d {
		t.Error("the turns of an account begin anew")
	}
	if e.pacer("b") == b || e.pacer("b").interval > 300*time.Millisecond {
		t.Error("an account keeps a rate that it has not any more")
	}
	if e.pacer("gone") != nil || e.pacer("c") == nil || e.atOnce("c") != 20 {
		t.Error("what is there is not what was given")
	}
	if len(changed) != 1 {
		t.Error("pages are not told")
	}
	if e.outfitting.Load().world.Default != "x" {
		t.Error("the world is the old one")
	}
}
