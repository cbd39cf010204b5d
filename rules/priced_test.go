package rules

import "testing"

// TestEveryDearFunctionHasItsPrice holds that what [guard] takes out of expr's hands is priced, and the other way round; and that
// every function of expr that goes through a text or a list is one of them.
func TestEveryDearFunctionHasItsPrice(t *testing.T) {
	cheap := map[string]bool{"first": true, "last": true, "take": true, "type": true, "abs": true, "ceil": true, "floor": true, "round": true,
		"bitand": true, "bitor": true, "bitxor": true, "bitnand": true, "bitshl": true, "bitshr": true, "bitushr": true, "bitnot": true,
		"count": true, "sum": true} // the last two are weighed, or loops
	priced := prices()
	for name, f := range builtins() {
		_, has := priced[name]
		if has != dear(name) || !has && !cheap[name] && !f.loop {
			t.Errorf("%s: priced %v, dear %v", name, has, dear(name))
		}
	}
	for name := range priced {
		if _, known := builtins()[name]; !known {
			t.Errorf("%s has a price and does not exist for rules", name)
		}
	}
}
