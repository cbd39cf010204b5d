package engine

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"shopbell/event"
)

// A kind says what of a person a text is.
type kind string

// The kinds of texts.
const (
	kindStays  kind = "stays"  // it is none of a person, and stays to the letter
	kindID     kind = "id"     // it stays, unless an address or a number is in it
	kindPlain  kind = "plain"  // what is known of people is replaced in it
	kindEmail  kind = "email"  // and those below are replaced as a whole
	kindName   kind = "name"   // of a person or a company
	kindPhone  kind = "phone"  //
	kindIP     kind = "ip"     //
	kindStreet kind = "street" // or a whole address
	kindCity   kind = "city"   //
	kindPostal kind = "postal" //
	kindTax    kind = "tax"    // a number under which an office or a bank knows a person
	kindBirth  kind = "birth"  //
	kindGeo    kind = "geo"    // a place on earth
	kindFree   kind = "free"   // what somebody has typed
)

// make makes the nth stand-in of a kind. Addresses and numbers are of ranges that are kept for examples, and are nobody's.
func (k kind) make(n int, of string) string {
	switch k {
	case kindEmail:
		return fmt.Sprintf("person%d@example.com", n)
	case kindName:
		return fmt.Sprintf("Name%d", n)
	case kindPhone:
		return fmt.Sprintf("+1%03d55501%02d", 202+n/100%700, n%100)
	case kindIP:
		if strings.Contains(of, ":") {
			return fmt.Sprintf("2001:db8::%x", n%0x10000)
		}
		return fmt.Sprintf("198.18.%d.%d", n/256%256, n%256)
	case kindStreet:
		return fmt.Sprintf("Street %d", n)
	case kindCity:
		return fmt.Sprintf("City %d", n)
	case kindPostal:
		return fmt.Sprintf("%05d", n)
	case kindTax:
		country := regexp.MustCompile(`^[A-Za-z]{0,2}`).FindString(of) // rules may ask for it
		return fmt.Sprintf("%s%09d", country, n)
	case kindBirth:
		if len(of) > 10 && of[10] == 'T' {
			return "1990-01-01T00:00:00Z"
		}
		return "1990-01-01"
	}
	if k == kindGeo {
		return "0"
	}
	return fmt.Sprintf("Text %d", n)
}

// kindOf says what of a person a text is.
func kindOf(v string, s *event.Schema, at spot) kind {
	v = strings.TrimSpace(v)
	if v == "" || s != nil && slices.Contains(s.Values, v) {
		return kindStays
	}
	named := at.field.kind(at.person)
	switch {
	case isEmail(v):
		return kindEmail
	case named == kindEmail,
		named == kindPhone && len(onlyDigits(v)) < 4,
		named == kindIP && !isIP(v):
		return kindFree
	case named != kindPlain && named != kindStays && named != kindID:
		return named
	case isIP(v):
		return kindIP
	case at.free && isDate(v):
		return kindBirth
	case at.free:
		return kindFree
	case isDate(v):
		return kindStays
	case named == kindPlain && isPhone(v):
		return kindPhone
	}
	return named
}

func isIP(v string) bool {
	a, err := netip.ParseAddr(v)
	return err == nil && a.Zone() == ""
}

var dateForm = regexp.MustCompile(`^(?:\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}.*)?|\d{1,2}[./]\d{1,2}[./]\d{2,4})$`)

func isDate(v string) bool { return len(v) < 40 && dateForm.MatchString(v) }

// isPerson tells whether an object is about a person, by the fields that it has, or by its schema could have.
func isPerson(v map[string]any, s *event.Schema) bool {
	personal := func(name string) bool {
		return slices.Contains([]string{"email", "phone", "street", "firstname", "lastname", "postalcode", "zip", "zipcode", "address1", "addressline1"},
			strings.Join(nameOfField(name), ""))
	}
	if s != nil && slices.ContainsFunc(s.Names(), personal) {
		return true
	}
	for name := range v {
		if personal(name) {
			return true
		}
	}
	return false
}

// isTyped tells whether an object holds what somebody has typed at a checkout, beside how it was asked for.
func isTyped(v map[string]any) bool {
	for _, name := range []string{"type", "customerInputType", "inputType"} {
		if how, ok := v[name].(string); ok {
			switch strings.ToUpper(how) {
			case "TEXT", "TEXTFIELD", "TEXTAREA", "TEXT_FIELD", "TEXT_AREA", "DATE", "DATETIME", "FILES":
				return true
			case "":
				return name == "customerInputType"
			}
		}
	}
	return false
}

// A fieldName is the name of a field in lower-case words: customerEmail is customer, email.
type fieldName []string

func nameOfField(key string) fieldName {
	var words fieldName
	word := []rune{}
	end := func() {
		if len(word) > 0 {
			words = append(words, strings.ToLower(string(word)))
			word = word[:0]
		}
	}
	letters := []rune(key)
	for i, c := range letters {
		switch {
		case !inWord(c):
			end()
			continue
		case unicode.IsUpper(c) && i > 0 && (!unicode.IsUpper(letters[i-1]) || i+1 < len(letters) && unicode.IsLower(letters[i+1])):
			end()
		case unicode.IsDigit(c) && len(word) > 0 && !unicode.IsDigit(word[len(word)-1]):
			end()
		}
		word = append(word, c)
	}
	end()
	return words
}

