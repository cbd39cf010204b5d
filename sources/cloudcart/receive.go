package cloudcart

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"shopbell/event"
	"shopbell/sources"
)

// KeyHeader holds the API key that a webhook is linked to.
const KeyHeader = "X-CloudCart-ApiKey"

// The bounds of a notification.
const (
	maxElements = 100 // CloudCart sends one
	maxKeys     = 4   // header lines that are looked at
)

// Receive implements [sources.Source]. It gives an event for each element of the body, which is one. Every refusal has
// status 200, so that CloudCart neither deactivates the webhook nor tries again what will never be taken.
func (s *source) Receive(r sources.Request) ([]event.Event, error) {
	store, name, ok := splitPath(r.Path)
	if !ok {
		return nil, refuse("parse", "the path does not end in a store and an event, such as /webhooks/%s/shop1/order.created", s.name)
	}
	shop, known := s.shops[store]
	if !known {
		shop = nobody() // so that an unknown store takes as long as a wrong key
	}
	switch fits := proves(r.Header, shop.keys); {
	case !known:
		return nil, refuse("store", "there is no store of this name in the config of this source")
	case len(headerValues(r.Header)) == 0:
		return nil, refuse("secret", "the header %s is missing, so this is not from CloudCart", KeyHeader)
	case !fits:
		return nil, refuse("secret", "the API key is not that of store %s: if the webhook is linked to another key, put that into stores.%s.webhook_key", store, store)
	}
	e, ok := s.kinds[name]
	if !ok {
		return nil, refuse("type", "CloudCart has no such event as the path names")
	}
	elements, err := parseBody(r.Body)
	if err != nil {
		return nil, refuse("parse", "%v", err)
	}
	events := make([]event.Event, 0, len(elements))
	for _, element := range elements {
		next, err := s.event(shop, e, name, element)
		if err != nil {
			return nil, refuse("parse", "%v", err)
		}
		next.Received, next.Body = r.Received, json.RawMessage(r.Body)
		if len(elements) > 1 { // else each would keep all
			next.Body = next.Data
		}
		events = append(events, next)
	}
	return events, nil
}

func refuse(label, format string, args ...any) *sources.Refusal {
	return sources.Refuse(http.StatusOK, label, format, args...)
}

// splitPath takes a path such as /shop1/order.created apart. The parts are not yet known to name anything.
func splitPath(path string) (store, event string, ok bool) {
	store, event, ok = strings.Cut(strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/"), "/")
	return store, event, ok && isWord(store) && isWord(event)
}

// digest gives what keys are compared by: equal lengths, and no key kept in a form that a dump would tell.
func digest(key string) [sha256.Size]byte { return sha256.Sum256([]byte(key)) }

// proves tells whether a header holds one of the keys. How long it takes tells nothing of the keys.
func proves(h http.Header, keys [][sha256.Size]byte) bool {
	if len(keys) == 0 {
		keys = [][sha256.Size]byte{{}}
	}
	fits := 0
	for _, value := range headerValues(h) {
		sum := digest(strings.TrimSpace(value))
		for i := range keys {
			fits |= subtle.ConstantTimeCompare(sum[:], keys[i][:])
		}
	}
	return fits == 1
}

// headerValues gives the values of the key's header, however it is spelled. Where a merchant has set a header of the same
// name, both are sent.
func headerValues(h http.Header) []string {
	var values []string
	for name, v := range h {
		if strings.EqualFold(name, KeyHeader) {
			values = append(values, v...)
		}
	}
	return values[:min(len(values), maxKeys)]
}

// parseBody gives the elements of a body: an array with one element as documented; a bare object, or several, will do.
// The errors hold nothing of the body.
func parseBody(body []byte) ([]map[string]any, error) {
	value, err := event.Decode(body)
	if errors.Is(err, event.ErrDepth) {
		return nil, fmt.Errorf("the body is %w", err)
	}
	if err != nil {
		return nil, errors.New("the body is not JSON")
	}
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	if len(list) == 0 || len(list) > maxElements {
		return nil, fmt.Errorf("the body is a list of %d; it must hold 1 to %d entities", len(list), maxElements)
	}
	elements := make([]map[string]any, len(list))
	for i := range list {
		if elements[i], ok = list[i].(map[string]any); !ok {
			return nil, errors.New("the body is JSON, but not a list with an object")
		}
	}
	return elements, nil
}

// event makes the event of one element.
func (s *source) event(shop *shop, e *entity, name string, element map[string]any) (event.Event, error) {
	if inner, ok := element["data"].(map[string]any); ok && element["id"] == nil {
		element = inner
	}
	r, ok := newResource(element)
	if !ok || !isID(r.id) {
		return event.Event{}, errors.New("the entity in the body has no id that can be one")
	}
	claim := r.attributes
	if claim["id"] == nil {
		claim["id"] = element["id"]
	}
	data, err := canonical(claim)
	if err != nil {
		return event.Event{}, err
	}
	at := e.changedAt(claim, shop.zone)
	changed, _ := json.Marshal(first(claim, e.changed, "updated_at", "date_modified")) // a value of JSON always marshals
	return event.Event{Source: s.name, Store: shop.id, ID: identity(name, r.id, string(changed), string(data)), Type: name,
		Subject: e.noun + "/" + r.id, Created: at, Data: data}, nil
}

// canonical gives the same text for the same value, in whichever order its members came.
func canonical(value map[string]any) (json.RawMessage, error) {
	var b bytes.Buffer
	to := json.NewEncoder(&b)
	to.SetEscapeHTML(false)
	if err := to.Encode(value); err != nil {
		return nil, errors.New("the body holds what JSON cannot")
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

// identity names an event by what it says: CloudCart gives events no id, and sends the same again when it was not answered.
func identity(parts ...string) string {
	h := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// isID tells whether text can be the id of an entity: it becomes part of an address.
func isID(text string) bool { return isWord(text) && !strings.Contains(text, ".") }

// nobody is a store whose key nothing fits.
func nobody() *shop { return new(shop) }
