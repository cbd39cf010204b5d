package locale

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Money writes an amount as people who read a language do: €1,234.50 in English, 1.234,50 € in German. Without a
// currency it is the bare number; a currency that has no symbol of its own keeps its code.
func Money(amount float64, currency, language string) string {
	w := wayOf(language)
	digits := digitsIn(currency, func(digits int) bool { r := Round(amount, digits); return r == math.Trunc(r) })
	minus, number := w.write(amount, digits)
	return w.placed(minus, number, Symbol(currency, language))
}

// Exact is [Money] of an exact amount, rounded half away from zero, with the sign given: that of [Symbol], or the code where a
// font lacks it.
func Exact(amount *big.Rat, currency, sign, language string) string {
	w := wayOf(language)
	digits := digitsIn(currency, func(digits int) bool {
		_, fraction, _ := strings.Cut(amount.FloatString(digits), ".")
		return strings.Trim(fraction, "0") == ""
	})
	minus, number := w.marked(amount.FloatString(digits))
	return w.placed(minus, number, sign)
}

// Number writes a number as people who read a language do, rounded to so many digits after the point; below zero, with as many
// as it needs.
func Number(amount float64, digits int, language string) string {
	minus, number := wayOf(language).write(amount, digits)
	return minus + number
}

// Marked writes a decimal number, such as -1234.5, as people who read a language do, with all its digits.
func Marked(decimal, language string) string {
	minus, number := wayOf(language).marked(decimal)
	return minus + number
}

// placed puts the sign of a currency where it belongs.
func (w way) placed(minus, number, sign string) string {
	switch {
	case sign == "":
		return minus + number
	case w.after:
		return minus + number + "\u00a0" + sign
	case w.inner:
		return sign + "\u00a0" + minus + number
	case w.space || letters(sign):
		return minus + sign + "\u00a0" + number
	}
	return minus + sign + number
}

// letters tells of a sign that would run into the number: EUR, kr, R$ do not end alike.
func letters(sign string) bool {
	last := sign[len(sign)-1]
	return 'A' <= last && last <= 'Z' || 'a' <= last && last <= 'z' || last == '.' || last == '/'
}

// Round rounds half away from zero, as shops do, to so many decimals: 1.005 is 1.01 although no float64 is 1.005.
func Round(amount float64, digits int) float64 {
	scale := math.Pow10(digits)
	if math.Abs(amount)*scale >= 1<<52 {
		return amount // has no digits there
	}
	return math.Round(math.Nextafter(amount*scale, math.Copysign(math.Inf(1), amount))) / scale
}

// write gives the digits of an amount and the minus before them, if there is one. Digits below zero mean as many as
// it takes.
func (w way) write(amount float64, digits int) (minus, number string) {
	if digits >= 0 {
		amount = Round(amount, digits)
	}
	return w.marked(strconv.FormatFloat(amount, 'f', digits, 64))
}

// marked puts the marks of the language into a decimal number. Nothing is never below zero.
func (w way) marked(decimal string) (minus, number string) {
	digits, below := strings.CutPrefix(decimal, "-")
	if below && strings.Trim(digits, "0.") != "" {
		minus = "-"
	}
	whole, fraction, _ := strings.Cut(digits, ".")
	number = w.grouped(whole)
	if fraction != "" {
		number += w.point + fraction
	}
	return minus, number
}

// grouped puts a mark between every three digits; in India, between every two above the last three.
func (w way) grouped(digits string) string {
	var b strings.Builder
	for i, d := range digits {
		left := len(digits) - i
		if i > 0 && (left == 3 || left > 3 && (!w.indian && left%3 == 0 || w.indian && left%2 == 1)) {
			b.WriteString(w.group)
		}
		b.WriteRune(d)
	}
	return b.String()
}
