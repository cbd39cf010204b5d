package cloudcart

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"

	"shopbell/event"
	"shopbell/sources"
)

// The bounds of polling.
const (
	leastPeriod = time.Minute     // but for a test's own API
	pageSize    = 50              // entities; the API takes 100, but gives up after 30 s, and orders come with much
	overlap     = 2 * time.Minute // what was changed so long before the mark is looked at again
	maxPages    = 2000            // of one walk
)

// pollConfig is how often stores are asked, and for what.
type pollConfig struct {
	every    time.Duration // 0 for never
	entities []*entity
}

// period reads the poll key: text such as 15m, or 0.
func period(value any) (time.Duration, error) {
	wrong := errors.New("poll must be a time such as 15m, or 0 for never")
	switch v := value.(type) {
	case nil:
		return 0, nil
	case float64:
		if v == 0 {
			return 0, nil
		}
	case string:
		d, err := time.ParseDuration(v)
		if err == nil && d >= 0 {
			return d, nil
		}
	}
	return 0, wrong
}

// A cursor says how far the polling of a store has come.
type cursor struct {
	// Marks tells for each noun the time of the newest change that was seen, by the store's clock.
	Marks map[string]time.Time `json:"marks"`
	// Firsts tells for each noun the mark of the very first walk. What was made before it was there already.
	Firsts map[string]time.Time `json:"firsts"`
	Walk   *walk                `json:"walk,omitempty"` // under way; nil between rounds
}

// A walk goes through the pages of one noun, newest change first.
type walk struct {
	Noun  string    `json:"noun"`
	Page  int       `json:"page"`           // the next, from 1
	Since time.Time `json:"since,omitzero"` // where it ends; zero at the first round of all, which sees everything
	First time.Time `json:"first,omitzero"` // what was made later is new
	Top   time.Time `json:"top,omitzero"`   // the mark when it is over
}

// Every implements [sources.Poller].
func (s *source) Every() time.Duration { return s.poll.every }

// Stores implements [sources.Poller].
func (s *source) Stores() []string { return slices.Sorted(maps.Keys(s.shops)) }

// Version implements [sources.Poller]. A time without a zone says nothing, for nobody tells here in which the store is.
func (s *source) Version(noun string, raw json.RawMessage) time.Time {
	value, err := event.DecodeObject(raw)
	if err != nil {
		return time.Time{}
	}
	for _, e := range s.poll.entities {
		if e.noun == noun {
			return e.changedAt(value, nil)
		}
	}
	return time.Time{}
}

// Poll implements [sources.Poller]. It asks for one page. Subscribers cannot be listed by their last change, and deletions
// not at all, so these are not found.
func (s *source) Poll(ctx context.Context, r sources.Round) (sources.Batch, error) {
	shop, ok := s.shops[r.Store]
	if !ok {
		return sources.Batch{}, sources.Unconfirmed("store %s is not configured for this source", r.Store)
	}
	c := readCursor(r.Cursor)
	wanted := s.wanted(r.Wants)
	at := -1
	if c.Walk != nil {
		at = slices.IndexFunc(wanted, func(e *entity) bool { return e.noun == c.Walk.Noun })
	}
	if at < 0 {
		if len(wanted) == 0 {
			return sources.Batch{Cursor: r.Cursor}, nil
		}
		at = 0
		c.Walk = c.begin(wanted[0])
	}
	batch, over, err := s.page(ctx, shop, wanted[at], c.Walk)
	if err != nil {
		return sources.Batch{}, err
	}
	c.Walk.Page++
	if over {
		c.end()
		c.Walk = nil
		if at+1 < len(wanted) {
			c.Walk = c.begin(wanted[at+1])
		}
	}
	batch.More = c.Walk != nil
	batch.Cursor, err = json.Marshal(c)
	return batch, err
}

// readCursor begins anew with what is no cursor.
func readCursor(raw json.RawMessage) cursor {
	var c cursor
	if raw != nil && json.Unmarshal(raw, &c) == nil && c.Marks != nil && c.Firsts != nil {
		return c
	}
	return cursor{Marks: map[string]time.Time{}, Firsts: map[string]time.Time{}}
}

// end keeps what a walk has found out.
func (c *cursor) end() {
	c.Marks[c.Walk.Noun] = c.Walk.Top
	if c.Walk.Since.IsZero() {
		c.Firsts[c.Walk.Noun] = c.Walk.Top
	}
}

func (c *cursor) begin(e *entity) *walk {
	w := &walk{Noun: e.noun, Page: 1}
	if mark, ok := c.Marks[e.noun]; ok {
		w.Top, w.First = mark, c.Firsts[e.noun]
		w.Since = mark.Add(-overlap)
		if mark.IsZero() { // the store had none then
			w.Since = time.Unix(1, 0).UTC()
		}
	}
	return w
}

// wanted gives what some rule of the store listens to, and what can be listed.
func (s *source) wanted(wants func(string) bool) []*entity {
	var found []*entity
	for _, e := range s.poll.entities {
		if e.sort != "" && slices.ContainsFunc(e.types(), wants) {
			found = append(found, e)
		}
	}
	return found
}

// page reads one page; over says that the walk has come to its end.
func (s *source) page(ctx context.Context, shop *shop, e *entity, w *walk) (batch sources.Batch, over bool, err error) {
	d, err := shop.including(ctx, e, e.resource, url.Values{"sort": {e.sort}, "page[size]": {strconv.Itoa(pageSize)}, "page[number]": {strconv.Itoa(w.Page)}})
	if errors.Is(err, errNotFound) {
		err = fmt.Errorf("the store's API does not know its list of %s", e.resource)
	}
	if err != nil {
		return batch, false, err
	}
	for _, r := range d.items {
		entity, err := e.read(d, r, shop.zone)
		if err != nil || !isID(r.id) {
			return batch, false, errForm
		}
		value, err := event.DecodeObject(entity)
		if err != nil {
			return batch, false, err
		}
		changed := e.changedAt(value, shop.zone)
		if changed.After(w.Top) {
			w.Top = changed
		}
		if !w.Since.IsZero() && changed.Before(w.Since) {
			return batch, true, nil
		}
		batch.Found = append(batch.Found, s.found(shop, e, w, entity, r.id, changed, e.createdAt(value, shop.zone))...)
	}
	over = len(d.items) == 0 || d.lastPage > 0 && w.Page >= d.lastPage || d.lastPage == 0 && len(d.items) < pageSize
	return batch, over || w.Page >= maxPages, nil
}

// found makes what one entity of a list tells: that it was created, when that was after the first walk of all, and that it
// was changed, unless both are one. What was told before is told again, under the same id.
func (s *source) found(shop *shop, e *entity, w *walk, raw json.RawMessage, id string, changed, created time.Time) []sources.Found {
	seen := w.Since.IsZero()
	of := func(kind string, at time.Time) sources.Found {
		name := e.noun + "." + kind
		return sources.Found{Entity: raw, Seen: seen, Event: event.Event{Source: s.name, Store: shop.id, Type: name, Subject: e.noun + "/" + id,
			ID: "poll-" + identity(name, id, at.Format(time.RFC3339Nano)), Created: at, Received: time.Now(), Data: raw, Polled: true}}
	}
	isNew := created.After(w.First) && !created.Before(w.Since)
	if seen || !isNew {
		return []sources.Found{of("updated", changed)}
	}
	const sameSave = 5 * time.Second
	if changed.Sub(created) <= sameSave {
		return []sources.Found{of("created", created)}
	}
	return []sources.Found{of("created", created), of("updated", changed)}
}
