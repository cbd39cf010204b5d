package rules_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"shopbell/document"
	"shopbell/event"
	"shopbell/rules"
	"shopbell/rules/recipes"
)

// everyEvent lists the recipes' rules that each event of their types is held against, with the reason. All others are looked up
// by a value that they wait for.
var everyEvent = map[string]string{
	"address-mismatch":            "it compares amounts and countries",
	"cart-left":                   "it compares amounts",
	"cart-recovered":              "it waits for any number",
	"catalog-database":            "it waits for any change",
	"catalog-database-deleted":    "it has no condition",
	"catalog-sync":                "it waits for any change",
	"catalog-sync-deleted":        "it has no condition",
	"designed-confirmation":       "it wants any status but one",
	"good-customer":               "it compares amounts",
	"invoice-to-bookkeeper":       "it has no condition",
	"low-stock":                   "it compares amounts",
	"new-product":                 "nearly all products are enabled",
	"order-confirmation":          "it wants any status but one",
	"order-deleted":               "it has no condition",
	"order-note":                  "it wants any text",
	"order-to-erp":                "it has no condition",
	"personal-data-removal":       "it has no condition",
	"personal-data-request":       "it has no condition",
	"personal-data-request-owner": "it has no condition",
	"price-change":                "it waits for any change",
	"promotion":                   "it waits for any change",
	"refund-notice":               "it waits for any change, too",
	"review":                      "it has an else",
	"store-closed":                "it waits for any change",
	"store-plan":                  "it has no condition",
	"store-plan-removed":          "it has no condition",
}

// TestRecipesAreIndexed holds that an event which lacks what a recipe waits for is never held against it: merchants who use
// recipes pay for those that can matter.
func TestRecipesAreIndexed(t *testing.T) {
	w := realWorld()
	for name := range w.Actions {
		w.Accounts[name] = rules.Outlet{Kind: name}
	}
	looked := 0
	for _, r := range recipes.All() {
		if strings.Contains(r.Needs, "source") {
			continue // of another platform
		}
		files := map[string]string{r.Name + ".yaml": strings.ReplaceAll(string(r.Text), "mode: shadow", "mode: live")}
		maps.Copy(files, r.Files)
		set := rules.Parse(files, w)
		if stop, _ := document.Split(set.Problems()); len(stop) > 0 {
			t.Fatal(document.Text(stop))
		}
		for _, rule := range set.Rules() {
			held := slices.ContainsFunc(rule.When, func(typ string) bool {
				for _, inStock := range []bool{true, false} {
					in := &rules.Input{Event: &event.Event{Source: "ecwid", Store: "1003", Type: typ, ID: "e", Subject: "thing/1"},
						Entity: map[string]any{"id": "1", "items": []any{}, "enabled": true, "inStock": inStock}, Store: event.Store{ID: "1003"}}
					if set.Candidates(in) == 0 {
						return false
					}
				}
				return true
			})
			if _, listed := everyEvent[rule.Name]; held != listed {
				t.Errorf("%s: held against an event that it cannot be about: %v, listed as such: %v", rule.Name, held, listed)
			}
			if !held {
				looked++
			}
		}
	}
	if looked < 20 {
		t.Errorf("only %d rules are looked up", looked)
	}
}
