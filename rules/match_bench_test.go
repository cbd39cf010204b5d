package rules_test

import (
	"fmt"
	"strings"
	"testing"

	"shopbell/rules"
)

// listening is a set of n rules on one event type, of which one fires.
func listening(b *testing.B, n int, condition func(i int) string) *rules.Set {
	b.Helper()
	var text strings.Builder
	text.WriteString("rules:\n")
	for i := range n {
		fmt.Fprintf(&text, "  - { name: r%d, when: order.created, if: '%s', then: [ log: { message: x } ] }\n", i, condition(i))
	}
	return set(b, text.String())
}

func benchmarkMatch(b *testing.B, condition func(i int) string) {
	for _, n := range []int{1, 100, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := listening(b, n, condition)
			in := input("order.created", order(nil), nil)
			b.ReportAllocs()
			for b.Loop() {
				if made := s.Match(in); len(made) != 1 {
					b.Fatalf("%d fire", len(made))
				}
			}
		})
	}
}

// The condition of the speed test: two clauses on the claim.
func BenchmarkMatchClaim(b *testing.B) {
	benchmarkMatch(b, func(i int) string {
		return fmt.Sprintf(`event.data.total > 100 && event.data.paymentStatus == "%s"`, []string{"PAID", "OTHER"}[min(i, 1)])
	})
}

// One equality on the entity.
func BenchmarkMatchEqual(b *testing.B) {
	benchmarkMatch(b, func(i int) string {
		return fmt.Sprintf(`order.customerGroup == "%s"`, []string{"VIP", "OTHER"}[min(i, 1)])
	})
}

// A loop over the lines of an order.
func BenchmarkMatchAny(b *testing.B) {
	benchmarkMatch(b, func(i int) string {
		return fmt.Sprintf(`any(order.items, .sku == "%s")`, []string{"HW-2", "OTHER"}[min(i, 1)])
	})
}

func BenchmarkRender(b *testing.B) {
	s := set(b, `rules: [ { name: r, when: order.created, then: [ http: { url: "https://example.com", json: { text: "Order {{ event.data.orderId }} of {{ event.data.total }}" } } ] } ]`)
	r, in := s.Rules()[0], input("order.created", order(nil), nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Render(rules.Branch{}, 0, in, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNeed(b *testing.B) {
	s := listening(b, 100, func(int) string { return `order.total > 5` })
	for b.Loop() {
		if !s.Need("ecwid", "1003", "order.created").Listens {
			b.Fatal("nobody listens")
		}
	}
}

// A merchant's usual rule, a thousand times.
func BenchmarkLoad1000(b *testing.B) {
	var text strings.Builder
	text.WriteString("rules:\n")
	for i := range 1000 {
		fmt.Fprintf(&text, `  - name: r%d
    when: [order.created, order.updated]
    if: became(order.paymentStatus, was?.paymentStatus, "PAID") and order.total >= %d
    then:
      - slack: { channel: "#sales", text: "{{ order.id }}: {{ money(order.total) }} from {{ order.shippingPerson?.name ?? order.email }}" }
`, i, i)
	}
	files, w := map[string]string{"r.yaml": text.String()}, world()
	b.ReportAllocs()
	for b.Loop() {
		if s := rules.Parse(files, w); len(s.Rules()) != 1000 {
			b.Fatal(s.Problems())
		}
	}
}
