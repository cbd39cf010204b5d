// Package signed is the source for any service that signs its webhooks: the config describes as data how a signature is
// made and where id, type, subject, time and store of an event are found, or names a preset that says all that.
//
//	source, err := signed.Kind().Open("billing", []byte(`{"preset":"stripe","secret":"whsec_…"}`))
//	events, err := source.Receive(request)          // 401 unless a signature fits and is fresh
//	reading, err := source.Attest(ctx, &events[0])  // the entity, out of the body; no I/O
//
// Where the signature covers the whole body, what the body tells is a fact and needs no reading back.
//
// The package calls nobody: it does not register webhooks, read entities from an API, or poll. It knows shared secrets
// (HMAC) only, no public keys.
package signed

import (
	"context"
	"encoding/json"

	"shopbell/event"
	"shopbell/sources"
)

// Name is the name of the kind in the config.
const Name = "signed"

// Kind declares the kind. Each call gives a new value; all may be used at once. Its catalog is empty, because event types
// depend on the config: ask [sources.CatalogOf].
func Kind() *sources.Kind {
	return &sources.Kind{
		Name:    Name,
		Summary: "Any service that signs its webhooks, with presets for Standard Webhooks, Stripe, Shopify, WooCommerce, GitHub and Slack",
		Catalog: &event.Catalog{},
		Config:  new(Config),
		Files:   files,
		Open: func(name string, raw json.RawMessage) (sources.Source, error) {
			s, err := open(name, raw)
			if err != nil {
				return nil, err
			}
			return s, nil
		},
	}
}

// source is one configured sender of webhooks.
type source struct {
	name     string
	verifier *verifier
	greeting *greeting // what the platform sends to try the address; nil for nothing
	finder   finder
	catalog  *event.Catalog
	types    map[string]*typeInfo // by canonical name and by every alias
	stores   Stores               // nil serves every store
	only     string               // the store of events that tell none
}

// Serves implements [sources.Source]. Without stores in the config, it serves every store.
func (s *source) Serves(store string) bool {
	_, ok := s.stores[store]
	return ok || s.stores == nil
}

// Mode implements [sources.Source]. Taking the entity out of the body costs nothing, so it is done for every event that a
// rule listens to, and `was` is right from then on.
func (s *source) Mode() sources.Mode { return sources.Always }

// Profile implements [sources.Source]. It gives what the config says of the store, without I/O.
func (s *source) Profile(_ context.Context, store string) (event.Store, error) {
	if !s.Serves(store) {
		return event.Store{}, sources.Unconfirmed("store %s is not configured for this source", store)
	}
	p := s.stores[store]
	return event.Store{ID: store, Name: p.Name, Email: p.Email, URL: p.URL, Currency: p.Currency, Timezone: p.Timezone, Language: p.Language, Country: p.Country}, nil
}

// Catalog implements [sources.Describer]: the types of the preset and of the config.
func (s *source) Catalog() *event.Catalog { return s.catalog }

var (
	_ sources.Source    = (*source)(nil)
	_ sources.Describer = (*source)(nil)
)
