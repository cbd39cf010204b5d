package receipt_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"shopbell/receipt"
	"shopbell/receipt/receipttest"
)

// orderOf gives the order of a file of testdata.
func orderOf(t testing.TB, name string) map[string]any {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".txtar")
	if err != nil {
		t.Fatal(err)
	}
	var order map[string]any
	if err := json.Unmarshal(txtar.Parse(text).Files[0].Data, &order); err != nil {
		t.Fatal(err)
	}
	return order
}

func read(t testing.TB, order map[string]any, o receipt.Options) *receipt.Document {
	t.Helper()
	d, err := receipt.Read(order, o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func written(t testing.TB, d *receipt.Document, f *receipt.Fonts) []byte {
	t.Helper()
	pdf, err := d.PDF(f)
	if err != nil {
		t.Fatal(err)
	}
	return pdf
}

// TestSameBytes holds that a document made again is the same, whoever makes it, at whatever time, in whatever zone, and however many do.
func TestSameBytes(t *testing.T) {
	make := func() []byte {
		order := orderOf(t, "letters")
		d := read(t, order, receipt.Options{Currency: "INR"})
		d.Number = "R-1"
		return written(t, d, receipt.Standard())
	}
	want := make()
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			if !bytes.Equal(make(), want) {
				t.Error("it is another one")
			}
		})
	}
	group.Wait()
	if !bytes.Contains(want, []byte("/CreationDate (D:20260701100000")) {
		t.Error("it is not dated as the order is")
	}
	local := time.Local
	defer func() { time.Local = local }()
	time.Local = time.FixedZone("elsewhere", 5*60*60)
	if !bytes.Equal(make(), want) {
		t.Error("it is another one in another time zone")
	}
}

// TestManyItems holds that an order of 500 items goes on over pages which all say what they are, that nothing is written over the foot
// or outside the page, and that no item is lost.
func TestManyItems(t *testing.T) {
	order := orderOf(t, "ecwid")
	var items []any
	for i := range 500 {
		name := fmt.Sprintf("Bell no. %03d", i)
		if i%7 == 0 {
			name += strings.Repeat(" with a very long name", 5)
		}
		items = append(items, map[string]any{"name": name, "sku": fmt.Sprint("SKU-", i), "price": 0.1, "quantity": 3})
	}
	order["items"], order["subtotal"], order["total"], order["tax"] = items, 150, 148, 0
	d := read(t, order, receipt.Options{Currency: "EUR"})
	addsUp(t, d)
	for _, r := range d.Remarks {
		t.Errorf("a remark on numbers that are right: %v", r)
	}
	d.Number = "R-500"
	pdf := written(t, d, receipt.Standard())
	pages := receipttest.Pages(t, pdf)
	for i, words := range pages {
		text := ""
		for _, w := range words {
			text += w.Text + "\n"
			if w.X < 50 || w.X > 546 || w.Y < 24 || w.Y > 800 {
				t.Errorf("page %d: %q stands at %v, %v", i+1, w.Text, w.X, w.Y)
			}
			if foot := strings.Contains(w.Text, "Page ") || strings.Contains(w.Text, " · ") || w.Text == "Receipt R-500"; w.Y < 62 && !foot {
				t.Errorf("page %d: %q is in the foot", i+1, w.Text)
			}
		}
		wants := []string{fmt.Sprintf("Page %d of %d\n", i+1, len(pages)), "R-500"}
		if strings.Contains(text, "SKU-") {
			wants = append(wants, "Item\n", "Quantity\n", "Price\n", "Amount\n")
		}
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("page %d does not say %q", i+1, want)
			}
		}
	}
	said := receipttest.Saying(t, pdf)
	for i := range 500 {
		if strings.Count(said, fmt.Sprintf("SKU-%d\n", i)) != 1 || strings.Count(said, fmt.Sprintf("Bell no. %03d", i)) != 1 {
			t.Errorf("item %d is there %d times", i, strings.Count(said, fmt.Sprintf("SKU-%d\n", i)))
		}
	}
	if len(pages) < 15 || len(pages) > 30 {
		t.Errorf("it has %d pages", len(pages))
	}
}

