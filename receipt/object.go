package receipt

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// An object is what a platform gives. Its members may be of other types than they should; those are as if they were not there.
type object map[string]any

// text gives the first member of some names that is text and not empty, on one line. Numbers are text too.
func (o object) text(names ...string) string {
	for _, name := range names {
		if t := oneLine(written(o[name])); t != "" {
			return t
		}
	}
	return ""
}

// maxText bounds what is shown of one text, in letters.
const maxText = 400

// oneLine takes line breaks and what does not show out of a text.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	n := 0
	for i := range text {
		if n++; n > maxText {
			return text[:i] + "…"
		}
	}
	return text
}

func written(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case int:
		return strconv.Itoa(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// amount gives the first member of some names that is a number, and whether there is one.
func (o object) amount(names ...string) (Amount, bool) {
	for _, name := range names {
		if text := written(o[name]); text != "" {
			if a, ok := ParseAmount(text); ok {
				return a, true
			}
		}
	}
	return Amount{}, false
}

// sum gives an amount, and zero for none.
func (o object) sum(names ...string) Amount {
	a, _ := o.amount(names...)
	return a
}

// flag gives a member that is true or false, and whether there is one.
func (o object) flag(names ...string) (value, known bool) {
	for _, name := range names {
		if b, ok := o[name].(bool); ok {
			return b, true
		}
	}
	return false, false
}

// in gives a member that is an object; an empty one for none.
func (o object) in(names ...string) object {
	for _, name := range names {
		if m, ok := o[name].(map[string]any); ok && len(m) > 0 {
			return m
		}
	}
	return nil
}

// each gives the objects of a member that is a list.
func (o object) each(names ...string) []object {
	for _, name := range names {
		list, _ := o[name].([]any)
		var found []object
		for _, v := range list {
			if m, ok := v.(map[string]any); ok {
				found = append(found, m)
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// lines gives a member that is text of several lines, or a list of lines.
func (o object) lines(name string) []string {
	var all []string
	switch v := o[name].(type) {
	case string:
		all = strings.FieldsFunc(v, func(r rune) bool { return r == '\n' || r == '\r' })
	case []any:
		for _, line := range v {
			all = append(all, written(line))
		}
	}
	var found []string
	for _, line := range all {
		if line = oneLine(line); line != "" && len(found) < 12 {
			found = append(found, line)
		}
	}
	return found
}

// moment gives the first member of some names that is a time. What tells no zone is meant in the one given.
func (o object) moment(zone *time.Location, names ...string) time.Time {
	for _, name := range names {
		if t, ok := readTime(written(o[name]), zone); ok {
			return t.In(zone)
		}
	}
	return time.Time{}
}

func readTime(text string, zone *time.Location) (time.Time, bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 {
		if n > 1e11 { // milliseconds
			return time.UnixMilli(n), n < 1e14
		}
		return time.Unix(n, 0), true
	}
	for _, layout := range []string{"2006-01-02 15:04:05 -0700", time.RFC3339, "2006-01-02T15:04:05-0700", "2006-01-02 15:04:05", "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil && t.Year() > 0 {
			return t, true
		}
	}
	return time.Time{}, false
}

// plainly brings what a caller gives into the form of decoded JSON.
func plainly(given map[string]any) (object, error) {
	text, err := json.Marshal(given)
	if err != nil {
		return nil, fmt.Errorf("it cannot be read: %w", err)
	}
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	var o map[string]any
	err = d.Decode(&o)
	return o, err
}
