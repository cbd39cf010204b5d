package openconnectors

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"shopbell/event"
)

// An element is one event in a notification, as it came.
type element struct {
	ObjectType json.RawMessage `json:"objectType"`
	ObjectID   json.RawMessage `json:"objectId"`
	EventType  json.RawMessage `json:"eventType"`
	ElementKey json.RawMessage `json:"elementKey"`
	Date       json.RawMessage `json:"date"`
	Path       json.RawMessage `json:"path"`
	Metadata   json.RawMessage `json:"metadata"`
}

// A claim is what rules see as event.data.
type claim struct {
	EventID              string          `json:"eventId"`
	ObjectType           string          `json:"objectType"`
	ObjectID             string          `json:"objectId,omitempty"`
	EventType            string          `json:"eventType"` // CREATED, UPDATED, DELETED or UNKNOWN
	ElementKey           string          `json:"elementKey,omitempty"`
	Date                 string          `json:"date,omitempty"` // RFC 3339 in UTC when it can be read, else as it came
	Path                 string          `json:"path,omitempty"`
	Metadata             json.RawMessage `json:"metadata,omitempty"`
	OrderID              string          `json:"orderId,omitempty"`
	NewPaymentStatus     string          `json:"newPaymentStatus,omitempty"`
	OldPaymentStatus     string          `json:"oldPaymentStatus,omitempty"`
	NewFulfillmentStatus string          `json:"newFulfillmentStatus,omitempty"`
	OldFulfillmentStatus string          `json:"oldFulfillmentStatus,omitempty"`
	Raw                  json.RawMessage `json:"raw,omitempty"`
}

// maxRaw is how large raw may be to be part of event.data, in bytes. It is repeated in every event of a notification, and
// in every notification into which a large one was split.
const maxRaw = 64 << 10

// events makes an event of each element. id is the platform's of the notification; element is the key of the config.
// Equal ones among them are one.
func (n *notification) events(id, elementKey string) []event.Event {
	if n.elementKey != "" {
		elementKey = n.elementKey
	}
	told, isIon := parseIon(n.raw)
	if isIon {
		n.objectType = cmp.Or(n.objectType, "orders") // it tells of nothing else
	}
	raw := compacted(n.raw)
	found := make([]event.Event, 0, len(n.elements))
	known := make(map[string]bool, len(n.elements))
	for _, one := range n.elements {
		var el element
		_ = json.Unmarshal(one, &el) // a valid object, of which every field is taken as it is
		e := event.Event{ID: id + "." + el.mark(one)}
		if known[e.ID] {
			continue
		}
		known[e.ID] = true
		c, at := n.claim(&el, id, elementKey)
		// A raw of several orders would be taken for each of them, so the order must be the one.
		if isIon && noun(c.ObjectType) == "order" && (c.ObjectID == "" || c.ObjectID == loose(told.OrderID)) {
			told.fill(c)
			c.ObjectID = c.OrderID
			if change(c.EventType) == changed {
				c.EventType = strings.ToUpper(told.change())
			}
			if c.Date == "" {
				c.Date, at = moment(told.Date)
			}
		}
		if len(raw) <= maxRaw {
			c.Raw = raw
		}
		e.Type, e.Subject, e.Created, e.Data = noun(c.ObjectType)+"."+change(c.EventType), c.subject(), at, c.json()
		found = append(found, e)
	}
	return found
}

// claim reads one element, with what the notification says of all.
func (n *notification) claim(el *element, id, elementKey string) (*claim, time.Time) {
	var inside struct {
		Type json.RawMessage `json:"type"`
		ID   json.RawMessage `json:"id"`
	}
	if first(el.Metadata) == '{' {
		_ = json.Unmarshal(el.Metadata, &inside) // as element
	}
	c := &claim{EventID: id, Path: loose(el.Path), Metadata: compacted(el.Metadata),
		ObjectType: cmp.Or(loose(el.ObjectType), n.objectType, loose(inside.Type), "object"),
		ObjectID:   cmp.Or(loose(el.ObjectID), loose(inside.ID), loose(el.Path)),
		ElementKey: cmp.Or(loose(el.ElementKey), elementKey),
		EventType:  "UNKNOWN"}
	if what := change(loose(el.EventType)); what != changed {
		c.EventType = strings.ToUpper(what)
	}
	var at time.Time
	c.Date, at = moment(el.Date)
	return c, at
}

// mark tells an event from the others of the same id of the platform. It is made of what the event says, not of its place:
// the platform splits a large event over several notifications, each of which counts from 0, and lists it whole when it is
// polled. It is made of nothing else, because what is told of all events differs between the forms. Two that say the same
// of the same moment are one.
func (el *element) mark(one json.RawMessage) string {
	when, at := moment(el.Date)
	if !at.IsZero() {
		when = strconv.FormatInt(at.UnixMilli(), 10)
	}
	parts := []string{"", loose(el.ObjectID), change(loose(el.EventType)), when}
	if objectType := loose(el.ObjectType); objectType != "" {
		parts[0] = noun(objectType)
	}
	if parts[1] == "" {
		parts = append(parts, string(canonical(one)))
	}
	h := sha256.New()
	var size [8]byte
	for _, text := range parts {
		binary.BigEndian.PutUint64(size[:], uint64(len(text)))
		h.Write(size[:])
		h.Write([]byte(text))
	}
	return hex.EncodeToString(h.Sum(nil)[:10])
}

// subject gives what the event is about, such as "order/516483487"; "" when that is not told, or cannot be a name.
func (c *claim) subject() string {
	if c.ObjectID == "" || len(c.ObjectID) > maxObjectID || strings.ContainsFunc(c.ObjectID, unprintable) {
		return ""
	}
	return noun(c.ObjectType) + "/" + c.ObjectID
}

func (c *claim) json() json.RawMessage {
	text, err := json.Marshal(c)
	if err != nil {
		return nil // cannot be: every field is text, or JSON that has been read
	}
	return text
}

// moment reads a date: as text for people, and as a time, which is zero when it is no date. The forms are those that the
// platform's pages show, and UNIX times in milliseconds or seconds.
func moment(raw json.RawMessage) (string, time.Time) {
	text := loose(raw)
	at := momentOf(text)
	if at.IsZero() {
		return text, at
	}
	return at.Format(time.RFC3339Nano), at
}

func momentOf(text string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999",
		"2006-01-02 15:04:05.999999999 Z0700", "2006-01-02 15:04:05.999999999"} {
		if at, err := time.Parse(layout, text); err == nil && at.Year() >= 1970 && at.Year() < 10000 {
			return at.UTC()
		}
	}
	number, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil || number <= 0 || number > 1e14:
		return time.Time{}
	case number >= 1e11: // the year 5138 in seconds can only be milliseconds
		return time.UnixMilli(number).UTC()
	}
	return time.Unix(number, 0).UTC()
}

// compacted gives JSON without white space; nil for none.
func compacted(raw json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	if absent(raw) || json.Compact(&b, raw) != nil {
		return nil
	}
	return b.Bytes()
}

// canonical gives JSON whose keys are in order, so that the same value is the same text.
func canonical(raw json.RawMessage) []byte {
	value, err := event.Decode(raw)
	if err != nil {
		return raw
	}
	text, err := json.Marshal(value)
	if err != nil {
		return raw
	}
	return text
}
