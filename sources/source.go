// Package sources is the contract of a platform: how its webhooks are verified and parsed, which event types it has,
// and how an entity is read back from its API.
//
// One folder each holds a kind of source (ecwid, …), declared as a value of type [Kind] that the program lists; nothing
// registers itself. The way of a notification through a source:
//
//	events, err := source.Receive(request)      // pure: verify, parse; err is a *Refusal
//	reading, err := source.Attest(ctx, &events[0]) // one read from the platform's API
//
// A source knows nothing of rules, actions or the ledger.
package sources

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"shopbell/event"
)

// A Kind declares one platform.
type Kind struct {
	Name    string // in the config, such as "ecwid"
	Summary string // one line
	Catalog *event.Catalog
	Config  any // a pointer to the zero config struct: its json and jsonschema tags declare the keys of the config
	// Open makes a source from its part of the config, which has been checked against Config's schema. The error is
	// for the operator and must not tell a secret.
	Open func(name string, config json.RawMessage) (Source, error)
	// Files gives the config with join done to every value that is the path of a file; nil when there is none.
	Files func(config json.RawMessage, join func(path string) string) json.RawMessage
	// Answer says with which HTTP status a platform is answered where any other would be answered with the given one; nil
	// means with that. It is for platforms that stop for good when they see certain statuses.
	Answer func(status int) int
}

// A Source is one configured platform. Its methods may be called at once by many goroutines.
type Source interface {
	// Receive proves that a notification is true and gives the events it holds, at least one, in order, with Source
	// and Received filled. It does no I/O. Its error is always a [*Refusal].
	Receive(Request) ([]event.Event, error)

	// Attest reads the entity behind an event back from the platform. Its error is one that [Unconfirmed], [Denied]
	// or [Later] made, or any other, which means: try again.
	Attest(context.Context, *event.Event) (Reading, error)

	// Profile tells about one store. It may be asked often; the source keeps what it read for some minutes. Errors as
	// of Attest.
	Profile(ctx context.Context, store string) (event.Store, error)

	// Serves tells whether a store is configured, so that its events can be acted on.
	Serves(store string) bool

	// Mode says when an entity is read back.
	Mode() Mode
}

// A Mode says when an entity is read back before rules see an event.
type Mode string

// The modes of a source.
const (
	Always Mode = "always" // for every event that a rule listens to
	Needed Mode = "needed" // only if a rule that listens reads the entity or `was`
	Never  Mode = "never"  // not at all: rules see the claim only, and may not name the entity
)

// A Request is one notification as it came over HTTP. The body has been read whole and is at most 1 MiB.
type Request struct {
	Header   http.Header
	Query    url.Values
	Path     string // what follows /webhooks/{source}, such as "" or "/shop1/order.created"
	Body     []byte
	Received time.Time
}

// A Reading is what the platform's API said of an entity.
type Reading struct {
	Entity json.RawMessage // the entity as it came, a JSON object; nil when Gone
	Gone   bool            // a deleted entity is not there any more, as its event says
	// Told says that Entity is what the notification itself told, so that an older one may come after a newer.
	Told bool
	// Stale says in which way the notification claims another state than the one read back, for people; "" when it does
	// not. Rules see what was read.
	Stale string
	// Asked is when the platform was asked, when others may be given the same answer; zero when it was asked for this event
	// alone, just now.
	Asked time.Time
}

// A Refusal says why a notification was not accepted. Only Status reaches the sender.
type Refusal struct {
	Status int    // HTTP status of the answer
	Label  string // bounded word for metrics: "signature", "parse", "type", "store" or "secret"
	Reason string // a sentence for the operator; tells no secret, and at most a short part of the body
}

// Error gives the reason.
func (r *Refusal) Error() string { return r.Reason }

// Refuse makes a Refusal.
func Refuse(status int, label, format string, args ...any) *Refusal {
	return &Refusal{Status: status, Label: label, Reason: fmt.Sprintf(format, args...)}
}
