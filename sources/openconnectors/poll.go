package openconnectors

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"shopbell/sources"
)

// The bounds of a poll.
const (
	pageSize   = 200                // events; the most that the platform gives
	maxPages   = 5                  // read in one part of a round
	maxRound   = 1000               // pages read in one round, however long the list; the next round reads them again
	maxAsked   = 50                 // events asked for by themselves in one part of a round
	overlap    = time.Hour          // how far back each round looks again, for events that were listed late
	disorder   = time.Minute        // how far a list may be out of order and still count as newest first
	pendingFor = 7 * 24 * time.Hour // how long an unfinished event is waited for
	maxPending = 1000               // unfinished events that are remembered
	maxSeen    = 5000               // finished events that are remembered; others are found again, and known by their id
)

// Poll implements [sources.Poller]. It lists the events that the platform keeps of an instance:
//
//   - the first round of all begins now, by the platform's clock: what happened before is no news;
//   - each later round reads the list back to an hour before the newest event of the last, newest first. A list in another
//     order is read to its end;
//   - an event that the platform has not made into notifications yet is remembered, and asked for again by its id;
//   - the id of a found event is that of the notification, so that the ledger keeps one of both.
func (s *source) Poll(ctx context.Context, r sources.Round) (sources.Batch, error) {
	shop, ok := s.shops[r.Store]
	if !ok {
		return sources.Batch{}, sources.Unconfirmed("store %s is not configured for this source", r.Store)
	}
	if shop.events == nil {
		return sources.Batch{}, sources.Denied(errors.New("events cannot be asked for: give the source its user and organization secrets"))
	}
	c, err := readCursor(r.Cursor)
	if err != nil {
		return sources.Batch{}, err
	}
	p := &poll{source: s, shop: shop, cursor: c, wants: r.Wants, waits: make(map[string]bool, len(c.Pending))}
	for _, w := range c.Pending {
		p.waits[w.ID] = true
	}
	if absent(r.Cursor) {
		return p.begin(ctx)
	}
	if c.Page == nil {
		if err := p.revisit(ctx); err != nil {
			return sources.Batch{}, err
		}
		c.Page = &page{Newest: c.Newest, Falling: true}
	}
	more, err := p.read(ctx)
	if err != nil {
		return sources.Batch{}, err
	}
	return p.batch(more)
}

// A poll is one part of a round.
type poll struct {
	source *source
	shop   *shop
	cursor *cursor
	wants  func(string) bool
	found  []sources.Found
	at     time.Time       // by the platform's clock
	asked  int             // events by themselves
	waits  map[string]bool // by the id of an event, whether the cursor has it as pending
}

// begin makes the first round of all: it proves that the instance can be asked, and learns the platform's time. That is told
// in whole seconds, so that what is listed already and happened in this one is remembered.
func (p *poll) begin(ctx context.Context) (sources.Batch, error) {
	a, err := p.ask(ctx, "", url.Values{"pageSize": {strconv.Itoa(pageSize)}})
	if err != nil {
		return sources.Batch{}, err
	}
	list, err := parseList(a.body)
	if err != nil {
		return sources.Batch{}, err
	}
	p.cursor.Since, p.cursor.Newest = a.at, a.at
	for i := range list {
		if one := &list[i]; !one.date.Before(a.at) {
			p.cursor.Seen[one.id] = one.date.Unix()
		}
	}
	return p.batch(false)
}

// ask makes a call of the instance's events. event names one, already escaped; "" lists them.
func (p *poll) ask(ctx context.Context, event string, query url.Values) (answer, error) {
	path := "instances/" + p.shop.instance + "/events"
	if event != "" {
		path += "/" + event
	}
	a, err := p.shop.api.get(ctx, p.shop.events, path, query)
	if errors.Is(err, errNotFound) && event == "" {
		return a, sources.Denied(fmt.Errorf("the API does not know instance %s (404): is its id right, and api that of your region?", p.shop.instance))
	}
	return a, err
}

// revisit asks for the events that were not finished at the last round, those first that were asked for longest ago.
func (p *poll) revisit(ctx context.Context) error {
	waiting := p.cursor.Pending
	now := min(len(waiting), maxAsked)
	later := waiting[now:]
	p.cursor.Pending = slices.Clone(later)
	for _, w := range waiting[:now] {
		one, err := p.one(ctx, w.ID)
		if err != nil {
			return err
		}
		if one != nil {
			p.settle(one)
		}
	}
	return nil
}

