package rules_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"shopbell/event"
	"shopbell/rules"
)

// evaluate gives what an expression gives inside a text, in a store.
func evaluate(t *testing.T, code string, store event.Store) string {
	t.Helper()
	out, err := attempt(t, code, store)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// attempt evaluates an expression that may fail.
func attempt(t *testing.T, code string, store event.Store) (string, error) {
	t.Helper()
	quoted, err := json.Marshal("a{{ " + code + " }}")
	if err != nil {
		t.Fatal(err)
	}
	s := set(t, "rules:\n  - { name: r, when: order.created, then: [ log: { message: "+string(quoted)+" } ] }\n")
	in := input("order.created", order(nil), nil)
	in.Store = store
	in.Event.Created = in.Event.Created.Local() // as time.Unix leaves it
	in.Data = map[string]any{
		"text": "12.50", "words": "a few", "list": []any{1}, "yes": true, "zero": 0, "phone": "0171 2345678",
		"note": "Tom & <b>\n<!channel>", "long": strings.Repeat("a", 1<<19), "at": "2026-11-20 23:30:00 +0000", "object": map[string]any{"b": 1},
	}
	out, err := s.Rules()[0].Render(rules.Branch{}, 0, in, nil)
	if err != nil {
		return "", err
	}
	var params struct{ Message string }
	if err := json.Unmarshal(out.Params, &params); err != nil {
		t.Fatal(err)
	}
	return params.Message[1:], nil
}

// Every example of the documentation gives what the documentation says.
func TestFunctionExamples(t *testing.T) {
	shop := event.Store{Currency: "EUR", Timezone: "Europe/Berlin", Language: "en", Country: "DE"}
	seen := map[string]bool{}
	for _, f := range slices.Concat(rules.Functions(), rules.Builtins(), rules.Methods()) {
		for _, e := range f.Examples {
			if got := evaluate(t, e.Code, shop); got != e.Gives {
				t.Errorf("%s gives %q, documented as %q", e.Code, got, e.Gives)
			}
			if !strings.Contains(e.Code, f.Name+"(") {
				t.Errorf("an example of %s does not call it: %s", f.Name, e.Code)
			}
		}
		if seen[f.Name] || f.Doc == "" || len(f.Examples) == 0 || f.Group == "" || !strings.HasPrefix(f.Signature, f.Name+"(") {
			t.Errorf("%s is not documented as it should be: %+v", f.Name, f)
		}
		if !strings.HasSuffix(strings.TrimRight(f.Doc, "\")"), ".") && !strings.HasSuffix(f.Doc, "…") {
			t.Errorf("the documentation of %s is not made of sentences", f.Name)
		}
		seen[f.Name] = true
	}
}

func TestMoney(t *testing.T) {
	nbsp, thin := "\u00a0", "\u202f"
	for _, test := range []struct{ currency, language, code, want string }{
		{"EUR", "en", "money(1234.5)", "€1,234.50"},
		{"EUR", "en", "money(-1234567.891)", "-€1,234,567.89"},
		{"EUR", "de", "money(1234.5)", "1.234,50" + nbsp + "€"},
		{"EUR", "de_AT", "money(1234.5)", "€" + nbsp + "1.234,50"},
		{"CHF", "de-CH", "money(1234.5)", "CHF" + nbsp + "1’234.50"},
		{"EUR", "fr", "money(1234.5)", "1" + thin + "234,50" + nbsp + "€"},
		{"EUR", "nl", "money(5)", "€" + nbsp + "5,00"},
		{"PLN", "pl", "money(1234.5)", "1" + nbsp + "234,50" + nbsp + "zł"},
		{"RUB", "ru", "money(999.999)", "1" + nbsp + "000,00" + nbsp + "₽"},
		{"JPY", "ja", "money(1234.5)", "¥1,235"},
		{"KWD", "en", "money(1.0005)", "KWD" + nbsp + "1.001"},
		{"USD", "en", "money(1.005)", "$1.01"},
		{"USD", "en", "money(-0.001)", "$0.00"},
		{"USD", "en", "money(0.1+0.2)", "$0.30"},
		{"USD", "en", "money(5, \"gbp\")", "£5.00"},
		{"CHF", "en", "money(5)", "CHF" + nbsp + "5.00"},
		{"BRL", "pt-BR", "money(1234.5)", "R$" + nbsp + "1.234,50"},
		{"", "", "money(1234.5)", "1,234.50"},
	} {
		if got := evaluate(t, test.code, event.Store{Currency: test.currency, Language: test.language}); got != test.want {
			t.Errorf("%s in %s, %s: %q, want %q", test.code, test.currency, test.language, got, test.want)
		}
	}
}

func TestDay(t *testing.T) {
	for _, test := range []struct{ zone, code, want string }{
		{"Europe/Berlin", `day(event.created)`, "21 November 2026"},
		{"America/New_York", `day(event.created, "2006-01-02 15:04 MST")`, "2026-11-20 18:30 EST"},
		{"", `day("2026-11-20 23:30:00 +0000")`, "20 November 2026"},
		{"No/Such", `day("2026-11-20")`, "20 November 2026"},
		{"Europe/Berlin", `day("2026-07-01", "2 Jan 15:04")`, "1 Jul 00:00"},
		{"Europe/Berlin", `day(1795303800)`, "22 November 2026"},
		{"Asia/Tokyo", `day("1795303800", "15:04")`, "08:30"},
	} {
		if got := evaluate(t, test.code, event.Store{Timezone: test.zone}); got != test.want {
			t.Errorf("%s in %s: %q, want %q", test.code, test.zone, got, test.want)
		}
	}
}

func TestTextFunctions(t *testing.T) {
	for code, want := range map[string]string{
		`plural(1, "item", "items") + plural(0, "item", "items") + plural(1.5, "a", "b")`: "itemitemsb",
		`join(["a", 1, true, 2.50])`:                        "a1true2.5",
		`order.items | map(.sku) | join(" + ")`:             "SW-1 + HW-2",
		`join([1, 2, 2, 1.0] | uniq(), ",")`:                "1,2",
		`string(order.total) + "!"`:                         "250.5!",
		`replace("aXbX", "X", "")`:                          "ab",
		`repeat("ab", 2)`:                                   "abab",
		`upper(trim("  a "))`:                               "A",
		`html("<a href='x'>")`:                              "&lt;a href=&#39;x&#39;&gt;",
		`order.items[0].name ?? "none"`:                     "Tea",
		`order.total > 5 ? "big" : "small"`:                 "big",
		`event.created.Format("2006")`:                      "2026",
		`join(sortBy(order.items, .price) | map(.name))`:    "TeaPot <large>",
		`split("a,b", ",")[1]`:                              "b",
		`join(keys({"a": 1}))`:                              "a",
		`let n = len(order.items); n * 2`:                   "4",
		`round(2.5) + 7 % 4`:                                "6",
		`toJSON({"a": [1]}) contains "1"`:                   "true",
		`"}}" + '{{' + "{"`:                                 "}}{{{",
		`{"a": {"b": "c"}}.a.b`:                             "c",
		`join(concat([1], [2], order.items | map(.price)))`: "125240.5",
		`first([])?.x ?? "nothing"`:                         "nothing",
	} {
		if got := evaluate(t, code, event.Store{}); got != want {
			t.Errorf("%s gives %q, want %q", code, got, want)
		}
	}
}
