package receipt_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shopbell/receipt"
)

// A claims is a ledger's claims, in memory.
type claims struct {
	mu    sync.Mutex
	pools map[string]map[string]string
	fail  error // of the next claim
}

func (c *claims) claim(_ context.Context, pool, key string, offers []string) (string, int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.fail; err != nil {
		c.fail = nil
		return "", 0, err
	}
	if c.pools == nil {
		c.pools = map[string]map[string]string{}
	}
	values := c.pools[pool]
	if values == nil {
		values = map[string]string{}
		c.pools[pool] = values
	}
	if values[key] == "" {
		for _, o := range offers {
			if !slices.Contains(slices.Collect(mapsValues(values)), o) {
				values[key] = o
				break
			}
		}
	}
	return values[key], int64(len(values)), nil
}

func mapsValues(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, v := range m {
			if v != "" && !yield(v) {
				return
			}
		}
	}
}

func seriesOf(t *testing.T, store, name, pattern string) receipt.Series {
	t.Helper()
	p, err := receipt.ParsePattern(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return receipt.Series{Source: "ecwid", Store: store, Name: name, Pattern: p}
}

// TestNumbers holds which number an order gets.
func TestNumbers(t *testing.T) {
	c := &claims{}
	a, b := receipt.NewNumbers(c.claim), receipt.NewNumbers(c.claim) // two programs with one ledger
	each := func(store string) receipt.Series { return seriesOf(t, store, receipt.EachYear, receipt.ByDefault) }
	for i, test := range []struct {
		by    *receipt.Numbers
		in    receipt.Series
		order string
		year  int
		want  string
	}{
		{a, each("1"), "A", 2026, "R-2026-000001"},
		{a, each("1"), "B", 2026, "R-2026-000002"},
		{b, each("1"), "C", 2026, "R-2026-000003"},
		{b, each("1"), "A", 2026, "R-2026-000001"}, // again, by another
		{a, each("1"), "D", 2026, "R-2026-000004"}, // although b gave one since a looked
		{a, each("1"), "E", 2027, "R-2027-000001"}, // the next year
		{a, each("2"), "A", 2026, "R-2026-000001"}, // another store
		{a, each("1/2"), "A", 2026, "R-2026-000001"},
		{a, seriesOf(t, "1", "pos", "POS{yy}-{n}"), "A", 2026, "POS26-1"},
		{a, seriesOf(t, "1", receipt.EachYear, "X{year}/{n}"), "A", 2026, "R-2026-000001"}, // a number stays as it was written
		{a, seriesOf(t, "1", receipt.EachYear, "X{year}/{n}"), "F", 2026, "X2026/5"},       // and counting goes on
		{a, seriesOf(t, "3", receipt.EachYear, "{n}"), "A", 2026, "1"},
		{a, seriesOf(t, "3", receipt.EachYear, "{n}"), "B", 2027, "the receipt gets no number: 1 is that of another receipt of the store already; give the pattern what tells the series apart, such as {year}"},
	} {
		d := &receipt.Document{Order: test.order, Created: time.Date(test.year, 5, 1, 0, 0, 0, 0, time.UTC)}
		got, err := test.by.Of(t.Context(), test.in, d)
		if err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%d: order %s of %s gets %s, want %s", i, test.order, test.in.Store, got, test.want)
		}
	}
	if _, err := a.Of(t.Context(), each("1"), &receipt.Document{Order: "Z"}); !errors.Is(err, receipt.ErrNumber) {
		t.Errorf("without a date: %v", err)
	}
	if got, err := a.Of(t.Context(), seriesOf(t, "9", "all", "{n}"), &receipt.Document{Order: "Z"}); err != nil || got != "1" {
		t.Errorf("without a date, where none is needed: %s, %v", got, err)
	}
}

// TestNumberAfterFailure holds that a claim that fails, before or between, leaves no gap: the order comes again and gets its number.
func TestNumberAfterFailure(t *testing.T) {
	c := &claims{}
	n := receipt.NewNumbers(c.claim)
	of := func(order string) (string, error) {
		return n.Of(t.Context(), seriesOf(t, "1", receipt.EachYear, "{year}-{n}"), &receipt.Document{Order: order, Created: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
	}
	away := errors.New("the ledger is away")
	c.fail = away
	if _, err := of("A"); !errors.Is(err, away) {
		t.Errorf("got %v", err)
	}
	for i := range 5 {
		if got, err := of(fmt.Sprint("B", i)); err != nil || got != fmt.Sprint("2026-", i+1) {
			t.Errorf("got %s, %v", got, err)
		}
	}
	if got, err := of("A"); err != nil || got != "2026-6" {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestSeriesAndPatterns(t *testing.T) {
	for name, want := range map[string]bool{"{year}": true, "shop-{yy}": true, "A.b_c-1": true, "": false, "a b": false, "{month}": false, "a/b": false, strings.Repeat("a", 41): false} {
		if err := receipt.CheckSeries(name); (err == nil) != want {
			t.Errorf("%q: %v", name, err)
		}
	}
	for text, want := range map[string]string{
		"R-{year}-{n:6}": "R-2026-000042", "{n}": "42", "{yy}{n:1}": "2642", "№ {n:3}": "№ 042",
		"": "{n}", "R-{year}": "{n}", "{n}{n}": "{n}", "{n:13}": "hole", "{day}-{n}": "hole", "{n}{": "hole", strings.Repeat("x", 60) + "{n}": "60",
	} {
		p, err := receipt.ParsePattern(text)
		got := ""
		if err == nil {
			got = p.Number(2026, 42)
		}
		if got != want && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q gives %q, %v", text, got, err)
		}
	}
}
