package email

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"
	"gopkg.in/yaml.v3"

	"shopbell/actions"
	"shopbell/receipt/receipttest"
)

// block gives the first block of a kind on a page.
func block(page, kind string) string {
	_, after, _ := strings.Cut(page, "```"+kind+"\n")
	text, _, _ := strings.Cut(after, "```")
	return text
}

// TestReceiptPage makes the receipt of docs/receipts.md, and holds that it says what the page says.
func TestReceiptPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/receipts.md")
	if err != nil {
		t.Fatal(err)
	}
	order, err := os.ReadFile("../../sources/ecwid/testdata/order.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Rules []struct {
			Then []struct {
				Email struct{ Attach []map[string]any }
			}
		}
	}
	if err := yaml.Unmarshal([]byte(block(string(page), "yaml")), &file); err != nil {
		t.Fatal(err)
	}
	attached, err := json.Marshal(file.Rules[0].Then[0].Email.Attach[0])
	if err != nil {
		t.Fatal(err)
	}
	const store = `{"id":"1003","name":"Jane's Bells","email":"jane@example.com","url":"https://store1003.company.site","currency":"EUR","timezone":"Europe/Berlin","language":"en",
		"country":"DE","company":"Jane's Bells","street":"Test st., 1","city":"Berlin","state":"BE","postal_code":"10115","phone":null}`
	params := strings.NewReplacer(`"{{ order }}"`, string(order), `"{{ store }}"`, store).Replace(string(attached))
	var r register
	name, pdf, err := made(t, cashierWith(t, r.claim), actions.Call[Params]{Source: "ecwid", Store: "1003"}, params)
	if err != nil || name != "receipt-R-2025-000001.pdf" {
		t.Fatal(name, err)
	}
	if want, got := block(string(page), "text"), receipttest.Saying(t, pdf); got != want {
		t.Errorf("%s", diff.Diff("the page", []byte(want), "the receipt", []byte(got)))
	}
}
