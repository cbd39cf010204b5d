package rules_test

import (
	"slices"
	"strings"
	"testing"

	"shopbell/document"
	"shopbell/rules"
)

// TestFields holds what of the entity a rule says that it reads, wherever in the rule it does.
func TestFields(t *testing.T) {
	for rule, want := range map[string]string{
		`then: [ log: { message: x } ]`:                                                                                 "",
		`then: [ log: { message: "{{ event.data.total }} {{ store.name }}" } ]`:                                         "",
		"if: order.total > 5 and was?.email == nil\n    then: [ log: { message: x } ]":                                  "email total",
		"if: any(order.items, .sku == \"x\")\n    then: [ log: { message: x } ]":                                        "items",
		"if: 'order[\"total\"] > 5'\n    then: [ log: { message: x } ]":                                                 "total",
		"if: let o = order; o.total > 5\n    then: [ log: { message: x } ]":                                             "whole",
		"if: len(keys(order)) > 5\n    then: [ log: { message: x } ]":                                                   "whole",
		"if: order == was\n    then: [ log: { message: x } ]":                                                           "whole",
		"if: order[event.data.field] == 1\n    then: [ log: { message: x } ]":                                           "whole",
		"each: order.items\n    then: [ log: { message: \"{{ item.sku }}\" } ]":                                         "items",
		"then:\n      - log: { message: x }\n        if: order.paymentStatus == \"PAID\"":                               "paymentStatus",
		"then: [ log: { message: \"{{ order.email }} {{ was?.total }}\" } ]":                                            "email total",
		"then: [ http: { url: \"https://example.com\", json: { a: \"{{ order }}\" } } ]":                                "whole",
		"if: order.total > 5\n    then: [ log: { message: x } ]\n    else: [ log: { message: \"{{ order.email }}\" } ]": "email total",
		"then: [ email: { to: \"{{ order.email }}\", subject: x, template: order.html } ]":                              "email id total",
		"then:\n      - email: { to: a@example.com, subject: Hi, text: Hello }\n        marketing: true":                "acceptMarketing",
	} {
		s := rules.Parse(map[string]string{"r.yaml": "rules:\n  - name: r\n    when: order.updated\n    " + rule,
			"order.html": "{{ if .order.total }}{{ .order.id }}{{ end }}"}, world())
		if wrong, _ := document.Split(s.Problems()); len(wrong) > 0 {
			t.Errorf("%s: %s", rule, document.Text(wrong))
			continue
		}
		fields, whole := s.Rules()[0].Fields()
		got := strings.Join(slices.Sorted(slices.Values(fields)), " ")
		if whole {
			got = "whole"
		}
		if got != want {
			t.Errorf("%s\nreads %q, want %q", rule, got, want)
		}
	}
}
