// Package locale writes amounts, numbers and days as people who read a language do:
//
//	locale.Money(1234.5, "EUR", "de") // 1.234,50 €
//	locale.CalendarOf("fr").Format(time.Now(), "Monday 2 January")
//
// It knows the languages that stores have, by the Unicode CLDR, and English for the others. It does not read what people write,
// and translates no sentences.
package locale

import "strings"

// Parts takes a language apart: "pt_BR" is pt and br, "zh-Hant-TW" is zh and tw.
func Parts(language string) (base, region string) {
	parts := strings.FieldsFunc(strings.ToLower(language), func(r rune) bool { return r == '-' || r == '_' })
	if len(parts) == 0 {
		return "", ""
	}
	for _, p := range parts[1:] {
		if len(p) == 2 {
			region = p
		}
	}
	return parts[0], region
}

// A way is how numbers and currencies are written in a language.
type way struct {
	group, point string
	after        bool // the symbol stands after the number, with a space
	space        bool // the symbol stands before it, with a space
	inner        bool // the symbol stands before it, with a space, and the minus between the two
	indian       bool // 12,34,567
}

// wayOf follows the Unicode CLDR, but always writes Western digits, a plain minus, and a mark in numbers of four digits.
func wayOf(language string) way {
	base, region := Parts(language)
	if w, ok := wayIn(base, region); ok {
		return w
	}
	switch base {
	case "de", "it", "es", "da", "el", "sl", "hr", "sr", "ro", "vi", "ca", "is", "gl", "eu", "mk", "bs", "az":
		return way{group: ".", point: ",", after: true}
	case "fr":
		return way{group: "\u202f", point: ",", after: true}
	case "ru", "uk", "pl", "cs", "sk", "bg", "fi", "sv", "nb", "no", "nn", "hu", "et", "lv", "lt", "pt", "be", "kk", "hy", "ka", "sq":
		return way{group: "\u00a0", point: ",", after: true}
	case "nl":
		return way{group: ".", point: ",", inner: true}
	case "tr", "id":
		return way{group: ".", point: ","}
	case "he", "ar":
		return way{group: ",", point: ".", after: true}
	case "hi":
		return way{group: ",", point: ".", indian: true}
	}
	return way{group: ",", point: "."}
}

// wayIn gives how a language is written in one country, where that is not as elsewhere.
func wayIn(base, region string) (way, bool) {
	switch base + "-" + region {
	case "de-at":
		return way{group: ".", point: ",", space: true}, true
	case "de-ch", "de-li", "it-ch", "en-ch":
		return way{group: "’", point: ".", space: true}, true
	case "fr-ch":
		return way{group: "\u202f", point: ".", after: true}, true
	case "fr-ca":
		return way{group: "\u00a0", point: ",", after: true}, true
	case "es-mx", "es-us", "es-pe", "es-sv", "es-pr", "es-gt", "es-hn", "es-ni", "es-pa", "es-do":
		return way{group: ",", point: "."}, true
	case "es-cl":
		return way{group: ".", point: ","}, true
	case "es-ar", "es-co", "es-uy", "es-ec", "es-ve", "es-py", "pt-br":
		return way{group: ".", point: ",", space: true}, true
	case "en-in":
		return way{group: ",", point: ".", indian: true}, true
	case "en-za":
		return way{group: "\u00a0", point: ","}, true
	}
	return way{}, false
}
