package rules_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"shopbell/rules"
)

// conditionOf writes a condition at random.
func conditionOf(r *rand.Rand, depth int) string {
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	if depth > 0 && r.IntN(3) > 0 {
		switch r.IntN(5) {
		case 0:
			return "not (" + conditionOf(r, depth-1) + ")"
		case 1, 2:
			return "(" + conditionOf(r, depth-1) + " and " + conditionOf(r, depth-1) + ")"
		default:
			return "(" + conditionOf(r, depth-1) + " or " + conditionOf(r, depth-1) + ")"
		}
	}
	status := pick(`"PAID"`, `"CANCELLED"`, `"REFUNDED"`, `"AWAITING_PAYMENT"`)
	switch r.IntN(9) {
	case 0:
		return "order.paymentStatus " + pick("==", "!=") + " " + status
	case 1:
		return "order.paymentStatus " + pick("in", "not in") + " [" + status + ", " + pick(`"PAID"`, `"CANCELLED"`) + pick("", `, "REFUNDED", "AWAITING_PAYMENT"`) + "]"
	case 2:
		return "order.total " + pick("<", "<=", ">", ">=", "==", "!=") + " " + pick("1", "2", "2.0", "3", "-1")
	case 3:
		return pick("1", "2", "3") + " " + pick("<", "<=", ">", ">=", "==", "!=") + " order.total"
	case 4:
		return "order.customerGroup " + pick("==", "!=") + " " + pick(`"A"`, `"B"`, "nil")
	case 5:
		return "order.customerGroup " + pick("in", "not in") + ` ["A", "B"]`
	case 6:
		return "len(order.items) " + pick("<", "<=", ">", ">=", "==") + " " + pick("0", "1", "-1")
	case 7:
		return pick("order.acceptMarketing", "order.acceptMarketing == true", "order.acceptMarketing == false", "order.shippingPerson?.name == \"A\"", "order.shippingPerson.name != \"A\"")
	}
	return pick("true", "false", "1 == 1", "2 < 1", "order.id == order.id", "order.id != order.id", "order.customerGroup == order.id")
}

// ordersOf lists orders with all that the conditions of conditionOf tell apart.
func ordersOf() (all []map[string]any) {
	for _, status := range []string{"PAID", "CANCELLED", "REFUNDED", "AWAITING_PAYMENT"} {
		for _, total := range []any{-1, 0, 1, 1.5, 2, 2.5, 3, 4} {
			for i, group := range []any{nil, "A", "B", "C", "id"} {
				o := map[string]any{"id": "id", "total": total, "paymentStatus": status, "customerGroup": group, "items": []any{}}
				o["acceptMarketing"] = []any{nil, true, false}[(len(all)+i)%3]
				if i%2 == 0 {
					o["items"] = []any{map[string]any{}}
				}
				if len(all)%3 > 0 {
					o["shippingPerson"] = map[string]any{"name": []any{"A", "B"}[len(all)%2]}
				}
				all = append(all, o)
			}
		}
	}
	return all
}

// TestCertain holds that a condition of which the checker says that it is always true, or never, is so for every order:
// that it is never the other, and that the two are told of many conditions.
func TestCertain(t *testing.T) {
	const each = 100
	files := 12
	if slow > 1 {
		files = 4
	}
	r := rand.New(rand.NewPCG(2026, 11))
	said, missed := 0, 0
	for range files {
		var text strings.Builder
		text.WriteString("rules:\n")
		for i := range each {
			fmt.Fprintf(&text, "  - name: r%d\n    when: order.created\n    if: '%s'\n    then: [ log: { message: '%d' } ]\n", i, conditionOf(r, 3), i)
		}
		s := set(t, text.String())
		told := map[int]string{} // by line
		for _, p := range s.Problems() {
			if (p.ID == "always-true" || p.ID == "never-true") && strings.HasPrefix(p.Message, "this condition") {
				told[p.Line] = p.ID
			}
		}
		said += len(told)
		for _, rule := range s.Rules() {
			seen := map[rules.Verdict]bool{}
			for _, o := range ordersOf() {
				seen[rule.Decide(input("order.created", o, nil)).Verdict] = true
			}
			switch says := told[rule.Line+2]; {
			case says == "always-true" && seen[rules.Passes], says == "never-true" && seen[rules.Fires]:
				t.Errorf("%s is %s, and yet %v", rule.Condition, says, seen)
			case says == "" && !seen[rules.Errs] && len(seen) == 1:
				missed++
			}
		}
	}
	t.Logf("of %d conditions, %d are told to be always the same, %d others are so for all orders here", files*each, said, missed)
	if said < 8*files || missed > said/2 {
		t.Errorf("%d are told of, %d are missed", said, missed)
	}
}
