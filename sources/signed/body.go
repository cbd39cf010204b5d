package signed

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"shopbell/event"
)

// parse reads a body. It is stricter than [event.Decode]: what two readers could take for different things is refused,
// because one of them may have checked it.
func parse(body []byte) (any, error) {
	if len(body) == 0 {
		return nil, errors.New("the body is empty")
	}
	if !utf8.Valid(body) {
		return nil, errors.New("the body is not UTF-8")
	}
	value, err := event.Decode(body)
	if errors.Is(err, event.ErrDepth) {
		return nil, fmt.Errorf("the body is %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("the body is not JSON that can be read: %w", err)
	}
	if key, twice := doubled(body); twice {
		return nil, fmt.Errorf("the body has the key %.40q twice in one object", key)
	}
	return value, nil
}

// doubled finds a key that an object has twice. The text is valid JSON.
func doubled(text []byte) (key string, twice bool) {
	type level struct {
		keys map[string]bool // nil for a list
		want bool            // a key comes next
	}
	var open []level
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{':
			open = append(open, level{keys: map[string]bool{}, want: true})
		case '[':
			open = append(open, level{})
		case '}', ']':
			open = open[:len(open)-1]
		case ',':
			in := &open[len(open)-1]
			in.want = in.keys != nil
		case '"':
			end := stringEnd(text, i)
			if len(open) > 0 && open[len(open)-1].want {
				in := &open[len(open)-1]
				key := unquoted(text[i : end+1])
				if in.keys[key] {
					return key, true
				}
				in.keys[key], in.want = true, false
			}
			i = end
		}
	}
	return "", false
}

// stringEnd gives the place of the quote that ends the string that begins at i.
func stringEnd(text []byte, i int) int {
	for i++; i < len(text) && text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i
}

// unquoted gives the text of a JSON string.
func unquoted(raw []byte) string {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return ""
	}
	return text
}

// rawAt gives the part of a JSON value that a path of names leads to, as it is written; nil when it is not there. The value
// has been parsed before.
func rawAt(raw json.RawMessage, path []string) json.RawMessage {
	for _, name := range path {
		var members map[string]json.RawMessage
		if json.Unmarshal(raw, &members) != nil {
			return nil
		}
		if raw = members[name]; raw == nil {
			return nil
		}
	}
	return raw
}

// scalarAt gives the text of a field for signing. A number keeps its digits as they were sent.
func scalarAt(body []byte, path []string) (string, bool) {
	raw := rawAt(body, path)
	if len(raw) == 0 {
		return "", false
	}
	switch raw[0] {
	case '"':
		return unquoted(raw), true
	case 'n', '{', '[':
		return "", false
	}
	return string(raw), true
}
