package sources

import (
	"context"
	"fmt"
	"strings"
)

// A Registrar is a source that can ask its platform for webhooks, so that no merchant has to set them up by hand.
type Registrar interface {
	// Register makes sure that each store sends each event to this server: what is missing is created, what is switched off
	// is switched on, what leads to an earlier address is corrected, and what is others' is left alone. It may be repeated.
	// What came of each event is told even with an error, which joins those of all stores; it tells no secret.
	Register(ctx context.Context, r Registration) ([]Registered, error)
}

// A Registration says what is to be sent where.
type Registration struct {
	Base   string   // public address of this server, such as https://bell.example.com; a path in front is kept
	Stores []string // nil for all of the config
	Events []string // canonical types, such as order.created; nil for all that the platform has
	DryRun bool     // only tell what would be done
}

// A Registered is what came of one event of one store.
type Registered struct {
	Store string
	Event string // "" when it is about the store as a whole
	URL   string // where the event is sent to
	Done  Registering
	Note  string // for people, such as why it failed; "" when there is nothing to say. It tells no secret.
	Dry   bool   // nothing was done: Done is what would be
}

// A Registering is a bounded word for what was done.
type Registering string

// What can come of a registration.
const (
	RegisteringCreated Registering = "created"   // there was none
	RegisteringEnabled Registering = "enabled"   // it was switched off
	RegisteringChanged Registering = "changed"   // it led elsewhere, or had another form of body
	RegisteringKept    Registering = "unchanged" // it was as it has to be
	RegisteringForeign Registering = "foreign"   // another receiver's, left alone
	RegisteringFailed  Registering = "failed"    // the platform refused; Note says why
)

// String gives one line for people.
func (r Registered) String() string {
	done := string(r.Done)
	if r.Dry {
		done = map[Registering]string{RegisteringCreated: "would be created", RegisteringEnabled: "would be enabled",
			RegisteringChanged: "would be changed"}[r.Done]
		if done == "" {
			done = string(r.Done)
		}
	}
	parts := []string{r.Store}
	if r.Event != "" {
		parts = append(parts, r.Event)
	}
	line := strings.Join(append(parts, done), "  ")
	if r.URL != "" {
		line += "  " + r.URL
	}
	if r.Note != "" {
		line += fmt.Sprintf("  (%s)", r.Note)
	}
	return line
}
