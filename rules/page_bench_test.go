package rules_test

import (
	"testing"

	"shopbell/rules"
)

// benchPage is a confirmation of an order, as stores send it.
const benchPage = `{{ template "l" . }}{{ define "content" }}<p>Dear {{ or .order.shippingPerson.name "customer" }},</p>
<table>{{ range .order.items }}<tr><td>{{ .name }}</td><td>{{ .quantity }}</td><td>{{ money .price }}</td></tr>{{ end }}</table>
<p>{{ money .order.total }}</p>{{ with .order.orderComments }}<p>{{ lineBreaks . }}</p>{{ end }}<a href="https://example.com/?id={{ .order.id }}">See it</a>{{ end }}`

// BenchmarkPageFill is one message of two lines.
func BenchmarkPageFill(b *testing.B) {
	s := rules.Parse(templated(map[string]string{"order.html": benchPage, "templates/layouts/l.html": `<body>{{ template "content" . }} {{ .store.name }}</body>`}), world())
	in := input("order.created", order(nil), nil)
	for b.Loop() {
		if _, err := s.Rules()[0].Render(rules.Branch{}, 0, in, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPageLoad is one rule with that template.
func BenchmarkPageLoad(b *testing.B) {
	files := templated(map[string]string{"order.html": benchPage, "templates/layouts/l.html": `<body>{{ template "content" . }} {{ .store.name }}</body>`})
	w := world()
	for b.Loop() {
		if s := rules.Parse(files, w); len(s.Rules()) != 1 {
			b.Fatal(s.Problems())
		}
	}
}
