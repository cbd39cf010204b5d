package email

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"

	"shopbell/actions"
	"shopbell/receipt"
)

// A Receipt is an attachment that is made of an order.
type Receipt struct {
	Order    object       `json:"receipt" jsonschema_description:"The order that the receipt is of, whole: {{ order }}."`
	Store    object       `json:"store,omitempty" jsonschema_description:"The store's profile, whole: {{ store }}. It says who sells, in which currency, and more."`
	Seller   object       `json:"seller,omitempty" jsonschema_description:"What the profile does not say, or says otherwise: name, company, address (text or a list of lines), vat_id, registration, email, phone, url, country, currency, timezone, language."`
	Language string       `json:"language,omitempty" jsonschema_description:"Language of the receipt, such as de; without it, that of the order or else of the store. There are words in bg, de, en, es, fr, it, nl, pl and pt."`
	Currency string       `json:"currency,omitempty" jsonschema_description:"Currency of the amounts, such as EUR; without it, that of the order or else of the seller."`
	Timezone string       `json:"timezone,omitempty" jsonschema_description:"Time zone of the days, such as Europe/Berlin; without it, that of the seller, or UTC."`
	Series   string       `json:"series,omitempty" jsonschema:"default={year}" jsonschema_description:"Name of the series that the numbers count in, for each store apart. {year} is the year in which the order was placed."`
	Pattern  string       `json:"pattern,omitempty" jsonschema:"default=R-{year}-{n:6}" jsonschema_description:"How numbers are written. {n} is the number; {n:6} has at least six digits; {year} and {yy} are the year in which the order was placed."`
	Number   actions.Text `json:"number,omitempty" jsonschema_description:"The number itself, where another system gives it. None is taken of the series then."`
	Words    string       `json:"words,omitempty" jsonschema_description:"A sentence for the buyer, at the end."`
	Name     string       `json:"name,omitempty" jsonschema_description:"Name of the file; without it, receipt and the number."`
}

// An object is a JSON object, kept as it was written, so that amounts stay exact.
type object json.RawMessage

// UnmarshalJSON keeps the value.
func (o *object) UnmarshalJSON(text []byte) error {
	*o = append((*o)[:0], text...)
	return nil
}

// MarshalJSON gives it back.
func (o object) MarshalJSON() ([]byte, error) { return json.RawMessage(o).MarshalJSON() }

// JSONSchema declares an object.
func (object) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "object"} }

// given tells whether there is a value.
func (o object) given() bool { return len(o) > 0 && string(o) != "null" }

// known tells whether it is filled in: at load, a hole stands in its place.
func (o object) known() bool { return o.given() && o[0] != '"' }

// read gives its members, with numbers as they are written.
func (o object) read() (map[string]any, error) {
	if !o.given() {
		return nil, nil
	}
	d := json.NewDecoder(bytes.NewReader(o))
	d.UseNumber()
	var members map[string]any
	if d.Decode(&members) != nil {
		return nil, errors.New("it is no object")
	}
	return members, nil
}

// Check tells what is wrong with a receipt, as far as it is known.
func (r Receipt) Check() error {
	if _, _, err := r.series(); err != nil {
		return fmt.Errorf("receipt: %w", err)
	}
	if !r.Seller.known() {
		return nil
	}
	seller, err := r.Seller.read()
	if err != nil {
		return fmt.Errorf("receipt: seller: %w", err)
	}
	if seller["id"] != nil || seller["generalInfo"] != nil {
		return nil // a store's profile, which may have more
	}
	for key := range seller {
		if keys := receipt.SellerKeys(); !slices.Contains(keys, key) {
			return fmt.Errorf("receipt: seller has no key %q; it has %s", key, strings.Join(keys, ", "))
		}
	}
	return nil
}

