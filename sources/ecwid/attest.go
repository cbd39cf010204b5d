package ecwid

import (
	"context"
	"encoding/json"
	"fmt"
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

// Attest implements [sources.Source]. It makes no call for types that cannot be read back, one for most, and some for
// a promotion, which can only be had from the list of all. What another event was answered within the last second may be
// given again, when this event had reached us before that was asked.
//
// That something is deleted is proved by its absence. Ecwid's lists of what was deleted are not asked: they are cut off after
// some entries, and learn of a deletion late.
func (s *source) Attest(ctx context.Context, e *event.Event) (sources.Reading, error) {
	shop, ok := s.shop(e.Store)
	if !ok {
		return sources.Reading{}, sources.Unconfirmed("store %s is not configured for this source", e.Store)
	}
	known, ok := s.types[e.Type]
	switch {
	case !ok || !known.Readable:
		return sources.Reading{}, nil
	case known.Name == uninstalledEvent:
		return shop.attestRemoval(ctx)
	case known.Name == installedEvent && shop.gone():
		return shop.attestReturn(ctx)
	}
	at, w, err := s.locate(known, e)
	if err != nil {
		return sources.Reading{}, err
	}
	of := &sake{received: e.Received}
	f, err := shop.look(ctx, known, at, w, of)
	if err != nil {
		return sources.Reading{}, err
	}
	if f.entity == nil && !f.other && wasErased(known) {
		if gone, err := shop.erased(ctx, w, of); gone || err != nil {
			return sources.Reading{Gone: gone, Asked: of.asked}, err
		}
	}
	if err := judge(known, at, e, w, f); err != nil {
		return sources.Reading{}, err
	}
	if known.Noun == "profile" {
		shop.profiles().put(storeOf(e.Store, f.entity))
	}
	if known.Change == event.Deleted {
		return sources.Reading{Gone: true, Asked: of.asked}, nil
	}
	return s.mismatch.judge(known, e, sources.Reading{Entity: f.entity, Asked: of.asked})
}

// A finding is what the API gave for a wanted entity.
type finding struct {
	entity json.RawMessage // nil when the store does not have it
	other  bool            // the API gave another one instead, or the notification names two
}

// look reads the entity of an event, and holds it against what the notification says of it.
func (s *shop) look(ctx context.Context, known *typeInfo, at endpoint, w wanted, of *sake) (finding, error) {
	f, err := s.find(ctx, at, w, of)
	if err != nil || known.Noun != "order" {
		return f, err
	}
	switch {
	case f.entity == nil && !f.other && known.Change != event.Deleted && at.in == "" && isNumber(w.entity):
		// The number in the notification may be one that the API does not take. The internal number is sought instead, and
		// has to be that of an order which bears both.
		return s.find(ctx, orderSearch(), wanted{store: w.store, id: w.id, ask: w.entity}, of)
	case f.entity != nil && otherNumber(f.entity, w):
		f.other, err = s.has(ctx, w.entity, of)
	}
	return f, err
}

// has tells whether the store knows another order by an internal number. A notification that names two orders was changed
// on its way: Ecwid's signature does not cover what it is about. A number that the store does not know proves nothing:
// it was another kind of number in earlier years, or -1.
func (s *shop) has(ctx context.Context, number string, of *sake) (bool, error) {
	f, err := s.find(ctx, orderSearch(), wanted{store: s.id, id: number}, of)
	return f.entity != nil, err
}

// wasErased tells of events whose entity may be gone although they do not say so: a person who is to be forgotten may
// have been deleted before we could ask.
func wasErased(known *typeInfo) bool { return known.Noun == "customer" && known.Change == event.Other }

// erased tells whether the store says that it had the customer and deleted it.
func (s *shop) erased(ctx context.Context, w wanted, of *sake) (bool, error) {
	f, err := s.find(ctx, deletedCustomers(), w, of)
	return f.entity != nil, err
}

// judge compares what the event says with what the API gave: nil means that they agree.
func judge(known *typeInfo, at endpoint, e *event.Event, w wanted, f finding) error {
	deleted := known.Change == event.Deleted
	if !f.other && deleted == (f.entity == nil) {
		return nil
	}
	name := known.Noun + " " + w.id
	switch {
	case at.lags && time.Since(e.Received) < searchLag:
		return sources.Later(searchRetry, fmt.Errorf("the store's search does not yet know what became of %s", name))
	case f.other:
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
