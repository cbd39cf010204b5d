package receipt

import (
	"cmp"
	"math/big"
	"strconv"
	"strings"
)

// An Amount is an exact number of units of a currency, or of things. The zero value is 0.
type Amount struct{ r *big.Rat }

// maxDigits bounds how a number is written, in bytes: more than any price needs, and little work.
const maxDigits = 40

// ParseAmount reads a decimal number as JSON has it, such as 19.67 or 1e3.
func ParseAmount(text string) (Amount, bool) {
	text = strings.TrimSpace(text)
	mantissa, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	if n, err := strconv.Atoi(cmp.Or(exponent, "0")); err != nil || n > maxDigits || n < -maxDigits {
		return Amount{}, false
	}
	if len(mantissa) > maxDigits || strings.Trim(mantissa, "+-.0123456789") != "" {
		return Amount{}, false
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return Amount{}, false
	}
	return Amount{r}, true
}

func (a Amount) rat() *big.Rat {
	if a.r == nil {
		return new(big.Rat)
	}
	return a.r
}

// Plus gives the sum of both.
func (a Amount) Plus(b Amount) Amount { return Amount{new(big.Rat).Add(a.rat(), b.rat())} }

// Minus gives what is left of a.
func (a Amount) Minus(b Amount) Amount { return Amount{new(big.Rat).Sub(a.rat(), b.rat())} }

// Times gives the product of both.
func (a Amount) Times(b Amount) Amount { return Amount{new(big.Rat).Mul(a.rat(), b.rat())} }

// Over gives a divided by b, which is not zero.
func (a Amount) Over(b Amount) Amount { return Amount{new(big.Rat).Quo(a.rat(), b.rat())} }

// Negative gives a with the other sign.
func (a Amount) Negative() Amount { return Amount{new(big.Rat).Neg(a.rat())} }

// Sign is -1, 0 or 1.
func (a Amount) Sign() int { return a.rat().Sign() }

// Equal tells whether both are the same number.
func (a Amount) Equal(b Amount) bool { return a.rat().Cmp(b.rat()) == 0 }

// Rounded gives a with so many digits after the point, a half away from zero.
func (a Amount) Rounded(digits int) Amount {
	r, _ := new(big.Rat).SetString(a.rat().FloatString(digits))
	return Amount{r}
}

// near tells whether both differ by no more than what rounding so many numbers, and the sum, can come to.
func (a Amount) near(b Amount, numbers, digits int) bool {
	most := new(big.Rat).SetFrac(big.NewInt(int64(numbers+1)), new(big.Int).Mul(big.NewInt(2), power(digits)))
	return new(big.Rat).Abs(a.Minus(b).rat()).Cmp(most) <= 0
}

func power(digits int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
}

// String gives the number with as many digits as it needs, at most ten after the point.
func (a Amount) String() string {
	text := a.rat().FloatString(10)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}