// series gives how the receipt is numbered. What is still to be filled in is not looked at.
func (r Receipt) series() (name string, p receipt.Pattern, err error) {
	name = cmp.Or(r.Series, receipt.EachYear)
	if actions.Known(name) {
		if err := receipt.CheckSeries(name); err != nil {
			return "", p, err
		}
	}
	if pattern := cmp.Or(r.Pattern, receipt.ByDefault); actions.Known(pattern) {
		p, err = receipt.ParsePattern(pattern)
	}
	return name, p, err
}

// A cashier makes the receipts of one account.
type cashier struct {
	fonts   *receipt.Fonts
	numbers *receipt.Numbers // nil where there is nothing to keep them
}

// newCashier takes a font of the operator, in a file, for letters that ours lack; "" for none.
func newCashier(env actions.Env, font string) (cashier, error) {
	c := cashier{fonts: receipt.Standard()}
	if env.Claim != nil {
		c.numbers = receipt.NewNumbers(func(ctx context.Context, pool, key string, offers []string) (string, int64, error) {
			got, err := env.Claim(ctx, pool, key, offers)
			return got.Value, got.Taken, err
		})
	}
	if font == "" {
		return c, nil
	}
	ttf, err := os.ReadFile(font)
	if err == nil {
		c.fonts, err = receipt.WithFont(ttf)
	}
	if err != nil {
		return c, fmt.Errorf("font: %w", err)
	}
	return c, nil
}

// receipt makes the file that is attached. Made again, for the same order, it is the same to the byte.
func (s *sender) receipt(ctx context.Context, c actions.Call[Params], r Receipt) (name string, pdf []byte, err error) {
	wrong := func(err error) (string, []byte, error) {
		return "", nil, actions.Permanent(actions.BlameRequest, fmt.Errorf("the receipt: %w", err))
	}
	d, err := r.document()
	if err != nil {
		return wrong(err)
	}
	d.Number = string(r.Number)
	if d.Number == "" && d.State.Receipted() && s.cashier.numbers != nil {
		series, pattern, err := r.series()
		if err != nil {
			return wrong(err)
		}
		d.Number, err = s.cashier.numbers.Of(ctx, receipt.Series{Source: c.Source, Store: c.Store, Name: series, Pattern: pattern}, d)
		if errors.Is(err, receipt.ErrNumber) {
			return wrong(err)
		}
		if err != nil {
			return "", nil, err // of the ledger, and of its class
		}
	}
	if pdf, err = d.PDF(s.cashier.fonts); err != nil {
		return wrong(err)
	}
	return r.file(d), pdf, nil
}

// document reads the order.
func (r Receipt) document() (*receipt.Document, error) {
	order, err := r.Order.read()
	if err == nil && order == nil {
		err = errors.New("it is empty")
	}
	if err != nil {
		return nil, fmt.Errorf(`the order: %w; write receipt: "{{ order }}"`, err)
	}
	profile, err := r.Store.read()
	if err != nil {
		return nil, fmt.Errorf("the store: %w", err)
	}
	own, err := r.Seller.read()
	if err != nil {
		return nil, fmt.Errorf("the seller: %w", err)
	}
	seller := map[string]any{}
	maps.Copy(seller, profile)
	for key, value := range own {
		if value != nil && value != "" { // what is not told takes nothing away
			seller[key] = value
		}
	}
	return receipt.Read(order, receipt.Options{Seller: seller, Language: r.Language, Currency: r.Currency, Zone: r.Timezone, Words: r.Words})
}

// file gives the name of the file, which is one in no folder.
func (r Receipt) file(d *receipt.Document) string {
	name := r.Name
	if name == "" {
		word := "receipt"
		if !d.State.Receipted() {
			word = "order"
		}
		name = word + "-" + cmp.Or(d.Number, d.Order)
	}
	name = strings.Trim(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '-'
		}
		return r
	}, name), ". ")
	if !strings.HasSuffix(strings.ToLower(name), ".pdf") {
		name += ".pdf"
	}
	return name
}
