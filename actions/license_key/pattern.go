package licensekey

import (
	"fmt"
	"io"
	"math"
	"math/big"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Crockford's alphabet, and what his check symbols have beside it.
const (
	alphabet     = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	checkSymbols = alphabet + "*~$=U"
)

// wordOf gives the pattern that a word stands for: for key 125 bits and a check symbol, for pin eight digits.
func wordOf(text string) string {
	switch text {
	case "key", "true":
		return "?????-?????-?????-?????-?????*"
	case "pin":
		return "########"
	}
	return text
}

const (
	maxPattern = 100    // characters
	leastRoom  = 10_000 // different keys that a pattern must be able to give: those of a PIN of four digits
)

// A pattern says how keys are made.
type pattern struct {
	text string
	room float64 // how many different keys there are
}

// readPattern reads a pattern as a step writes it.
func readPattern(text string) (pattern, error) {
	p := pattern{text: wordOf(text), room: 1}
	if !utf8.ValidString(text) || utf8.RuneCountInString(text) > maxPattern || strings.ContainsFunc(text, unicode.IsControl) {
		return p, fmt.Errorf("generate: a pattern is one line of at most %d characters", maxPattern)
	}
	checked := false
	for _, c := range p.text {
		switch {
		case checked && (c == '#' || c == '?' || c == '*'):
			return p, fmt.Errorf("generate: * is the check symbol of what stands before it: it comes once, after the last # and ?")
		case c == '#':
			p.room *= 10
		case c == '?':
			p.room *= 32
		case c == '*':
			checked = true
		}
	}
	if p.room == 1 {
		return p, fmt.Errorf("generate: %q is no pattern: write # for a digit and ? for a letter or digit, as in \"PIN-######\"; or the word key or pin", text)
	}
	if p.room < leastRoom {
		return p, fmt.Errorf("generate: this pattern gives only %.0f different keys, which anybody can guess: write more # or ?, for at least 10,000", p.room)
	}
	return p, nil
}

// left tells how many keys can still be made when some were.
func (p pattern) left(taken int64) int64 { return max(0, int64(min(p.room, math.MaxInt64>>10))-taken) }

// make makes a key by chance.
func (p pattern) make(random io.Reader) (string, error) {
	var key strings.Builder
	number := new(big.Int) // of the symbols, for the check symbol
	for _, c := range p.text {
		base := 0
		switch c {
		case '#':
			base = 10
		case '?':
			base = 32
		case '*':
			key.WriteByte(checkSymbols[new(big.Int).Mod(number, big.NewInt(37)).Int64()])
			continue
		default:
			key.WriteRune(c)
			continue
		}
		digit, err := draw(random, base)
		if err != nil {
			return "", err
		}
		key.WriteByte(alphabet[digit])
		number.Add(number.Lsh(number, 5), big.NewInt(int64(digit)))
	}
	return key.String(), nil
}

// draw gives a number below base, each as likely as any other: a byte beyond the last whole multiple of base is thrown away, for
// its remainder would make small numbers more likely.
func draw(random io.Reader, base int) (int, error) {
	var one [1]byte
	for {
		if _, err := io.ReadFull(random, one[:]); err != nil {
			return 0, err
		}
		if n := int(one[0]); n < 256-256%base {
			return n % base, nil
		}
	}
}
