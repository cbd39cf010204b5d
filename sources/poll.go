package sources

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"shopbell/event"
)

// A Poller is a source that can find changes by asking its platform, which no webhook told of.
type Poller interface {
	// Every is how often each store is asked; 0 means never.
	Every() time.Duration
	// Stores gives the stores to ask now.
	Stores() []string
	// Poll makes one round, or a part of it: a bounded number of calls. It may be called at once for different stores, and
	// again with the same cursor after a crash. Errors as of Attest; with an error the batch is not used.
	Poll(context.Context, Round) (Batch, error)
	// Version gives when an entity was last changed by the platform's clock; zero when it does not tell.
	Version(noun string, entity json.RawMessage) time.Time
}

// CheckPoll tells whether a source may poll in a mode; nil means yes. Its error is for the operator.
func CheckPoll(m Mode, every time.Duration) error {
	if m == Never && every > 0 {
		return errors.New("attest: never and poll do not go together: that a poll and a webhook tell of the same change is known by reading it back; write attest: always, or poll: 0")
	}
	return nil
}

// A Round is what a poll begins with.
type Round struct {
	Store  string
	Cursor json.RawMessage // as the last batch of this store left it; nil at the first round of all
	// Wants tells whether some rule of the store listens to a canonical event type. What nobody listens to is not asked for.
	Wants func(eventType string) bool
}

// A Batch is what a poll found.
type Batch struct {
	Found  []Found
	Cursor json.RawMessage // for the next round; kept in the ledger with what was found, in one transaction
	More   bool            // the round is not at its end: go on at once with Cursor
}

// A Found is one change, or, with Seen, an entity as it is now.
//
// An event of a type with Change Updated whose entity is not newer than the snapshot is left out by the engine, and so is
// one with Change Created or Deleted of a subject for which the ledger has an event of this type. Found by a webhook and by
// a poll, a change is therefore worked once.
type Found struct {
	// Event has Source, Store, Type, Subject, Created (when the change was made, by the platform's clock), Received, Data as a
	// webhook would carry it, Polled, and an ID that is the same whenever the same change is found.
	Event event.Event
	// Entity is the entity as the platform listed it; nil when the list does not hold it whole.
	Entity json.RawMessage
	// Seen says that this is no news: at the first round Entity becomes the snapshot, unless there is one, and no rule fires.
	Seen bool
}
