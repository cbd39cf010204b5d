package email

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/image/font/gofont/goregular"

	"shopbell/actions"
)

// A register is a ledger's claims, in memory.
type register struct {
	mu     sync.Mutex
	values map[string]map[string]string
	fail   error
}

func (r *register) claim(_ context.Context, pool, key string, offers []string) (actions.Claimed, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail != nil {
		return actions.Claimed{}, r.fail
	}
	if r.values == nil {
		r.values = map[string]map[string]string{}
	}
	of := r.values[pool]
	if of == nil {
		of = map[string]string{}
		r.values[pool] = of
	}
	taken := map[string]bool{}
	for _, v := range of {
		taken[v] = true
	}
	for _, o := range offers {
		if of[key] == "" && !taken[o] {
			of[key] = o
		}
	}
	return actions.Claimed{Value: of[key], At: -1, Taken: int64(len(of))}, nil
}

func cashierWith(t *testing.T, claim actions.Claim) *sender {
	t.Helper()
	c, err := newCashier(actions.Env{Claim: claim}, "")
	if err != nil {
		t.Fatal(err)
	}
	return &sender{cashier: c}
}

// made makes the receipt of parameters as a step has them.
func made(t *testing.T, s *sender, call actions.Call[Params], params string) (string, []byte, error) {
	t.Helper()
	var r Receipt
	if err := json.Unmarshal([]byte(params), &r); err != nil {
		t.Fatal(err)
	}
	if err := r.Check(); err != nil {
		return "", nil, err
	}
	return s.receipt(t.Context(), call, r)
}

const paid = `{"id":"A","paymentStatus":"PAID","createTimestamp":1767225600,"total":5.10}`

// TestReceiptNumber holds that an order has one number, whichever step asks, and that the file is the same to the byte.
func TestReceiptNumber(t *testing.T) {
	var r register
	s := cashierWith(t, r.claim)
	call := func(key, store string) actions.Call[Params] {
		return actions.Call[Params]{Key: key, Try: 1, Source: "ecwid", Store: store}
	}
	order := func(id string) string {
		return fmt.Sprintf(`{"receipt":%s,"seller":{"name":"Bells","currency":"EUR"}}`, strings.Replace(paid, `"A"`, `"`+id+`"`, 1))
	}
	first, pdf, err := made(t, s, call("run-1", "1"), order("A"))
	if err != nil || first != "receipt-R-2026-000001.pdf" || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
		t.Errorf("got %s, %v", first, err)
	}
	for _, c := range []struct{ key, store, id, want string }{
		{"run-2", "1", "B", "receipt-R-2026-000002.pdf"}, {"run-3", "2", "C", "receipt-R-2026-000001.pdf"}, {"run-4", "1", "D", "receipt-R-2026-000003.pdf"},
	} {
		if got, _, err := made(t, s, call(c.key, c.store), order(c.id)); err != nil || got != c.want {
			t.Errorf("%s of store %s: %s, %v", c.id, c.store, got, err)
		}
	}
	again, same, err := made(t, cashierWith(t, r.claim), call("another rule", "1"), order("A"))
	if err != nil || again != first || !bytes.Equal(same, pdf) {
		t.Errorf("made again it is %s, %v", again, err)
	}
}

