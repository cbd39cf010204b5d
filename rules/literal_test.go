package rules_test

import (
	"strings"
	"testing"

	"shopbell/document"
	"shopbell/rules"
)

// What names things, such as the table and columns of a row, is never filled by an event; the values beside it are.
func TestLiteral(t *testing.T) {
	w := realWorld()
	w.Accounts["sql"] = rules.Outlet{Kind: "sql"}
	problems := func(step string) string {
		text := "rules:\n  - name: sync\n    when: order.created\n    then:\n      - sql: " + step + "\n"
		return document.Text(rules.Parse(map[string]string{"r.yaml": text}, w).Problems())
	}
	if got := problems(`{ table: orders, key: id, row: { id: "{{ order.id }}", total: "{{ order.total }}", text: "no {{ order.id }}", items: "{{ order.items }}" } }`); got != "" {
		t.Errorf("a good step is refused:\n%s", got)
	}
	for name, step := range map[string]string{
		"table":      `{ table: "{{ order.id }}", key: id, row: { id: 1 } }`,
		"part":       `{ table: "shop_{{ order.id }}", key: id, row: { id: 1 } }`,
		"key":        `{ table: orders, key: "{{ order.id }}", row: { id: 1 } }`,
		"keys":       `{ table: orders, key: [ "{{ order.id }}" ], row: { id: 1 } }`,
		"key_column": `{ table: orders, key_column: "{{ order.id }}", row: { id: 1 } }`,
		"newer":      `{ table: orders, key: id, newer: "{{ order.id }}", row: { id: 1 } }`,
		"row":        `{ table: orders, key: id, row: "{{ order }}" }`,
		"column":     `{ table: orders, key: id, row: { id: 1, "{{ order.id }}": 1 } }`,
	} {
		if got := problems(step); !strings.Contains(got, "stands in the rule as it is") && !strings.Contains(got, "not in a key") {
			t.Errorf("%s: %s", name, got)
		}
	}
}
