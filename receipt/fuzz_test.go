package receipt_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"shopbell/receipt"
)

// FuzzRead holds of any order that is one: its rows add up to its total, its PDF is the same twice, and no letter on it is one that the
// fonts lack.
func FuzzRead(f *testing.F) {
	for _, file := range []string{"letters", "cloudcart", "woocommerce"} {
		text, err := json.Marshal(orderOf(f, file))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, "de", "EUR")
	}
	f.Add([]byte(`{"id":1e300,"items":[{"quantity":"1e-200","price":null,"name":{}}],"total":"-1","refunds":[[]],"customDiscount":[{}]}`), "fr-CH", "KWD")
	f.Add([]byte(`{"id":"\ud800","items":[{"name":"\u0000\u202e)(","price":1e30,"quantity":-3}],"discount":"x"}`), "xx", "")
	f.Fuzz(func(t *testing.T, text []byte, language, currency string) {
		var order map[string]any
		if json.Unmarshal(text, &order) != nil {
			return
		}
		d, err := receipt.Read(order, receipt.Options{Language: language, Currency: currency, Seller: order})
		if err != nil {
			return
		}
		addsUp(t, d)
		pdf := written(t, d, receipt.Standard())
		checkLetters(t, pdf)
		if !bytes.Equal(written(t, d, receipt.Standard()), pdf) {
			t.Error("made again, it is another one")
		}
	})
}

// FuzzPattern holds that a pattern which is taken gives each number a text of its own.
func FuzzPattern(f *testing.F) {
	for _, p := range []string{receipt.ByDefault, "{n}", "{yy}/{n:3}", "{n}{n}", "{", "}{n", "{n:0}", "{n:99}", "{month}-{n}", "{{n}}"} {
		f.Add(p, int64(1), int64(10))
	}
	f.Fuzz(func(t *testing.T, text string, a, b int64) {
		p, err := receipt.ParsePattern(text)
		if err != nil || a < 0 || b < 0 {
			return
		}
		if (p.Number(2026, a) == p.Number(2026, b)) != (a == b) {
			t.Errorf("%q gives %d and %d the texts %q and %q", text, a, b, p.Number(2026, a), p.Number(2026, b))
		}
	})
}
