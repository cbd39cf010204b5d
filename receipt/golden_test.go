package receipt_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/rogpeppe/go-internal/txtar"

	"shopbell/receipt"
	"shopbell/receipt/receipttest"
)

var update = flag.Bool("update", false, "write what the receipts say into testdata")

// asked is what is said of a receipt besides its order.
type asked struct {
	Number, Language, Currency, Zone, Words string
	Seller                                  map[string]any
}

func decode(t *testing.T, text []byte, to any) {
	t.Helper()
	if err := json.Unmarshal(text, to); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// TestGolden holds what receipts say: each file of testdata has an order, what is said besides, and the words of the PDF, where a bar
// stands between what is apart on a line, _ for a space that does not break and ~ for a narrow one.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			a := txtar.Parse(text)
			part := map[string][]byte{}
			for _, f := range a.Files {
				part[f.Name] = f.Data
			}
			var order map[string]any
			var said asked
			decode(t, part["order.json"], &order)
			decode(t, part["asked.json"], &said)
			d, err := receipt.Read(order, receipt.Options{Seller: said.Seller, Language: said.Language, Currency: said.Currency, Zone: said.Zone, Words: said.Words})
			if err != nil {
				t.Fatal(err)
			}
			d.Number = said.Number
			addsUp(t, d)
			pdf, err := d.PDF(receipt.Standard())
			if err != nil {
				t.Fatal(err)
			}
			got := []byte(receipttest.Saying(t, pdf))
			if !*update {
				if !bytes.Equal(got, part["says"]) {
					t.Errorf("%s", diff.Diff("want", part["says"], "got", got))
				}
				return
			}
			a.Files = append(a.Files[:2:2], txtar.File{Name: "says", Data: got})
			if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// addsUp holds that the rows of a document are together its total, to the last digit, whatever the store said.
func addsUp(t *testing.T, d *receipt.Document) {
	t.Helper()
	all := receipt.Amount{}
	for _, r := range d.Rows {
		all = all.Plus(r.Amount)
	}
	if !all.Equal(d.Total) {
		t.Errorf("the rows come to %s, and the total is %s", all, d.Total)
	}
}
