package ecwidtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

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

// emit tells the outside of a change: whoever [Options.Send] is, and every installed app that holds the scope. Each gets
// a webhook of its own. The store is locked.
func (s *Store) emit(eventType string, entityID any, data map[string]any) {
	if s.quiet {
		return
	}
	s.options.Send(s.notice(eventType, entityID, data))
	for _, id := range slices.Sorted(maps.Keys(s.installs)) {
		if in := s.installs[id]; in.holds(scopeOf(eventType)) {
			in.app.Send(s.notice(eventType, entityID, data))
		}
	}
}

func (s *Store) notice(eventType string, entityID any, data map[string]any) Notice {
	return Notice{ID: s.uuid(), Created: s.options.Now().Unix(), Store: s.number(), Entity: entityID, Type: eventType, Data: maps.Clone(data)}
}

// scopeOf gives the access without which an app is not told of an event.
func scopeOf(eventType string) string {
	noun, what, _ := strings.Cut(eventType, ".")
	switch {
	case strings.HasPrefix(what, "personalData"):
		return "read_store_profile"
	case noun == "order" || noun == "unfinished_order":
		return "read_orders"
	case noun == "product" || noun == "category" || noun == "product_class" || noun == "size_chart":
		return "read_catalog"
	case noun == "customer" || noun == "customer_group":
		return "read_customers"
	case noun == "discount_coupon":
		return "read_discount_coupons"
	case noun == "promotion":
		return "read_promotion"
	case noun == "review":
		return "read_reviews"
	case noun == "invoice":
		return "read_invoices"
	}
	return "read_store_profile"
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
