package openconnectors

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"shopbell/event"
)

// nextPageHeader is the header in which a list tells the token of its next page.
const nextPageHeader = "Elements-Next-Page-Token"

// A stored event is one of the events API, GET /instances/{id}/events:
//
//	{"id": "a1b2c3", "eventDate": "2025-01-01T00:00:00Z", "status": "NOTIFIED", "providerData": "{…}", "notifiedData": […]}
//
// Its id is the eventId of its notifications, providerData what the platform behind the element said, as text, and
// notifiedData the events that were made of it. Until they are made, notifiedData is not there, or empty.
type stored struct {
	id     string
	date   time.Time
	status string
	whole  json.RawMessage
	*notification
}

// notified is the status of an event of which all notifications are made. Those before are NEW, RECEIVED, DISPATCHED and
// CONSUMED.
const notified = "NOTIFIED"

// parseList reads a page of the events API.
func parseList(raw json.RawMessage) ([]stored, error) {
	var list []json.RawMessage
	if first(raw) != '[' || json.Unmarshal(raw, &list) != nil {
		return nil, errors.New("the API's answer is not a list of events")
	}
	found := make([]stored, 0, len(list))
	var odd error
	for i, one := range list {
		s, err := parseStored(one)
		if err != nil { // one odd event must not hold up the others for ever
			odd = fmt.Errorf("number %d of the API's list of events: %w", i+1, err)
			continue
		}
		found = append(found, s)
	}
	if len(found) == 0 {
		return nil, odd
	}
	return found, nil
}

// parseStored reads one event of the events API. Without an id or a date it could be neither kept apart nor placed, so that
// is an error.
func parseStored(raw json.RawMessage) (stored, error) {
	var form struct {
		ID           json.RawMessage `json:"id"`
		EventDate    json.RawMessage `json:"eventDate"`
		Status       json.RawMessage `json:"status"`
		ProviderData json.RawMessage `json:"providerData"`
		NotifiedData json.RawMessage `json:"notifiedData"`
	}
	if first(raw) != '{' || json.Unmarshal(raw, &form) != nil {
		return stored{}, errors.New("it is not an object")
	}
	s := stored{status: loose(form.Status), whole: raw, notification: &notification{raw: provided(form.ProviderData)}}
	var err error
	if s.id, err = scalar("id", form.ID, maxEventID); err != nil {
		return stored{}, err
	}
	if _, s.date = moment(form.EventDate); s.date.IsZero() || s.id == "" {
		return stored{}, errors.New("it has no id, or no eventDate that can be read")
	}
	if err := s.take(form.NotifiedData); err != nil {
		return stored{}, err
	}
	if len(s.elements) > maxElements {
		return stored{}, fmt.Errorf("it holds more than %d events", maxElements)
	}
	return s, nil
}

// take reads notifiedData, of which no sample is published: its items are events, or notifications as they were sent, each
// as an object or as text that holds one.
func (s *stored) take(raw json.RawMessage) error {
	items := []json.RawMessage{raw}
	switch raw = unfolded(raw); {
	case absent(raw):
		return nil
	case first(raw) == '[':
		if json.Unmarshal(raw, &items) != nil {
			return errors.New("notifiedData is not a list")
		}
	}
	for _, item := range items {
		item = unfolded(item)
		if first(item) != '{' {
			return errors.New("notifiedData holds something that is no event")
		}
		n := &notification{raw: s.raw, elementKey: s.elementKey, objectType: s.objectType}
		if known, err := n.take(item, 3); err != nil {
			return err
		} else if !known { // no place for events, so it is one
			s.elements = append(s.elements, item)
			continue
		}
		s.elements = append(s.elements, n.elements...)
		s.raw, s.elementKey, s.objectType = n.raw, n.elementKey, n.objectType
	}
	return nil
}

// unfolded gives the JSON in a JSON string; anything else as it is.
func unfolded(raw json.RawMessage) json.RawMessage {
	if first(raw) != '"' {
		return raw
	}
	inside := json.RawMessage(loose(raw))
	if len(inside) == 0 || readable(inside) != nil {
		return raw
	}
	return inside
}

// provided gives what the platform behind the element sent, as the raw of a notification has it: an object. Ecwid sent a
// form. What is neither is kept as text.
func provided(raw json.RawMessage) json.RawMessage {
	inside := unfolded(raw)
	if first(inside) != '"' {
		return inside
	}
	form, err := url.ParseQuery(loose(raw))
	if err != nil || form.Get("event_type") == "" {
		return raw
	}
	fields := make(map[string]string, len(form))
	for name := range form {
		fields[name] = form.Get(name)
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return raw
	}
	return text
}

// finished tells whether nothing is to be awaited any more.
func (s *stored) finished() bool { return len(s.elements) > 0 || s.status == notified }

// found gives the events as their notifications would have told them.
func (s *stored) found(source string, shop *shop, received time.Time) []event.Event {
	events := s.events(s.id, shop.element)
	for i := range events {
		e := &events[i]
		e.Source, e.Store, e.Received, e.Polled, e.Body = source, shop.store, received, true, s.whole
		if e.Created.IsZero() {
			e.Created = s.date
		}
		if i > 0 && len(s.whole) > maxShared {
			e.Body = e.Data
		}
	}
	return events
}
