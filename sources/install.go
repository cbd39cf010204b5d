package sources

import (
	"context"
	"net/url"
	"time"

	"shopbell/secret"
)

// An Installer is a source whose stores come and go by themselves, because merchants install it as an app.
type Installer interface {
	// Installs tells whether the config allows it. The other methods may only be called when it does.
	Installs() bool
	// Agree gives the platform's page where a merchant agrees to the installation; it comes back with state.
	Agree(state string) string
	// Exchange turns what the merchant's browser brought back (the query) into an installation. The error is for the
	// merchant, and tells no secret.
	Exchange(ctx context.Context, query url.Values) (Installation, error)
	// Connect makes a store known, with its token; from then on Serves it. A store of the config keeps the token that is
	// given here in preference to that of the config, because installing again makes the earlier one invalid.
	Connect(Installation)
}

// An Installation is what a store's consent has brought.
type Installation struct {
	Store  string      `json:"-"`
	Token  secret.Text `json:"-"`
	Scopes []string    `json:"scopes,omitempty"`
	At     time.Time   `json:"at"`
}

// A Life is what an event means for the connection with a store.
type Life string

// The lives of a store.
const (
	Unchanged   Life = ""
	Installed   Life = "installed"
	Uninstalled Life = "uninstalled" // its token is dead: no call is made any more
	Suspended   Life = "suspended"   // the merchant does not pay for the app, so that rules of the operator may say so
	Active      Life = "active"
)

// A Lively is a source that must know of some events itself, whether or not a rule listens to them: those are always
// attested.
type Lively interface {
	// Follows tells whether events of a canonical type change the life of a store.
	Follows(eventType string) bool
	// Follow gives what an attested event means.
	Follow(eventType string, r Reading) Life
	// Live makes it so: after Uninstalled no call is made for a store until it is Installed or connected again.
	Live(store string, l Life)
}
