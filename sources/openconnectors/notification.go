package openconnectors

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"shopbell/event"
)

// The bounds of what a notification may say.
const (
	maxEventID  = 150 // bytes
	maxName     = 60  // bytes, of an object's type and the like
	maxObjectID = 200 // bytes; an object with a longer id is no subject
	maxElements = 100 // events in one notification; the platform sends at most 20
)

// A part is an object that may hold events, or another that does. The documentation shows three forms:
//
//	{"message": {"eventId": "a1", "instanceId": 31, "raw": {…}, "events": [{"objectType": "orders", …}]}}
//	{"eventId": 1088, "instanceId": 31, "response": {"events": [{"path": "/folder", "metadata": {…}}]}}
//	{"eventId": 1088, "instanceId": 31, "type": "event", "event": {"objectType": "orders", …}}
//
// and no sample whole, so that what is told in one place of a form is taken in any.
type part struct {
	EventID     json.RawMessage `json:"eventId"`
	InstanceID  json.RawMessage `json:"instanceId"`
	InstanceID2 json.RawMessage `json:"instance_id"` // the other spelling that consumers have seen
	ElementKey  json.RawMessage `json:"elementKey"`
	ObjectType  json.RawMessage `json:"objectType"`
	Raw         json.RawMessage `json:"raw"`
	Message     json.RawMessage `json:"message"`
	Response    json.RawMessage `json:"response"`
	Events      json.RawMessage `json:"events"`
	Event       json.RawMessage `json:"event"`
}

// A notification is what all forms have in common.
type notification struct {
	eventID    string // "" when it tells none
	instance   string // "" when it tells none
	elementKey string
	objectType string          // of events that do not tell theirs
	raw        json.RawMessage // what the platform behind the element said; nil for none
	elements   []json.RawMessage
}

// parse reads a notification. Its error is for people, and holds nothing of the body.
func parse(body []byte) (*notification, error) {
	if err := readable(body); err != nil {
		return nil, fmt.Errorf("the body is %w", err)
	}
	n := new(notification)
	known, err := n.take(body, 3)
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, errors.New("the body holds neither message, response, events nor event, so this is no event notification")
	}
	if len(n.elements) > maxElements {
		return nil, fmt.Errorf("the body holds more than %d events", maxElements)
	}
	return n, nil
}

// readable tells whether text is JSON that is not nested too deep.
func readable(text []byte) error {
	if _, err := event.Decode(text); errors.Is(err, event.ErrDepth) {
		return err
	} else if err != nil || !json.Valid(text) {
		return errors.New("not JSON")
	}
	return nil
}

// take reads one object and those in it. What is told further inside counts. known tells whether there was a place for
// events, though it may be empty.
func (n *notification) take(raw json.RawMessage, depth int) (known bool, err error) {
	if first(raw) != '{' {
		return false, errors.New("the notification is JSON, but not an object where it has to be one")
	}
	var p part
	if err := json.Unmarshal(raw, &p); err != nil {
		return false, errors.New("the notification is not of the form of one")
	}
	if err := n.envelope(&p); err != nil {
		return false, err
	}
	for _, inner := range []json.RawMessage{p.Message, p.Response} {
		if absent(inner) {
			continue
		}
		if depth == 0 {
			return false, errors.New("the notification is nested deeper than any form of one")
		}
		found, err := n.take(inner, depth-1)
		if err != nil {
			return false, err
		}
		known = known || found
	}
	return n.list(&p, known)
}

// list takes the events of a part.
func (n *notification) list(p *part, known bool) (bool, error) {
	switch {
	case first(p.Event) == '{':
		n.elements, known = append(n.elements, p.Event), true
	case !absent(p.Event):
		return false, errors.New("event is not an object")
	}
	if absent(p.Events) {
		return known, nil
	}
	var list []json.RawMessage
	if json.Unmarshal(p.Events, &list) != nil {
		return false, errors.New("events is not a list")
	}
	for i, element := range list {
		if first(element) != '{' {
			return false, fmt.Errorf("number %d of the events is not an object", i+1)
		}
	}
	n.elements = append(n.elements, list...)
	return true, nil
}

// envelope takes what is told of all events of a part.
func (n *notification) envelope(p *part) error {
	for _, field := range []struct {
		name  string
		raw   json.RawMessage
		limit int
		to    *string
	}{
		{"eventId", p.EventID, maxEventID, &n.eventID}, {"instance_id", p.InstanceID2, 20, &n.instance},
		{"instanceId", p.InstanceID, 20, &n.instance}, {"elementKey", p.ElementKey, maxName, &n.elementKey},
	} {
		text, err := scalar(field.name, field.raw, field.limit)
		if err != nil {
			return err
		}
		if text != "" {
			*field.to = text
		}
	}
	if n.instance != "" && !isNumber(n.instance) {
		return errors.New("instanceId is not a whole number above 0")
	}
	if text := loose(p.ObjectType); text != "" {
		n.objectType = text
	}
	if !absent(p.Raw) {
		n.raw = p.Raw
	}
	if first(n.raw) == '{' && n.objectType == "" {
		var inside struct {
			ObjectType json.RawMessage `json:"objectType"`
		}
		_ = json.Unmarshal(n.raw, &inside) // valid JSON; what does not fit is told nowhere
		n.objectType = loose(inside.ObjectType)
	}
	return nil
}

// idOf gives the id of a notification: the platform's, else one made of the body, which is the same at every try.
func (n *notification) idOf(body []byte) string {
	if n.eventID != "" {
		return n.eventID
	}
	sum := sha256.Sum256(body)
	return "body-" + hex.EncodeToString(sum[:16])
}

// scalar gives the text of a JSON number or string, trimmed; "" when there is none. A number keeps its digits.
func scalar(name string, raw json.RawMessage, limit int) (string, error) {
	if absent(raw) {
		return "", nil
	}
	if c := raw[0]; c != '"' && c != '-' && (c < '0' || c > '9') {
		return "", fmt.Errorf("%s is neither a number nor text", name)
	}
	text := loose(raw)
	switch {
	case len(text) > limit:
		return "", fmt.Errorf("%s is longer than %d bytes", name, limit)
	case strings.ContainsFunc(text, unprintable):
		return "", fmt.Errorf("%s holds characters that cannot be printed", name)
	}
	return text, nil
}

// loose gives the text of a JSON number or string, trimmed, and "" for anything else.
func loose(raw json.RawMessage) string {
	switch c := first(raw); {
	case c == '"':
		var text string
		_ = json.Unmarshal(raw, &text) // valid JSON, of which it is the string
		return strings.TrimSpace(text)
	case c == '-' || c >= '0' && c <= '9':
		return string(raw)
	}
	return ""
}

// unprintable also takes the mark that stands for broken UTF-8.
func unprintable(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }

func absent(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// first gives the first byte of a JSON value, which says what it is; 0 for none.
func first(raw json.RawMessage) byte {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	if len(raw) == 0 {
		return 0
	}
	return raw[0]
}

// isNumber tells whether text is a whole number above zero, as the platform numbers instances.
func isNumber(text string) bool {
	if text == "" || len(text) > 19 || text[0] == '0' {
		return false
	}
	for _, c := range []byte(text) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// isWord tells whether text can stand in a path, and in the name of a folder.
func isWord(text string) bool {
	return len(text) <= maxName && strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}
