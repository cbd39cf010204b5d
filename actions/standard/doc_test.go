package standard_test

import (
	"regexp"
	"testing"

	"gopkg.in/yaml.v3"

	"shopbell/actions/standard"
)

var yamlBlocks = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// TestDocumentedAccounts holds that the accounts which the documentation of actions shows are accounts.
func TestDocumentedAccounts(t *testing.T) {
	for _, k := range standard.Kinds() {
		for _, block := range yamlBlocks.FindAllStringSubmatch(k.Doc, -1) {
			var shown struct{ Accounts map[string]map[string]any }
			if err := yaml.Unmarshal([]byte(block[1]), &shown); err != nil {
				t.Errorf("%s: %v in\n%s", k.Name, err, block[1])
			}
			for name, account := range shown.Accounts {
				if account["kind"] != k.Name {
					t.Errorf("%s: the account %s is of kind %v", k.Name, name, account["kind"])
				}
				for _, common := range []string{"kind", "stores", "rate", "concurrency"} {
					delete(account, common)
				}
				for _, fault := range k.Account.Check(map[string]any(account)) {
					t.Errorf("%s: the account %s: %v: %s", k.Name, name, fault.Path, fault.Message)
				}
			}
		}
	}
}