func inWord(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.IsMark(c) }

func (n fieldName) has(words ...string) bool {
	return slices.ContainsFunc(n, func(w string) bool { return slices.Contains(words, w) })
}

// last tells whether the name ends in one of some words, save for a number.
func (n fieldName) last(words ...string) bool {
	for len(n) > 1 && strings.Trim(n[len(n)-1], "0123456789") == "" {
		n = n[:len(n)-1]
	}
	return len(n) > 0 && slices.Contains(words, n[len(n)-1])
}

// secret tells of fields that give access to something.
func (n fieldName) secret() bool {
	return n.has("token", "tokens", "secret", "secrets", "password", "passwd", "pwd", "passphrase", "apikey", "credential", "credentials", "authorization", "cookie", "cookies",
		"cvv", "cvc", "signature", "otp") || n.has("key") && n.has("api", "access", "private", "secret", "license", "licence") || n.has("session") && n.last("id", "session", "key")
}

// typed tells of fields below which stands what somebody has typed.
func (n fieldName) typed() bool {
	switch strings.Join(n, "") {
	case "extrafields", "customfields", "additionalinfo", "additionalfields", "paymentparams", "customattributes", "noteattributes", "metadata", "metafields":
		return true
	}
	return false
}

// vague tells of names that say nothing without the one above them.
func (n fieldName) vague() bool {
	return len(n) > 0 && (len(n) == 1 || n.has("value", "values")) &&
		n.has("value", "values", "first", "last", "middle", "full", "given", "family", "formatted", "display", "raw", "national", "international", "text")
}

// person tells of fields that hold a person.
func (n fieldName) person() bool {
	return n.last("person", "customer", "buyer", "recipient", "contact", "contacts", "address", "author", "reviewer", "user", "owner", "employee", "holder", "client", "billing", "payer", "sender", "receiver") ||
		n.has("reviewer", "customer", "buyer") && n.last("info", "data", "details")
}

// kind says what a field of that name holds.
func (n fieldName) kind(person bool) kind {
	said := n
	for len(n) > 1 && slices.Contains([]string{"value", "values", "formatted", "display", "raw", "national", "international", "text"}, n[len(n)-1]) {
		n = n[:len(n)-1]
	}
	switch joined := strings.Join(n, ""); {
	case n.last("url", "uri", "link", "href"):
		return kindPlain
	case n.has("country", "state", "province", "currency", "status", "language", "lang", "locale") && !n.has("street", "postal", "zip"):
		return kindStays
	case n.last("email", "emails", "mail"):
		return kindEmail
	case n.last("birthday", "birthdate", "birth", "dob"), n.has("birth") && n.last("date", "day"):
		return kindBirth
	case n.has("phone", "phones", "mobile", "telephone", "tel", "fax", "cellphone", "msisdn", "whatsapp") && !n.last("id", "type", "code"):
		return kindPhone
	case n.last("ip"), n.has("ip") && n.last("address"), n.has("remote") && n.last("addr", "address"):
		return kindIP
	case slices.Contains([]string{"customertaxid", "vatid", "vatnumber", "taxnumber", "iban", "ssn", "passport", "passportnumber", "cardnumber", "accountnumber", "nationalid", "personalcode"}, joined),
		person && joined == "taxid":
		return kindTax
	case n.last("postcode", "zip", "zipcode", "plz"), n.has("postal", "zip") && n.last("code"):
		return kindPostal
	case n.last("latitude", "longitude", "lat", "lng", "lon", "coordinates"):
		return kindGeo
	case n.last("street", "streets"), n.has("address", "addresses", "street") && !n.last("id", "type", "name"):
		return kindStreet
	case n.last("city", "town", "suburb", "locality", "village"):
		return kindCity
	case n.name(person):
		return kindName
	case n.has("comment", "comments", "note", "notes", "message", "messages", "remark", "remarks", "feedback", "agent", "greeting", "engraving", "bio") && !n.last("id", "ids", "count", "type", "date"),
		n.last("review", "answer", "question"):
		return kindFree
	case person && n.last("contact", "handle", "username", "login"):
		return kindFree
	case n.last("sku", "skus", "id", "ids", "number", "code", "codes", "type", "types", "barcode", "ean", "upc"):
		return kindID
	case len(said) == 0:
		return kindPlain
	}
	return kindPlain
}

// name tells of names of people.
func (n fieldName) name(person bool) bool {
	if n.has("group", "method", "product", "option", "category", "carrier", "plan", "class", "event", "store", "brand", "file", "service", "tax", "coupon", "module", "account", "provider") {
		return false
	}
	whose := n.has("first", "last", "middle", "full", "given", "family", "nick", "user", "customer", "buyer", "recipient", "contact", "company", "holder", "author",
		"reviewer", "owner", "sender", "receiver", "employee", "billing", "shipping", "person")
	return n.last("firstname", "lastname", "surname", "fullname", "nickname", "companyname") ||
		n.has("name") && (person && n[0] == "name" || n.last("name", "first", "last", "middle", "full", "given", "family") && (whose || person)) ||
		person && n.last("company", "organization", "organisation", "first", "last", "middle", "full", "given", "family")
}
