package openconnectors_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"shopbell/actions"
	"shopbell/actions/log"
	"shopbell/config"
	"shopbell/document"
	"shopbell/rules"
	"shopbell/sources"
	"shopbell/sources/openconnectors"
)

const page = "../../docs/sources/openconnectors.md"

// worldFor is what rules are checked against: this source, and the log.
func worldFor(readsBack bool) rules.World {
	return rules.World{
		Sources:  map[string]rules.Origin{"elements": {Kind: openconnectors.Name, Catalog: openconnectors.Catalog(), ReadsBack: readsBack}},
		Actions:  map[string]*actions.Kind{"log": log.Action},
		Accounts: map[string]rules.Outlet{"log": {Kind: "log"}},
	}
}

// TestTheExamplesOfThePage opens every config and checks every rule of the page; those after a config with attest may name
// objects.
func TestTheExamplesOfThePage(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	configs, files, readsBack := 0, 0, false
	for _, block := range regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		if strings.HasPrefix(block[1], "rules:") {
			files++
			set := rules.Parse(map[string]string{"example.yaml": block[1]}, worldFor(readsBack))
			if stop, _ := document.Split(set.Problems()); len(stop) > 0 || len(set.Rules()) == 0 {
				t.Errorf("this rule does not work:\n%s\n%s", block[1], document.Text(stop))
			}
			continue
		}
		configs++
		c, problems := config.Parse("shopbell.yaml", []byte(block[1]), config.Kinds{Sources: []*sources.Kind{openconnectors.Kind()}},
			func(name string) (string, bool) { return "value-of-" + name, true })
		if stop, _ := document.Split(problems); len(stop) > 0 || len(c.Sources) != 1 {
			t.Errorf("this config does not work:\n%s\n%s", block[1], document.Text(problems))
			continue
		}
		source, err := openconnectors.Kind().Open(c.Sources[0].Name, c.Sources[0].Config)
		if err != nil {
			t.Errorf("this config does not open:\n%s\n%v", block[1], err)
			continue
		}
		readsBack = source.Mode() != sources.Never
	}
	if configs < 4 || files < 3 {
		t.Errorf("only %d configs and %d rules found", configs, files)
	}
	for _, block := range regexp.MustCompile("(?ms)^```json\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		if !json.Valid([]byte(block[1])) {
			t.Errorf("this is not JSON:\n%s", block[1])
		}
	}
}

// TestRulesAreChecked holds that the catalog finds the mistakes of rules.
func TestRulesAreChecked(t *testing.T) {
	for rule, want := range map[string]string{
		`{name: x, when: order.create, then: [{log: {message: a}}]}`:                                           `order.create`,
		`{name: x, when: order.created, if: event.data.eventType == "CREATE", then: [{log: {message: a}}]}`:    `CREATE`,
		`{name: x, when: order.created, if: 'event.data.objectId > 5', then: [{log: {message: a}}]}`:           `objectId`,
		`{name: x, when: cart.created, if: 'cart.total > 5', then: [{log: {message: a}}]}`:                     `cart`,
		`{name: x, when: product.updated, if: 'product.price < 5 && was != nil', then: [{log: {message: a}}]}`: ``,
	} {
		problems := document.Text(rules.Parse(map[string]string{"x.yaml": "rules:\n  - " + rule}, worldFor(true)).Problems())
		if want == "" && problems != "" || !strings.Contains(problems, want) || want != "" && problems == "" {
			t.Errorf("%s\n got %s\nwant %s", rule, problems, want)
		}
	}
}

func TestTheCatalog(t *testing.T) {
	c := openconnectors.Catalog()
	names := map[string]bool{}
	for _, typ := range c.Types {
		if names[typ.Name] || typ.Doc == "" || typ.Data == nil || (typ.Noun == "") != (typ.Entity == nil) || typ.Readable != (typ.Noun != "") {
			t.Errorf("%s: %+v", typ.Name, typ)
		}
		names[typ.Name] = true
	}
	for _, name := range []string{"order.created", "product.updated", "customer.deleted", "cart.changed"} {
		if !names[name] {
			t.Errorf("%s is not listed", name)
		}
	}
	if typ := openconnectors.Any(); typ.Name != "*" || typ.Noun != "" || typ.Data == nil {
		t.Errorf("any is %+v", typ)
	}
}
