package sql

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/invopop/jsonschema"

	"shopbell/actions"
)

// names is one name, or a list.
type names []string

// UnmarshalJSON reads either.
func (n *names) UnmarshalJSON(text []byte) error {
	if bytes.HasPrefix(text, []byte(`"`)) {
		*n = make(names, 1)
		return json.Unmarshal(text, &(*n)[0])
	}
	return json.Unmarshal(text, (*[]string)(n))
}

// JSONSchema declares both forms.
func (names) JSONSchema() *jsonschema.Schema {
	one := uint64(1)
	text := func() *jsonschema.Schema { return &jsonschema.Schema{Type: "string", MinLength: &one} }
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{text(), {Type: "array", Items: text(), MinItems: &one}}}
}

// A class is what a column takes.
type class int

// The classes.
const (
	letters  class = iota // text, and whatever reads its own from text
	whole64               // a whole number
	decimal               // any number
	flag                  // true or false
	moment                // a point in time
	day                   // a date
	document              // JSON
	free                  // SQLite: whatever comes
)

// bind gives what the driver is given for a value. Numbers go as text wherever the database makes numbers of it: so they keep
// their digits, and a column of text gets text to compare.
func (d *dialect) bind(v actions.Value, c class) (any, error) {
	if v.IsNull() {
		return nil, nil
	}
	if c == document {
		return compact(v), nil
	}
	switch v[0] {
	case '{', '[':
		return compact(v), nil
	case '"':
		var text string
		if err := json.Unmarshal(v, &text); err != nil {
			return nil, err
		}
		return d.bindText(text, c)
	case 't', 'f':
		return d.bindFlag(v[0] == 't', c), nil
	}
	return d.bindNumber(string(v), c)
}

// compact gives JSON without white space around its parts.
func compact(v actions.Value) string {
	var b bytes.Buffer
	if json.Compact(&b, v) != nil {
		return string(v)
	}
	return b.String()
}

func (d *dialect) bindText(text string, c class) (any, error) {
	switch c {
	case whole64, decimal:
		if number := strings.TrimSpace(text); isNumber(number) {
			return d.bindNumber(number, c)
		}
		return nil, fmt.Errorf("the column takes a number, and this is %s", excerpt(text))
	case moment, day:
		if at, ok := instant(text); ok {
			return d.bindTime(at, c), nil
		}
	}
	return text, nil
}

func (d *dialect) bindFlag(is bool, c class) any {
	if c == letters || c == flag && d.fromText || c == moment || c == day {
		return strconv.FormatBool(is)
	}
	if is {
		return int64(1)
	}
	return int64(0)
}

func (d *dialect) bindNumber(number string, c class) (any, error) {
	if c == whole64 {
		if head, zeros, ok := strings.Cut(number, "."); ok && strings.Trim(zeros, "0") == "" {
			number = head
		}
		if !isWhole(number) {
			return nil, fmt.Errorf("the column takes a whole number, and this is %s", excerpt(number))
		}
	}
	if d.fromText { // PostgreSQL makes of text what the column is, and says what does not fit
		return number, nil
	}
	if i, err := strconv.ParseInt(number, 10, 64); err == nil && c != letters && c != decimal {
		return i, nil
	}
	if c == free {
		if f, err := strconv.ParseFloat(number, 64); err == nil {
			return f, nil
		}
	}
	return number, nil
}

// isNumber tells whether text is a number as JSON writes it.
func isNumber(text string) bool {
	return text != "" && (text[0] == '-' || '0' <= text[0] && text[0] <= '9') && json.Valid([]byte(text))
}

// isWhole tells whether a number is written with digits only.
func isWhole(number string) bool {
	digits := strings.TrimPrefix(number, "-")
	return digits != "" && strings.Trim(digits, "0123456789") == ""
}

// clocks are the ways in which stores write points in time.
var clocks = [...]string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999 -0700", "2006-01-02T15:04:05.999999999-0700"}

// instant reads a point in time that says its zone.
func instant(text string) (time.Time, bool) {
	for _, clock := range clocks {
		if at, err := time.Parse(clock, text); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

// The forms of times in UTC. Without a sign for the zone at its end, text sorts as time does.
const (
	clock = "2006-01-02 15:04:05.999999"
	date  = "2006-01-02"
)

func (d *dialect) bindTime(at time.Time, c class) string {
	switch {
	case c == day:
		return at.Format(date)
	case d.zones && c == moment:
		return at.Format(clock) + "Z"
	}
	return at.Format(clock)
}

// excerpt shows the beginning of a value.
func excerpt(text string) string { return strconv.Quote(actions.Excerpt([]byte(text))) }
