package rules_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"shopbell/rules"
)

// TestFilledInIsRead holds that rules alike, of which most are filled in, are what each of them is when it is read alone: what is wrong
// with it, what is made of it, and where it fails. Constants are chosen to be equal, of another kind, unlike plain ones, and wrong.
func TestFilledInIsRead(t *testing.T) {
	constants := []string{`"x"`, `"y"`, `"z1"`, `'q'`, `"VIP"`, `"PAID"`, `"PAYED"`, `"HW-2"`, `"SW-1"`, `"K8XTQ"`, `"a?.b"`, `"é"`, `"a\"b"`, `""`, `"(("`, `"` + strings.Repeat("l", 250) + `"`, "`raw`", `"# //"`,
		`1`, `2`, `3`, `100`, `250.5`, `1.0`, `0`, `-1`, `1e3`, `0x1F`, `12345678901`, `007`, `1_0`, `.5`, `nil`, `true`, `4000000000`}
	shapes := []string{
		`order.customerGroup == $`, `order.customerGroup == $ and order.total > @`, `order.total>@ and order.total<@`, `order.total > @ or order.total <= @`, `$ == order.customerGroup or order.email != $`,
		`order.customerGroup in [$, $]`, `order.total in [@, @] and order.id == $`, `not (order.customerGroup == $)`, `any(order.items, .sku == $ and .quantity > @)`,
		`any(order.items, .sku == $) or not any(order.items, .sku == $)`, `order.paymentStatus == $ and order.id == $`, `order.paymentStatus in [$, $] or order.email == $`,
		`became(order.paymentStatus, was?.paymentStatus, $) and event.data.orderId == $`, `len(order.items) > @ and order.customerGroup == $`, `(order.customerGroup ?? $) == $`,
		`order.customerGroup contains $ and order.customerGroup != $`, `order.extraFields[$] == $`, `order.extraFields?.gift == $ and order.extraFields.gift != $`, `event.data.a == $ and event.data?.b.c in [$, $, $]`,
		`filter(order.items, .sku == $)[0].name == $`, `filter(order.items, .sku == $) != nil and order.id == $`, `order.total + @ > @`, `order.total > -@ and order.id == $`, `let v = $; order.id == v or order.email == $`, `order.id == $ ? order.total > @ : order.total < @`,
		`order.id == $ /* $ */`, `order.items[@].sku == $`, `$ in order.items`, `order.id == $ and order.ordr == $`, `order.id == $ and $ == $`, `any(order.items, any(order.items, .sku == $) and .name == $)`,
	}
	random := rand.New(rand.NewPCG(3, 4))
	in := []*rules.Input{input("order.created", order(nil), nil), input("order.created", nil, nil)}
	filled, all := 0, 0
	for _, shape := range shapes {
		var conditions []string
		for range 60 {
			c := shape
			for at := strings.IndexAny(c, "$@"); at >= 0; at = strings.IndexAny(c, "$@") {
				constant := constants[random.IntN(len(constants))]
				if plain := random.IntN(4) > 0; plain && c[at] == '$' {
					constant = fmt.Sprintf("%q", fmt.Sprint("x", random.IntN(20)))
				} else if plain {
					constant = fmt.Sprint(random.IntN(20))
				}
				c = c[:at] + constant + c[at+1:]
			}
			conditions = append(conditions, c)
		}
		file := func(conditions []string, from int) string {
			text := "rules:\n"
			for i, c := range conditions {
				text += fmt.Sprintf("  - name: r%d\n    when: order.created\n    if: >-\n     %s\n    then: [ log: { message: \"{{ order.extraFields?.gift }}\" } ]\n", from+i, c)
			}
			return text
		}
		files := []string{file(conditions, 0)}
		for i, c := range conditions {
			files = append(files, file([]string{c}, i))
		}
		read := rules.ReadEach(fuzzWorld(), files...)
		together := read[0]
		filled, all = filled+together.Filled, all+len(conditions)
		for i, c := range conditions {
			alone := read[i+1]
			if got, want := together.Told(2+5*i, 6+5*i), alone.Told(2, 6); !reflect.DeepEqual(got, want) {
				t.Fatalf("%s:\n%v, alone\n%v", c, got, want)
			}
			got, want := together.Rules[i], alone.Rules[0]
			if !reflect.DeepEqual(got.Made(), want.Made()) {
				t.Fatalf("%s:\n%v, alone\n%v", c, got.Made(), want.Made())
			}
			if len(want.Made()) == 0 {
				continue
			}
			for _, in := range in {
				if got, want := told(got.Decide(in)), told(want.Decide(in)); strings.ReplaceAll(got, fmt.Sprintf("r.yaml:%d:", 5*i+5), "r.yaml:5:") != want {
					t.Fatalf("%s\nalone %s", got, want)
				}
			}
		}
	}
	if filled < all/6 {
		t.Errorf("of %d conditions %d were filled in", all, filled)
	}
}

// Where a merchant's other program writes rules, all conditions but the first are filled in, and those of which there is something to tell:
// a fifth of the mixed ones ask for what was of what is new.
func TestAlikeAreFilledIn(t *testing.T) {
	for _, w := range workloads() {
		for _, text := range many(200, w.condition) {
			if read := rules.ReadEach(fuzzWorld(), text)[0]; len(read.Rules) != 200 || read.Filled < 150 {
				t.Errorf("%s: of %d conditions %d were filled in", w.name, len(read.Rules), read.Filled)
			}
		}
	}
}
