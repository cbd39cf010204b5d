package ecwid

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"shopbell/event"
	"shopbell/sources"
)

// Ecwid's search learns of a change some seconds after the webhook was sent. For that long, what is not found is asked
// for again.
const (
	searchLag   = 30 * time.Second // after the event reached us
	searchRetry = 5 * time.Second
)

// maxPages bounds how far a list is read, at 100 entities a page.
const maxPages = 20

// Attest implements [sources.Source]. It makes no call for types that cannot be read back, one for most, and some for
// a promotion, which can only be had from the list of all.
func (s *source) Attest(ctx context.Context, e *event.Event) (sources.Reading, error) {
	shop, ok := s.shops[e.Store]
	if !ok {
		return sources.Reading{}, sources.Unconfirmed("store %s is not configured for this source", e.Store)
	}
	known, ok := s.types[e.Type]
	if !ok || !known.Readable {
		return sources.Reading{}, nil
	}
	if shop.token == "" {
		return sources.Reading{}, sources.Denied(fmt.Errorf("store %s has no token, so nothing can be read back: add stores.%s.token", e.Store, e.Store))
	}
	at, w, err := s.locate(known, e)
	if err != nil {
		return sources.Reading{}, err
	}
	entity, other, err := shop.find(ctx, at, w, known.Scope)
	if err != nil {
		return sources.Reading{}, err
	}
	if known.Noun == "order" && entity != nil && otherNumber(entity, w) {
		if other, err = shop.has(ctx, w.entity, known.Scope); err != nil {
			return sources.Reading{}, err
		}
	}
	if err := judge(known, at, e, w, entity, other); err != nil {
		return sources.Reading{}, err
	}
	if known.Noun == "profile" {
		shop.profile.put(storeOf(e.Store, entity))
	}
	if known.Change == event.Deleted {
		return sources.Reading{Gone: true}, nil
	}
	return sources.Reading{Entity: entity}, nil
}

// find reads the wanted entity; nil when the store does not have it. other says that the API gave another one instead.
func (s *shop) find(ctx context.Context, at endpoint, w wanted, scope string) (entity json.RawMessage, other bool, err error) {
	path, query := at.call(w.id)
	for page, offset := 0, 0; page < maxPages; page++ {
		if offset > 0 {
			query = url.Values{"offset": {strconv.Itoa(offset)}}
		}
		answer, err := s.get(ctx, path, query, scope)
		if errors.Is(err, errNotFound) {
			return nil, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		entity, err := at.pick(answer, w)
		if err != nil || entity != nil {
			return entity, false, err
		}
		next, more := at.more(answer, offset)
		if at.query != "" || !more {
			return nil, at.in == "", nil
		}
		offset = next
	}
	return nil, false, fmt.Errorf("the store's API lists more than %d pages", maxPages)
}

// has tells whether the store knows another order by an internal number. A notification that names two orders was changed
// on its way: Ecwid's signature does not cover what it is about. A number that the store does not know proves nothing:
// it was another kind of number in earlier years, or -1.
func (s *shop) has(ctx context.Context, number, scope string) (bool, error) {
	entity, _, err := s.find(ctx, orderSearch(), wanted{store: s.id, id: number}, scope)
	return entity != nil, err
}

// locate says where the entity of an event is read, and what it has to be.
func (s *source) locate(known *typeInfo, e *event.Event) (endpoint, wanted, error) {
	at, ok := endpointFor(known.Noun)
	if !ok {
		return at, wanted{}, fmt.Errorf("there is no way to read a %s back", known.Noun)
	}
	_, id, _ := strings.Cut(e.Subject, "/")
	w := wanted{store: e.Store, id: id}
	switch known.Noun {
	case "order", "invoice":
		w.entity = entityOf(e)
		number, err := fromData(e.Data, "orderId")
		if known.Noun == "order" && number == "" && err == nil {
			at = orderSearch()
		}
		if known.Noun == "invoice" && number == "" {
			return at, w, sources.Unconfirmed("the event does not tell which order the invoice is of")
		}
	case "cart":
		if number, _ := fromData(e.Data, "cartId"); number == "" {
			return at, w, sources.Unconfirmed("the event does not tell the id of the cart")
		}
	}
	if id == "" {
		return at, w, sources.Unconfirmed("the event does not tell which %s it is about", known.Noun)
	}
	if !at.accepts(id) {
		return at, w, sources.Unconfirmed("%q cannot be the id of a %s", id, known.Noun)
	}
	return at, w, nil
}

// judge compares what the event says with what the API gave: nil means that they agree.
func judge(known *typeInfo, at endpoint, e *event.Event, w wanted, entity json.RawMessage, other bool) error {
	deleted := known.Change == event.Deleted
	if !other && deleted == (entity == nil) {
		return nil
	}
	name := known.Noun + " " + w.id
	switch {
	case at.lags && time.Since(e.Received) < searchLag:
		return sources.Later(searchRetry, fmt.Errorf("the store's search does not yet know what became of %s", name))
	case other:
		return sources.Unconfirmed("the store's API gave another entity than %s%s", name, entityHint(w))
	case deleted:
		return sources.Unconfirmed("%s is still there, although it is said to be deleted", name)
	}
	return sources.Unconfirmed("the store's API does not know %s", name)
}

func entityHint(w wanted) string {
	if w.entity == "" || w.entity == w.id {
		return ""
	}
	return " with the internal number " + w.entity
}