// TestReceiptParams holds what a receipt is called, when it takes no number, and what is told of what cannot be one.
func TestReceiptParams(t *testing.T) {
	for _, c := range []struct{ params, want string }{
		{`{"receipt":` + paid + `,"number":4711}`, "receipt-4711.pdf"},
		{`{"receipt":` + paid + `,"number":"2026/7","name":"../../Your receipt.PDF"}`, "-..-Your receipt.PDF"},
		{`{"receipt":` + paid + `,"series":"web","pattern":"W{yy}{n:3}","seller":{"id":"7","anything":{}}}`, "receipt-W26001.pdf"},
		{`{"receipt":{"id":"B","paymentStatus":"AWAITING_PAYMENT","total":1}}`, "order-B.pdf"},
		{`{"receipt":null}`, `permanent request: the receipt: the order: it is empty; write receipt: "{{ order }}"`},
		{`{"receipt":"A17"}`, `permanent request: the receipt: the order: it is no object; write receipt: "{{ order }}"`},
		{`{"receipt":{"total":5}}`, "permanent request: the receipt: the order has no id"},
		{`{"receipt":{"id":"B","total":5}}`, "permanent request: the receipt: the receipt gets no number: the order does not say when it was placed, and the series or the pattern wants a year"},
		{`{"receipt":` + paid + `,"currency":"euro"}`, `permanent request: the receipt: a currency is three letters such as EUR, and this is "euro"`},
		{`{"receipt":` + paid + `,"timezone":"Berlin"}`, `permanent request: the receipt: there is no time zone "Berlin"; write one such as Europe/Berlin`},
		{`{"receipt":` + paid + `,"pattern":"R-{year}"}`, "retry : receipt: a pattern has {n} in it once, which is the number"},
		{`{"receipt":` + paid + `,"series":"a b"}`, `retry : receipt: the series "a b" has to be up to 40 letters (a-z), digits, dots, dashes and underscores, with {year} or {yy} among them`},
		{`{"receipt":` + paid + `,"seller":{"vat":"DE1"}}`, `retry : receipt: seller has no key "vat"; it has name, company, address, street, city, postal_code, state, country, vat_id, tax_id, registration, email, phone, url, currency, timezone, language`},
	} {
		var r register
		got, _, err := made(t, cashierWith(t, r.claim), actions.Call[Params]{Source: "s", Store: "1"}, c.params)
		if err != nil {
			a := actions.OutcomeOf(err)
			got = fmt.Sprint(a.Outcome, " ", a.Blame, ": ", err)
		}
		if got != c.want {
			t.Errorf("%s\n gives %s\n want  %s", c.params, got, c.want)
		}
		if claimed := len(r.values) > 0; claimed != strings.Contains(c.want, "W26") {
			t.Errorf("%s: a number was taken: %v", c.params, claimed)
		}
	}
	// At load, what is still to be filled in is passed over.
	var r Receipt
	if err := json.Unmarshal([]byte(`{"receipt":"{{ order }}","seller":"{{ store }}","series":"{{ store.id }} x","pattern":"{{ x }}"}`), &r); err != nil || r.Check() != nil {
		t.Errorf("got %v, %v", err, r.Check())
	}
}

// TestReceiptWithoutLedger holds that a ledger that is away is waited for, and that a receipt says when there is none at all.
func TestReceiptWithoutLedger(t *testing.T) {
	away := errors.New("the ledger is away")
	r := register{fail: away}
	_, _, err := made(t, cashierWith(t, r.claim), actions.Call[Params]{Source: "s", Store: "1"}, `{"receipt":`+paid+`}`)
	if !errors.Is(err, away) || actions.OutcomeOf(err).Outcome != actions.OutcomeRetry {
		t.Errorf("got %v", err)
	}
	name, pdf, err := made(t, cashierWith(t, nil), actions.Call[Params]{Source: "s", Store: "1"}, `{"receipt":`+paid+`}`)
	if err != nil || name != "receipt-A.pdf" || len(pdf) == 0 {
		t.Errorf("got %s, %v", name, err)
	}
}

// TestReceiptFont holds that a font that is none is told when the account is opened.
func TestReceiptFont(t *testing.T) {
	file := filepath.Join(t.TempDir(), "font.ttf")
	for want, text := range map[string][]byte{"<nil>": goregular.TTF, "font: it is no TrueType font": []byte("no font")} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := newCashier(actions.Env{}, file); !strings.HasPrefix(fmt.Sprint(err), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if _, err := newCashier(actions.Env{}, file+"x"); err == nil || !strings.Contains(err.Error(), "font: ") {
		t.Errorf("got %v", err)
	}
}
