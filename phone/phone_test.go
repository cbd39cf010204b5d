package phone_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"shopbell/phone"
)

func TestRead(t *testing.T) {
	for _, test := range []struct {
		text, country string
		want          phone.Number
		err           error
	}{
		{"06 12345678", "NL", phone.Number{E164: "+31612345678", Country: "NL", Code: 31}, nil},
		{"0031 6 1234 5678", "nl", phone.Number{E164: "+31612345678", Country: "NL", Code: 31}, nil},
		{" +49 (0)171 / 234-56-78 ", "", phone.Number{E164: "+491712345678", Country: "DE", Code: 49}, nil},
		{"tel:+1-415-555-2671", "DE", phone.Number{E164: "+14155552671", Country: "US", Code: 1}, nil},
		{"(416) 967-1111", "US", phone.Number{E164: "+14169671111", Country: "CA", Code: 1}, nil}, // what the number says wins
		{"+44 7911 123456", "NL", phone.Number{E164: "+447911123456", Country: "GG", Code: 44}, nil},
		{"+1 900 555 1234", "", phone.Number{E164: "+19005551234", Country: "US", Code: 1, Costly: true}, nil},
		{"0900 1234567", "NL", phone.Number{E164: "+319001234567", Country: "NL", Code: 31, Costly: true}, nil},
		{"0180 5 123456", "DE", phone.Number{E164: "+491805123456", Country: "DE", Code: 49, Costly: true}, nil},
		{"+800 1234 5678", "", phone.Number{E164: "+80012345678", Code: 800}, nil},
		{"12345", "US", phone.Number{}, phone.ErrNone},
		{"0612345678", "", phone.Number{}, phone.ErrCountry},
		{"0612345678", "XX", phone.Number{}, phone.ErrCountry},
		{"+999 123456", "NL", phone.Number{}, phone.ErrCountry},
		{"+31612345678, +31612345679", "", phone.Number{}, phone.ErrForm},
		{"+31612345678 ext 5", "", phone.Number{}, phone.ErrForm},
		{"call +31612345678", "", phone.Number{}, phone.ErrForm},
		{"", "NL", phone.Number{}, phone.ErrForm},
		{"+31" + strings.Repeat("6", 200), "", phone.Number{}, phone.ErrForm},
	} {
		got, err := phone.Read(test.text, test.country)
		if got != test.want || !errors.Is(err, test.err) {
			t.Errorf("%q of %q: got %+v, %v, want %+v, %v", test.text, test.country, got, err, test.want, test.err)
		}
	}
}

func TestIn(t *testing.T) {
	for _, test := range []struct {
		text, country string
		want          bool
	}{
		{"+31612345678", "NL", true},
		{"+31612345678", "nl", true},
		{"+31612345678", "BE", false},
		{"+447911123456", "GB", true}, // of Guernsey, says the library, and of Britain, say others
		{"+447911123456", "JE", true},
		{"+14155552671", "US", true},
		{"+14155552671", "CA", false},
		{"+18765551234", "US", false}, // Jamaica
		{"+77012345678", "RU", false}, // Kazakhstan
		{"+79161234567", "RU", true},
		{"+31612345678", "", false},
		{"+31612345678", "XX", false},
	} {
		n, err := phone.Read(test.text, "")
		if err != nil || n.In(test.country) != test.want {
			t.Errorf("%s in %q: got %t, %v", test.text, test.country, n.In(test.country), err)
		}
	}
}

func TestCodes(t *testing.T) {
	for country, want := range map[string]int{"NL": 31, "nl": 31, "US": 1, "XX": 0, "": 0, "Netherlands": 0} {
		if got := phone.CodeOf(country); got != want {
			t.Errorf("%q: got %d", country, got)
		}
	}
	for code, want := range map[int]bool{31: true, 1: true, 999: false, 0: false, -1: false, 3: false, 800: true} {
		if got := phone.IsCode(code); got != want {
			t.Errorf("%d: got %t", code, got)
		}
	}
}

// FuzzRead holds that what is read is E.164, and is read again as the same.
func FuzzRead(f *testing.F) {
	for _, text := range []string{"06 12345678", "+14155552671", "tel:+44 7911 123456", "(((", "00", "+", "١٢٣", "+0"} {
		f.Add(text, "NL")
	}
	e164 := regexp.MustCompile(`^\+[1-9][0-9]{3,16}$`)
	f.Fuzz(func(t *testing.T, text, country string) {
		n, err := phone.Read(text, country)
		if err != nil {
			if n != (phone.Number{}) {
				t.Fatalf("%+v with %v", n, err)
			}
			return
		}
		if !e164.MatchString(n.E164) || n.Code == 0 {
			t.Fatalf("got %+v", n)
		}
		if again, err := phone.Read(n.E164, ""); err != nil || again != n {
			t.Fatalf("%+v is read again as %+v, %v", n, again, err)
		}
	})
}
