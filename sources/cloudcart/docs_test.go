package cloudcart_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"shopbell/actions"
	"shopbell/actions/standard"
	"shopbell/config"
	"shopbell/document"
	"shopbell/rules"
	"shopbell/sources"
	"shopbell/sources/cloudcart"
	"shopbell/sources/cloudcart/cloudcarttest"
)

const page = "../../docs/sources/cloudcart.md"

func blocks(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, m := range regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		found = append(found, m[1])
	}
	return found
}

// opened opens the source of a config in the docs.
func opened(t *testing.T, block string) sources.Source {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "secrets"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"shop2-key", "shop2-key-before"} {
		if err := os.WriteFile(filepath.Join(dir, "secrets", name), []byte(key), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, problems := config.Parse(filepath.Join(dir, "shopbell.yaml"), []byte(block), config.Kinds{Sources: []*sources.Kind{cloudcart.Kind()}, Actions: standard.Kinds()},
		func(string) (string, bool) { return key, true })
	if c == nil || len(c.Sources) != 1 {
		t.Fatalf("this block does not work:\n%s\n%s", block, document.Text(problems))
	}
	s, err := cloudcart.Kind().Open("cloudcart", c.Sources[0].Config)
	if err != nil {
		t.Fatalf("this block does not open: %v\n%s", err, block)
	}
	return s
}

func checked(s sources.Source, block string) *rules.Set {
	return rules.Parse(map[string]string{"example.yaml": block}, rules.World{
		Sources:  map[string]rules.Origin{"cloudcart": {Kind: cloudcart.Name, Catalog: sources.CatalogOf(cloudcart.Kind(), s), ReadsBack: true, Stores: []string{"shop1"}}},
		Actions:  actionsByName(),
		Accounts: map[string]rules.Outlet{"email": {Kind: "email"}, "slack": {Kind: "slack"}},
	})
}

// TestTheExamplesOfTheDocsWork opens each config and checks each rule with what it makes of the source.
func TestTheExamplesOfTheDocsWork(t *testing.T) {
	var first sources.Source
	configs, rulesSeen := 0, 0
	for _, block := range blocks(t) {
		if strings.HasPrefix(block, "sources:") {
			configs++
			if s := opened(t, block); first == nil {
				first = s
			}
			continue
		}
		set := checked(first, block)
		rulesSeen += len(set.Rules())
		if stop, _ := document.Split(set.Problems()); len(stop) > 0 {
			t.Errorf("this block does not work:\n%s\n%s", block, document.Text(stop))
		}
	}
	if configs != 2 || rulesSeen != 4 {
		t.Errorf("%d configs and %d rules were found", configs, rulesSeen)
	}
}

// TestARuleOfTheDocsFires holds that what is read back from a store is what a rule of the docs looks at.
func TestARuleOfTheDocsFires(t *testing.T) {
	w := newWorld(t, cloudcarttest.Options{}, `,"order_statuses":["wait_for_courier"]`)
	set := checked(w.source, blocks(t)[1])
	read := func(id string) map[string]any {
		got, err := w.source.Attest(t.Context(), w.told(t, typeOf(t, "order.updated"), `[{"id":`+id+`}]`))
		if err != nil {
			t.Fatal(err)
		}
		return decode(t, got.Entity)
	}
	id := w.store.PlaceOrder(map[string]any{"total": 20000})
	was := read(id)
	id2 := w.store.PlaceOrder(map[string]any{"total": 20000, "status": "paid", "status_fulfillment": "fulfilled"})
	is := read(id2)
	e := w.told(t, typeOf(t, "order.updated"), `[{"id":`+id2+`}]`)
	fired := firing(set, rules.Input{Event: e, Entity: is, Was: was})
	if strings.Join(fired, " ") != "big-order sent" {
		t.Errorf("fired %q", fired)
	}
	if fired := firing(set, rules.Input{Event: e, Entity: is, Was: is}); len(fired) > 0 {
		t.Errorf("without a change fired %q", fired)
	}
}

func actionsByName() map[string]*actions.Kind {
	by := map[string]*actions.Kind{}
	for _, k := range standard.Kinds() {
		by[k.Name] = k
	}
	return by
}

// firing gives the names of the rules that act, in order.
func firing(set *rules.Set, in rules.Input) []string {
	var names []string
	for _, d := range set.Match(&in) {
		if d.Verdict == rules.Fires {
			names = append(names, d.Rule.Name)
		}
	}
	return names
}
