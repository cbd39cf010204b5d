package receipt

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
)

// A Claim gives a key a value of a pool, for good: the one that it has already, or else the first of the offers that no other key of
// the pool has, or "" when they all have one. Taken is how many values of the pool keys have after that.
type Claim func(ctx context.Context, pool, key string, offers []string) (value string, taken int64, err error)

// Numbers gives receipts their numbers: 1, 2, 3 and so on in each series of each store, none left out and none given twice. It is the
// order that has a number, so that its receipt has the same one however often it is made and whoever asks for it. Many goroutines,
// and many programs with one ledger, may ask at once.
//
// What makes it so: values are claimed for good, one after the other, and the offers begin no later than after those that are taken. So
// the first that is free is always the next.
type Numbers struct {
	claim Claim
	last  sync.Map // by pool, how many were taken when it was last asked, as an int64
}

// NewNumbers gives numbers by a claim.
func NewNumbers(claim Claim) *Numbers { return &Numbers{claim: claim} }

// A Series is what numbers count in.
type Series struct {
	Source, Store string  // two stores never share a series
	Name          string  // may have {year} or {yy} in it, so that numbers begin anew with the year in which orders are placed
	Pattern       Pattern // how they are written; of the first time, for an order that has a number
}

// EachYear is the name of the series when nobody says.
const EachYear = "{year}"

// CheckSeries tells what is wrong with the name of a series.
func CheckSeries(name string) error {
	plain := Dated(name, 2000)
	if plain == "" || len(plain) > 40 || strings.Trim(plain, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != "" {
		return fmt.Errorf("the series %q has to be up to 40 letters (a-z), digits, dots, dashes and underscores, with {year} or {yy} among them", name)
	}
	return nil
}

// errors of Of.
var (
	// ErrNumber says that a number cannot be given for what the caller asks.
	ErrNumber = errors.New("the receipt gets no number")
	errBusy   = errors.New("others took all the numbers that were offered; try again")
)

// few is how many numbers are offered at once: more than others take between two claims.
const few = 4

// Of gives the number of an order's receipt, as it is written.
func (n *Numbers) Of(ctx context.Context, s Series, d *Document) (string, error) {
	if d.Created.IsZero() && (Dated(s.Name, 2000) != s.Name || Dated(s.Pattern.text, 2000) != s.Pattern.text) {
		return "", fmt.Errorf("%w: the order does not say when it was placed, and the series or the pattern wants a year", ErrNumber)
	}
	year := d.Created.Year()
	series := Dated(s.Name, year)
	pools := "receipts/" + url.PathEscape(s.Source) + "/" + url.PathEscape(s.Store) + "/"
	counted, err := n.next(ctx, pools+series, d.Order)
	if err != nil {
		return "", err
	}
	// As it was written the first time, so it stays, whatever becomes of the pattern. And it is written so once in the store.
	text := s.Pattern.Number(year, counted)
	given, _, err := n.claim(ctx, pools, series+"/"+d.Order, []string{text})
	if err == nil && given == "" {
		err = fmt.Errorf("%w: %s is that of another receipt of the store already; give the pattern what tells the series apart, such as {year}", ErrNumber, text)
	}
	return given, err
}

// next gives an order its number of a series.
func (n *Numbers) next(ctx context.Context, pool, order string) (int64, error) {
	after := int64(0)
	if last, ok := n.last.Load(pool); ok {
		after = last.(int64)
	}
	for range 100 {
		offers := make([]string, few)
		for i := range offers {
			offers[i] = strconv.FormatInt(after+1+int64(i), 10)
		}
		value, taken, err := n.claim(ctx, pool, order, offers)
		if err != nil {
			return 0, err
		}
		after = taken
		n.last.Store(pool, taken)
		if value != "" {
			return strconv.ParseInt(value, 10, 64)
		}
	}
	return 0, errBusy
}