// one asks for an event by itself; nil when the platform does not keep it any more.
func (p *poll) one(ctx context.Context, id string) (*stored, error) {
	p.asked++
	a, err := p.ask(ctx, url.PathEscape(id), nil)
	if errors.Is(err, errNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p.at = a.at
	one, err := parseStored(a.body)
	if err != nil || one.id != id { // it will not become readable: the others must not wait for it
		return nil, nil
	}
	return &one, nil
}

// settle takes the events of a finished one, and remembers an unfinished one.
func (p *poll) settle(one *stored) {
	switch {
	case one.finished():
		p.cursor.Seen[one.id] = one.date.Unix()
		for _, e := range one.found(p.source.name, p.shop, p.source.now()) {
			if p.wants == nil || p.wants(e.Type) {
				p.found = append(p.found, sources.Found{Event: e})
			}
		}
	case p.at.Sub(one.date) < pendingFor:
		p.await(pending{ID: one.id})
	}
}

// await remembers an event that is to be asked for by itself.
func (p *poll) await(w pending) {
	if len(p.cursor.Pending) < maxPending {
		p.cursor.Pending = append(p.cursor.Pending, w)
		p.waits[w.ID] = true
	} else if p.cursor.Page != nil {
		p.cursor.Page.Held = true
	}
}

// read reads pages until the round is at its end or has read its share; more tells which.
func (p *poll) read(ctx context.Context) (more bool, err error) {
	at := p.cursor.Page
	begun := false // anew
	for range maxPages {
		query := url.Values{"pageSize": {strconv.Itoa(pageSize)}}
		if at.Token != "" {
			query.Set("nextPage", at.Token)
		}
		a, err := p.ask(ctx, "", query)
		if errors.Is(err, errRequest) && at.Token != "" && !begun {
			*at = page{Newest: at.Newest, Falling: true, Held: at.Held} // the token is over; what was found so far is known by its id
			begun = true
			continue
		}
		if err != nil {
			return false, err
		}
		p.at = a.at
		list, err := parseList(a.body)
		if err != nil {
			return false, err
		}
		if err := p.take(ctx, list); err != nil {
			return false, err
		}
		if len(list) == 0 || a.next == "" || a.next == at.Token || at.Falling && at.Last.Before(p.from().Add(-disorder)) {
			return false, nil
		}
		at.Token = a.next
		if at.Read++; at.Read >= maxRound {
			at.Held = true
			return false, nil
		}
	}
	return true, nil
}

// from is how far back the round reads.
func (p *poll) from() time.Time {
	from := p.cursor.Newest.Add(-overlap)
	if from.Before(p.cursor.Since) {
		return p.cursor.Since
	}
	return from
}

// take goes through one page.
func (p *poll) take(ctx context.Context, list []stored) error {
	at, from := p.cursor.Page, p.from()
	for i := range list {
		one := &list[i]
		if !at.Last.IsZero() && one.date.After(at.Last.Add(disorder)) {
			at.Falling = false
		}
		at.Last = one.date
		if one.date.After(at.Newest) && !one.date.After(p.at.Add(disorder)) { // one of the future would hide all until then
			at.Newest = one.date
		}
		if _, seen := p.cursor.Seen[one.id]; seen || one.date.Before(from) || p.waits[one.id] {
			continue
		}
		if one.status != notified || len(one.elements) > 0 {
			p.settle(one)
			continue
		}
		// It is finished, and the list need not have its notifiedData.
		if p.asked >= maxAsked {
			p.await(pending{ID: one.id, Unasked: true})
			continue
		}
		whole, err := p.one(ctx, one.id)
		if err != nil {
			return err
		}
		if whole != nil {
			p.settle(whole)
		}
	}
	return nil
}

// batch gives what was found, oldest first.
func (p *poll) batch(more bool) (sources.Batch, error) {
	slices.SortStableFunc(p.found, func(a, b sources.Found) int {
		return a.Event.Created.Compare(b.Event.Created)
	})
	p.cursor.forget()
	if !more {
		p.cursor.finish()
		more = slices.ContainsFunc(p.cursor.Pending, func(w pending) bool { return w.Unasked })
	}
	text, err := json.Marshal(p.cursor)
	return sources.Batch{Found: p.found, Cursor: text, More: more}, err
}
