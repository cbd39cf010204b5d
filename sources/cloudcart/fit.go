package cloudcart

import (
	"slices"
	"strconv"
	"strings"

	"shopbell/event"
)

// A fitter brings what the API gave into the form that the schema promises. CloudCart says yes, 1 and true for one thing,
// numbers as text and text as numbers, and an empty list where there is no object; what cannot be brought into form is
// left out, and so is what the schema does not know.
type fitter struct {
	money []string // fields in hundredths
}

// fit gives nil where the value says nothing.
func (f fitter) fit(s *event.Schema, value any) any {
	switch s.Form {
	case event.Flag:
		return truth(value)
	case event.Number:
		return amount(value)
	case event.Text:
		return words(value)
	case event.List:
		return f.list(s, value)
	case event.Object:
		return f.object(s, value)
	}
	return value
}

func (f fitter) object(s *event.Schema, value any) any {
	from, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	to := make(map[string]any, len(s.Fields))
	for _, field := range s.Fields {
		v := f.fit(field.Schema, from[field.Name])
		if v != nil && field.Form == event.Number && slices.Contains(f.money, field.Name) {
			v = units(from[field.Name])
		}
		switch {
		case v != nil:
			to[field.Name] = v
		case !field.Optional && field.Form == event.List:
			to[field.Name] = []any{}
		case !field.Optional && field.Form == event.Object:
			to[field.Name] = map[string]any{}
		}
	}
	return to
}

func (f fitter) list(s *event.Schema, value any) any {
	from, ok := value.([]any)
	if !ok {
		return nil
	}
	to := make([]any, 0, len(from))
	for _, elem := range from {
		if v := f.fit(s.Elem, elem); v != nil {
			to = append(to, v)
		}
	}
	return to
}

// truth reads a flag in any of the platform's spellings; nil for what is none.
func truth(value any) any {
	switch v := value.(type) {
	case bool:
		return v
	case int:
		if v == 0 || v == 1 {
			return v == 1
		}
	case string:
		switch strings.ToLower(v) {
		case "yes", "1", "true":
			return true
		case "no", "0", "false":
			return false
		}
	}
	return nil
}

// amount reads a number, also when it comes as text; nil for what is none.
func amount(value any) any {
	switch v := value.(type) {
	case int, float64:
		return v
	case bool:
		if v {
			return 1
		}
		return 0
	case string:
		if n, err := event.Decode([]byte(strings.TrimSpace(v))); err == nil {
			switch n.(type) {
			case int, float64:
				return n
			}
		}
	}
	return nil
}

// units turns hundredths into units. An amount with a point is in units already.
func units(value any) any {
	if s, ok := value.(string); ok && strings.Contains(s, ".") {
		return amount(value)
	}
	switch v := amount(value).(type) {
	case int:
		return float64(v) / 100
	case float64:
		return v
	}
	return nil
}

// words reads text, also when it comes as a number; nil for what is none.
func words(value any) any {
	switch v := value.(type) {
	case string:
		return v
	case int:
		return strconv.Itoa(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return nil
}
