package receipt

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A Pattern says how numbers of receipts are written: R-{year}-{n:6} gives R-2026-000123. {year} is the year in which the order was
// placed, {yy} its last two digits, {n} the number, with as many digits as are said after the colon, at least.
type Pattern struct{ text string }

// ByDefault is how numbers are written when nobody says.
const ByDefault = "R-{year}-{n:6}"

// maxPattern bounds a pattern, in bytes.
const maxPattern = 60

// ParsePattern reads a pattern, which has {n} in it.
func ParsePattern(text string) (Pattern, error) {
	if len(text) > maxPattern {
		return Pattern{}, fmt.Errorf("a pattern has at most %d letters", maxPattern)
	}
	numbers := 0
	for rest := text; ; {
		_, after, ok := strings.Cut(rest, "{")
		if !ok {
			break
		}
		hole, left, closed := strings.Cut(after, "}")
		if _, is := digitsOf(hole); is {
			numbers++
		} else if !closed || hole != "year" && hole != "yy" {
			return Pattern{}, fmt.Errorf("the pattern %q has a hole that is neither {n}, {n:6}, {year} nor {yy}", text)
		}
		rest = left
	}
	if numbers != 1 {
		return Pattern{}, errors.New("a pattern has {n} in it once, which is the number")
	}
	return Pattern{text}, nil
}

// digitsOf tells whether a hole is that of the number, and how many digits it has at least.
func digitsOf(hole string) (int, bool) {
	if hole == "n" {
		return 1, true
	}
	text, ok := strings.CutPrefix(hole, "n:")
	digits, err := strconv.Atoi(text)
	return digits, ok && err == nil && 1 <= digits && digits <= 12
}

// Number writes a number.
func (p Pattern) Number(year int, n int64) string {
	var b strings.Builder
	for rest := p.text; ; {
		before, after, ok := strings.Cut(rest, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		hole, left, _ := strings.Cut(after, "}")
		if digits, is := digitsOf(hole); is {
			fmt.Fprintf(&b, "%0*d", digits, n)
		} else {
			b.WriteString(Dated("{"+hole+"}", year))
		}
		rest = left
	}
}

// Dated puts a year into a text with {year} or {yy} in it.
func Dated(text string, year int) string {
	return strings.NewReplacer("{year}", fmt.Sprintf("%04d", year), "{yy}", fmt.Sprintf("%02d", year%100)).Replace(text)
}
