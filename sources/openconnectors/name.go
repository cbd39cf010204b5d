package openconnectors

import (
	"strings"
	"unicode"
)

// What became of an object, as the platform says it, and as event types end.
const (
	created = "created"
	updated = "updated"
	deleted = "deleted"
	changed = "changed" // it does not say what
)

// noun gives the name of an object's type in the singular and in lower case: "orders" and "Order" are order,
// "customerGroups" is customer_group, "Discount Codes" discount_code. What has no letter or digit is object.
func noun(objectType string) string {
	var b strings.Builder
	var before rune
	for _, r := range objectType {
		switch {
		case r >= 'A' && r <= 'Z':
			if before >= 'a' && before <= 'z' || before >= '0' && before <= '9' {
				b.WriteByte('_')
			}
			b.WriteRune(unicode.ToLower(r))
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		default: // a dot would make it another type's, and a space cannot be written in a rule
			b.WriteByte('_')
		}
		before = r
		if b.Len() >= maxName {
			break
		}
	}
	words := strings.FieldsFunc(b.String(), func(r rune) bool { return r == '_' })
	if len(words) == 0 {
		return "object"
	}
	words[len(words)-1] = singular(words[len(words)-1])
	return strings.Join(words, "_")
}

// singular takes the ending of a plural from an English word. It knows the words that stores use, not all of English.
func singular(word string) string {
	for plural, ending := range map[string]string{"ies": "y", "sses": "ss", "xes": "x", "ches": "ch", "shes": "sh", "statuses": "status"} {
		if stem, ok := strings.CutSuffix(word, plural); ok && (len(stem) > 1 || plural == "statuses") {
			return stem + ending
		}
	}
	for _, ending := range []string{"ss", "us", "is"} {
		if strings.HasSuffix(word, ending) {
			return word
		}
	}
	if stem, ok := strings.CutSuffix(word, "s"); ok && len(stem) > 1 {
		return stem
	}
	return word
}

// change gives what an eventType means: CREATED, UPDATED, DELETED, and changed for UNKNOWN and anything else.
func change(eventType string) string {
	switch word := strings.ToLower(eventType); word {
	case created, updated, deleted:
		return word
	}
	return changed
}