// TestWhatIsNoOrder holds what is told of what cannot be receipted.
func TestWhatIsNoOrder(t *testing.T) {
	many := make([]any, 2001)
	for i := range many {
		many[i] = map[string]any{"name": "a", "price": 1}
	}
	for want, c := range map[string]struct {
		order map[string]any
		o     receipt.Options
	}{
		"the order has no id":                         {map[string]any{"total": 1}, receipt.Options{}},
		"neither items nor a total":                   {map[string]any{"id": "A"}, receipt.Options{}},
		"2001 items, and a receipt has room for 2000": {map[string]any{"id": "A", "items": many}, receipt.Options{}},
		`no time zone "Berlin"`:                       {map[string]any{"id": "A", "total": 1}, receipt.Options{Zone: "Berlin"}},
		`and this is "euro"`:                          {map[string]any{"id": "A", "total": 1}, receipt.Options{Currency: "euro"}},
	} {
		if _, err := receipt.Read(c.order, c.o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestChoices holds whose language, currency and time zone count.
func TestChoices(t *testing.T) {
	seller := map[string]any{"language": "de", "currency": "CHF", "timezone": "Europe/Zurich"}
	for _, c := range []struct {
		order, seller      map[string]any
		o                  receipt.Options
		language, currency string
		day                int
	}{
		{nil, nil, receipt.Options{}, "en", "", 31},
		{nil, seller, receipt.Options{}, "de", "CHF", 1},
		{map[string]any{"lang": "fr", "currency": "eur"}, seller, receipt.Options{}, "fr", "EUR", 1},
		{map[string]any{"lang": "fr", "currency": "eur"}, seller, receipt.Options{Language: "es-MX", Currency: "MXN", Zone: "America/Mexico_City"}, "es-MX", "MXN", 31},
		{map[string]any{"lang": "tlh"}, seller, receipt.Options{}, "de", "CHF", 1}, // there are no words of Klingon
	} {
		order := map[string]any{"id": "A", "total": 1, "createDate": "2025-12-31 23:30:00 +0000"}
		for k, v := range c.order {
			order[k] = v
		}
		c.o.Seller = c.seller
		d := read(t, order, c.o)
		if d.Language != c.language || d.Currency != c.currency || d.Created.Day() != c.day {
			t.Errorf("%v: %s, %s, %s", c.order, d.Language, d.Currency, d.Created)
		}
	}
}

// TestAmounts holds that numbers are exact however they come.
func TestAmounts(t *testing.T) {
	for text, want := range map[string]string{"19.67": "19.67", "-0.5": "-0.5", "1e3": "1000", "1.5E-2": "0.015", "007": "7", "0": "0", "12345678901234567890.12": "12345678901234567890.12"} {
		a, ok := receipt.ParseAmount(text)
		if !ok || a.String() != want {
			t.Errorf("%s is %s", text, a)
		}
	}
	for _, text := range []string{"", "1e99999", "1/3", "0x10", "1_000", "NaN", "Inf", "1,5", "€5", strings.Repeat("9", 50), "1e-9999"} {
		if a, ok := receipt.ParseAmount(text); ok {
			t.Errorf("%q is %s", text, a)
		}
	}
	for _, number := range []any{0.1, "0.1", json.Number("0.10"), float32(0.5)} {
		d := read(t, map[string]any{"id": 1, "items": []any{map[string]any{"name": "a", "price": number, "quantity": 3}}}, receipt.Options{Currency: "EUR"})
		if want := map[bool]string{true: "1.5", false: "0.3"}[number == any(float32(0.5))]; d.Total.String() != want {
			t.Errorf("three times %v is %s", number, d.Total)
		}
	}
}
