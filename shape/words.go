package shape

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"shopbell/document"
)

// unknown adds the fault of a key that is not declared, with the nearest key that is and was not given.
func (c *checker) unknown(object []string, name string) {
	var near []string
	if f, ok := c.shape.Lookup(object); ok {
		given, _ := c.at(object).(map[string]any)
		for _, known := range f.Fields {
			if _, taken := given[known.Name]; !taken {
				near = append(near, known.Name)
			}
		}
	}
	c.faults = append(c.faults, Fault{
		Path: append(slices.Clone(object), name), OnKey: true,
		Message: fmt.Sprintf("unknown key %q", name), Hint: document.DidYouMean(name, near),
	})
}

// words says what one failed keyword means. It never tells the content of a secret.
func (c *checker) words(e *jsonschema.ValidationError) (message, hint string) {
	field, _ := c.shape.Lookup(e.InstanceLocation)
	switch k := e.ErrorKind.(type) {
	case *kind.Type:
		return fmt.Sprintf("want %s, got %s", wanted(k.Want), got(k.Got)), ""
	case *kind.Enum:
		return enumWords(k, field.Secret)
	case *kind.Pattern:
		return patternWords(k.Want), field.Doc
	case *kind.Format:
		return "want " + formatWord(k.Want), ""
	case *kind.Const:
		return fmt.Sprintf("want %v", k.Want), ""
	}
	if m := limitWords(e.ErrorKind); m != "" {
		return m, ""
	}
	return "this does not fit", field.Doc
}

// patternWords says what a pattern means, for the patterns that declarations use.
func patternWords(pattern string) string {
	prefix, found := strings.CutPrefix(pattern, "^")
	switch {
	case strings.HasSuffix(pattern, "(ms|s|m|h))+$"):
		return "want a length of time, such as 30s, 5m or 1h"
	case found && regexp.QuoteMeta(prefix) == prefix:
		return "want text that begins with " + prefix
	}
	return "this does not have the form that is wanted"
}

// limitWords says which limit is passed.
func limitWords(failed jsonschema.ErrorKind) string {
	switch k := failed.(type) {
	case *kind.MinLength:
		if k.Want == 1 {
			return "want text that is not empty"
		}
		return fmt.Sprintf("want at least %d characters, got %d", k.Want, k.Got)
	case *kind.MaxLength:
		return fmt.Sprintf("want at most %d characters, got %d", k.Want, k.Got)
	case *kind.MinItems:
		return fmt.Sprintf("want a list of at least %d, got %d", k.Want, k.Got)
	case *kind.MaxItems:
		return fmt.Sprintf("want a list of at most %d, got %d", k.Want, k.Got)
	case *kind.MinProperties:
		return fmt.Sprintf("want at least %d keys, got %d", k.Want, k.Got)
	case *kind.MaxProperties:
		return fmt.Sprintf("want at most %d keys, got %d", k.Want, k.Got)
	case *kind.UniqueItems:
		return fmt.Sprintf("items %d and %d of the list are the same", k.Duplicates[0]+1, k.Duplicates[1]+1)
	case *kind.Minimum:
		return "want a number of at least " + k.Want.RatString()
	case *kind.Maximum:
		return "want a number of at most " + k.Want.RatString()
	case *kind.ExclusiveMinimum:
		return "want a number greater than " + k.Want.RatString()
	case *kind.ExclusiveMaximum:
		return "want a number smaller than " + k.Want.RatString()
	case *kind.MultipleOf:
		return "want a multiple of " + k.Want.RatString()
	}
	return ""
}

// enumWords lists what is wanted, and hints at the nearest.
func enumWords(k *kind.Enum, secret bool) (message, hint string) {
	var names, quoted []string
	for _, v := range k.Want {
		names = append(names, fmt.Sprint(v))
		quoted = append(quoted, show(v))
	}
	message = "want one of " + strings.Join(quoted, ", ")
	if len(quoted) == 1 {
		message = "want " + quoted[0]
	}
	if secret {
		return message, ""
	}
	text, ok := k.Got.(string)
	if !ok {
		return message + ", got " + show(k.Got), ""
	}
	return message + ", got " + show(text), document.DidYouMean(text, names)
}

// show prints a value for people, long text shortened.
func show(v any) string {
	const most = 40
	switch v := v.(type) {
	case string:
		if utf8.RuneCountInString(v) > most {
			v = string([]rune(v)[:most]) + "…"
		}
		return strconv.Quote(v)
	case nil:
		return "nothing"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return fmt.Sprint(v)
}

func wanted(types []string) string {
	var words []string
	for _, t := range types {
		if w := article(t); !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	return strings.Join(words, " or ")
}

func got(jsonType string) string { return article(jsonType) }

func article(jsonType string) string {
	switch jsonType {
	case "string":
		return "text"
	case "number":
		return "a number"
	case "integer":
		return "a whole number"
	case "boolean":
		return "true or false"
	case "array":
		return "a list"
	case "object":
		return "an object"
	case "null":
		return "nothing"
	}
	return "something else"
}

func formatWord(format string) string {
	switch format {
	case "uri":
		return "a URL such as https://example.com/path"
	case "email":
		return "an e-mail address"
	case "date-time":
		return "a time such as 2026-01-31T09:00:00Z"
	case "date":
		return "a date such as 2026-01-31"
	case "hostname":
		return "the name of a host"
	}
	return "text of the format " + format
}
