package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// An entry is a key of an object with its value; ordered keep their order.
type (
	entry struct {
		key   string
		value any
	}
	ordered []entry
)

// yamlText writes a value as YAML, one line for each piece, all of them indented. It knows what JSON knows, and ordered.
func yamlText(value any, indent string) string {
	var b strings.Builder
	writeYAML(&b, value, indent, indent)
	return b.String()
}

// writeYAML writes a value that begins after lead.
func writeYAML(b *strings.Builder, value any, lead, indent string) {
	switch v := value.(type) {
	case map[string]any:
		var list ordered
		for _, key := range slices.Sorted(maps.Keys(v)) {
			list = append(list, entry{key, v[key]})
		}
		writeYAML(b, list, lead, indent)
	case ordered:
		if len(v) == 0 {
			b.WriteString(strings.TrimRight(lead, " ") + " {}\n")
			return
		}
		for _, f := range v {
			b.WriteString(lead)
			writeUnder(b, yamlScalar(f.key)+":", f.value, indent)
			lead = indent
		}
	case []any:
		for _, one := range v {
			if isLong(one) {
				writeYAML(b, one, lead+"- ", indent+"  ")
			} else {
				b.WriteString(lead + "- " + yamlScalar(one) + "\n")
			}
			lead = indent
		}
	default:
		b.WriteString(lead + yamlScalar(value) + "\n")
	}
}

// writeUnder writes a key, and its value beside or below it.
func writeUnder(b *strings.Builder, key string, value any, indent string) {
	if !isLong(value) {
		b.WriteString(key + " " + yamlScalar(value) + "\n")
		return
	}
	b.WriteString(key + "\n")
	writeYAML(b, value, indent+"  ", indent+"  ")
}

// isLong tells of values that have lines of their own.
func isLong(value any) bool {
	switch v := value.(type) {
	case map[string]any:
		return len(v) > 0
	case ordered:
		return len(v) > 0
	case []any:
		return len(v) > 0
	}
	return false
}

// bare matches text that needs no quotes. What YAML takes for something else begins with other letters, or is a word of its own.
var bare = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*(?:[./-][A-Za-z0-9_]+)*$`)

// yamlScalar writes a value in one line.
func yamlScalar(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		switch strings.ToLower(v) {
		case "true", "false", "null", "yes", "no", "on", "off", "y", "n", "inf", "nan":
			return `"` + v + `"`
		}
		if bare.MatchString(v) {
			return v
		}
		return quotedYAML(v)
	case json.Number:
		return v.String()
	case bool:
		return fmt.Sprint(v)
	case []any:
		return "[]"
	}
	return "{}"
}

// quotedYAML writes text as JSON does, and what YAML does not take as it stands as an escape.
func quotedYAML(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < ' ' || c >= 0x7f && c < 0xa0 || c == 0x2028 || c == 0x2029 || c == 0xfeff || c >= 0xfff0 && c <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
