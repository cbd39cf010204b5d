package ecwidtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"shopbell/sources/ecwid"
)

// A Notice is one webhook as Ecwid makes it. Its JSON is the body.
type Notice struct {
	ID      string         `json:"eventId"`      // UUID, the same on every try
	Created int64          `json:"eventCreated"` // UNIX seconds
	Store   int64          `json:"storeId"`
	Entity  any            `json:"entityId"` // a number; text for application events
	Type    string         `json:"eventType"`
	Data    map[string]any `json:"data,omitempty"`
}

// Notification gives the body of a webhook.
func Notification(n Notice) []byte {
	body, err := json.Marshal(n)
	if err != nil {
		panic(fmt.Sprintf("a notice must hold JSON values: %v", err))
	}
	return body
}

// Headers gives the headers of a webhook that is signed with the app's client secret.
func Headers(n Notice, secret string) http.Header {
	return http.Header{
		"Content-Type":        {"application/json; charset=UTF-8"},
		"Cache-Control":       {"no-cache"},
		ecwid.SignatureHeader: {ecwid.Sign(secret, strconv.FormatInt(n.Created, 10), n.ID)},
	}
}

// Address adds to a webhook URL what Ecwid adds: the event type, so that a receiver can drop early what it does not want.
func Address(webhook, eventType string) (string, error) {
	u, err := url.Parse(webhook)
	if err != nil {
		return "", err
	}
	query := u.Query()
	query.Set("eventtype", eventType)
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// emit tells the outside of a change. The store is locked.
func (s *Store) emit(eventType string, entityID any, data map[string]any) {
	s.options.Send(Notice{ID: s.uuid(), Created: s.options.Now().Unix(), Store: s.number(), Entity: entityID, Type: eventType, Data: data})
}

// Emit sends a webhook for which nothing changes in the simulated store, such as an application's or a personal data
// request. entityID is a number, or text where Ecwid quotes it; data may be nil.
func (s *Store) Emit(eventType string, entityID any, data map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.emit(eventType, entityID, data)
}

func (s *Store) uuid() string {
	a, b := s.random.Uint64(), s.random.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0x3fff|0x8000, b&0xffffffffffff)
}

// touch sets when an entity was last changed. Timestamps are in seconds.
func touch(e entity, dateKey string, now time.Time) {
	e[dateKey] = stamp(now)
	e["updateTimestamp"] = now.Unix()
}
