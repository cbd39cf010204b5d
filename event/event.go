// Package event holds the one noun that every room of Shopbell shares: something that happened in a merchant's store.
//
// A source turns a platform's webhook into an [Event], the ledger keeps it, rules are matched against it:
//
//	event.Event{Source: "ecwid", Store: "1003", ID: "5b0c…", Type: "order.created", Subject: "order/K8XTQ"}
//
// It also gives the form of a [Catalog]: which event types a platform has, and what the entity behind each looks like,
// so that rules can be type-checked before anything happens.
//
// It does not verify, store, match or send anything, and imports no other room.
package event

import (
	"encoding/json"
	"time"
)

// An Event is what one source claims to have happened in one store. The triple (Source, Store, ID) is unique for ever:
// a second event with the same triple is a duplicate. Everything but the parts that the platform signs is a claim, not
// a fact, until the entity was read back.
type Event struct {
	Source   string          // name of the source in the config, such as "ecwid"; never empty
	Store    string          // the platform's id of the store as text, such as "1003"
	ID       string          // the platform's id of this event, at most 200 bytes
	Type     string          // canonical type, such as "order.created"
	Subject  string          // what it is about, such as "order/K8XTQ"; empty if the platform did not say
	Created  time.Time       // when it happened, by the platform's clock; zero if it did not say
	Received time.Time       // when it reached us, by our clock
	Data     json.RawMessage // the claim: a JSON object, or nil
	Body     json.RawMessage // the whole notification as it came, for people; nil if it was not JSON

	Polled bool // found by asking the platform, not told by a webhook
	Stale  bool // it claims another state than the one that was read back
	Self   bool // it tells of nothing but a change that we made ourselves
}

// Key names the event among all events of all sources, for logs: source, store and id joined by slashes.
func (e *Event) Key() string { return e.Source + "/" + e.Store + "/" + e.ID }

// A Store is what rules know as `store`: facts about a merchant's store. Fields are empty when the platform does not
// tell them.
type Store struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Email    string `json:"email"`    // of the merchant
	URL      string `json:"url"`      // of the storefront
	Currency string `json:"currency"` // ISO 4217, such as "EUR"
	Timezone string `json:"timezone"` // IANA name, such as "Europe/Berlin"
	Language string `json:"language"` // such as "en"
	Country  string `json:"country"`  // ISO 3166 of the merchant's address, such as "DE"

	Company    string `json:"company"` // of the merchant, where it is not the store's name
	Street     string `json:"street"`  // of the company, and so on
	City       string `json:"city"`
	State      string `json:"state"` // code of the state or region, such as "BE"
	PostalCode string `json:"postal_code"`
	Phone      string `json:"phone"`
}
