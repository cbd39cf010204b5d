package ecwid

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"shopbell/event"
)

// The bounds of what a notification may say, in bytes.
const (
	maxEventID = 200
	maxType    = 100
	maxID      = 100 // of an order, a cart or any other entity
)

// A notification is the envelope of a webhook, each part still as its JSON text: Ecwid sends the same field as a
// number in one event and as text in another. The parts lie inside the body.
type notification struct {
	EventID, Created, StoreID, EntityID, EventType, Data json.RawMessage
}

// parse reads the envelope and nothing in it.
func parse(body []byte) (*notification, error) {
	if tooDeep(body) {
		return nil, fmt.Errorf("the body is %w", event.ErrDepth)
	}
	if !json.Valid(body) {
		return nil, errors.New("the body is not JSON")
	}
	if at := skipSpace(body, 0); body[at] != '{' {
		return nil, errors.New("the body is JSON, but not an object")
	}
	var n notification
	for key, value := range members(body) {
		switch key {
		case "eventId":
			n.EventID = value
		case "eventCreated":
			n.Created = value
		case "storeId":
			n.StoreID = value
		case "entityId":
			n.EntityID = value
		case "eventType":
			n.EventType = value
		case "data":
			n.Data = value
		}
	}
	return &n, nil
}

// signedParts gives the text of eventCreated and eventId, from which the signature is made.
func (n *notification) signedParts() (created, id string, err error) {
	if created, err = scalar("eventCreated", n.Created, 40); err != nil {
		return "", "", err
	}
	id, err = scalar("eventId", n.EventID, maxEventID)
	return created, id, err
}

// moment turns eventCreated into a time. It is in seconds; the year 5138 and later can only be milliseconds. The
// documentation's own example lies far in the future, so that is no reason to refuse.
func moment(created string) (time.Time, error) {
	seconds, err := strconv.ParseFloat(created, 64)
	if err != nil || math.IsNaN(seconds) || seconds < 0 || seconds > 1e14 {
		return time.Time{}, errors.New("eventCreated is not a UNIX time in seconds")
	}
	if seconds >= 1e11 {
		return time.UnixMilli(int64(seconds)).UTC(), nil
	}
	return time.Unix(int64(seconds), 0).UTC(), nil
}

// store gives the id of the store.
func (n *notification) store() (string, error) {
	id, err := scalar("storeId", n.StoreID, 20)
	if err == nil && !isNumber(id) {
		err = errors.New("storeId is not a whole number above 0")
	}
	return id, err
}

// claim gives data when it is an object, and nil when there is none.
func (n *notification) claim() (json.RawMessage, error) {
	switch {
	case absent(n.Data):
		return nil, nil
	case n.Data[0] != '{':
		return nil, errors.New("data is not an object")
	}
	return n.Data, nil
}

// optional gives the text of a field that may be missing, trimmed: "" when it is.
func optional(name string, raw json.RawMessage) (string, error) {
	if absent(raw) {
		return "", nil
	}
	if text := strings.TrimSpace(unquoted(raw)); text == "" {
		return "", nil
	}
	return scalar(name, raw, maxID)
}

// scalar gives the text of a JSON number or string, trimmed. A number keeps its digits as they were sent, because the
// signature covers them. Errors name the field.
func scalar(name string, raw json.RawMessage, limit int) (string, error) {
	if absent(raw) {
		return "", fmt.Errorf("%s is missing", name)
	}
	if c := raw[0]; c != '"' && c != '-' && (c < '0' || c > '9') {
		return "", fmt.Errorf("%s is neither a number nor text", name)
	}
	text := strings.TrimSpace(unquoted(raw))
	switch {
	case text == "":
		return "", fmt.Errorf("%s is empty", name)
	case len(text) > limit:
		return "", fmt.Errorf("%s is longer than %d bytes", name, limit)
	case strings.ContainsFunc(text, unprintable):
		return "", fmt.Errorf("%s holds characters that cannot be printed", name)
	}
	return text, nil
}

// unprintable also takes the mark that stands for broken UTF-8.
func unprintable(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }

// unquoted gives the text of a JSON string, and of anything else its JSON.
func unquoted(raw json.RawMessage) string {
	if len(raw) < 2 || raw[0] != '"' {
		return string(raw)
	}
	plain := raw[1 : len(raw)-1]
	for _, c := range plain {
		if c == '\\' || c >= utf8.RuneSelf {
			var text string
			if json.Unmarshal(raw, &text) != nil {
				return ""
			}
			return text
		}
	}
	return string(plain)
}

func absent(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// tooDeep counts brackets outside of strings before anything is decoded. [event.Decode] has the same bound, but
// decodes everything, which a webhook need not pay for.
func tooDeep(body []byte) bool {
	depth, inside := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case inside && c == '\\':
			i++
		case c == '"':
			inside = !inside
		case inside:
		case c == '{' || c == '[':
			if depth++; depth > event.MaxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}
