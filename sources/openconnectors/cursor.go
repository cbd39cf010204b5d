package openconnectors

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"
)

// A cursor is what a poll has to know of those before it. It is kept in the ledger, so names in it must not change. Times
// are by the platform's clock.
type cursor struct {
	Since   time.Time        `json:"since"`             // what happened before is no news
	Newest  time.Time        `json:"newest"`            // of the events that finished rounds have listed
	Seen    map[string]int64 `json:"seen,omitempty"`    // finished events within the overlap, with their UNIX times
	Pending []pending        `json:"pending,omitempty"` // unfinished events, asked for longest ago first
	Page    *page            `json:"page,omitempty"`    // where the round under way is; nil between rounds
}

// A pending event has not been made into notifications yet, or was listed without them.
type pending struct {
	ID      string `json:"id"`
	Unasked bool   `json:"unasked,omitempty"` // it is finished, and is to be asked for at once
}

// A page is where a round is.
type page struct {
	Token   string    `json:"token,omitempty"`
	Last    time.Time `json:"last,omitzero"`   // of the last event listed
	Newest  time.Time `json:"newest,omitzero"` // of the events listed in this round
	Falling bool      `json:"falling"`         // the list has been newest first so far
	Held    bool      `json:"held,omitempty"`  // not all could be taken: the next round reads as far back as this one
	Read    int       `json:"read,omitempty"`  // pages
}

func readCursor(raw json.RawMessage) (*cursor, error) {
	c := &cursor{}
	if raw != nil && json.Unmarshal(raw, c) != nil {
		return nil, errors.New("what the ledger keeps of the last poll cannot be read")
	}
	if c.Seen == nil {
		c.Seen = make(map[string]int64)
	}
	return c, nil
}

// forget drops what the next round needs not know: it reads back an hour from what is the newest now.
func (c *cursor) forget() {
	newest := c.Newest
	if c.Page != nil && !c.Page.Held && c.Page.Newest.After(newest) {
		newest = c.Page.Newest
	}
	from := newest.Add(-overlap).Unix()
	maps.DeleteFunc(c.Seen, func(_ string, at int64) bool { return at < from })
	if len(c.Seen) > maxSeen {
		times := slices.Sorted(maps.Values(c.Seen))
		oldest := times[len(times)-maxSeen]
		maps.DeleteFunc(c.Seen, func(_ string, at int64) bool { return at < oldest })
	}
}

// finish ends a round.
func (c *cursor) finish() {
	if c.Page != nil && !c.Page.Held && c.Page.Newest.After(c.Newest) {
		c.Newest = c.Page.Newest
	}
	c.Page = nil
}
