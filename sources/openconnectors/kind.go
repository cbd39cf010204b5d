// Package openconnectors is the source for stores behind SAP Open Connectors, once Cloud Elements: its signed event
// notifications, the events it keeps, which can be polled, and the read-back of an object through the element's API.
//
//	source, err := openconnectors.Kind().Open("elements", []byte(`{"signature_key":"…","stores":{"31":{}}}`))
//	events, err := source.Receive(request) // one notification holds up to 20 events; 401 unless the signature fits
//
// A store is one element instance. The platform makes the id, the type of the object and the type of the change the same
// for all platforms behind it, and nothing else: what the platform itself said is raw, in the event's data and body.
//
// The signature covers the whole body, so what an event says of itself is true; the object is read back only when the
// config asks for it. The package creates no instances and writes nothing.
package openconnectors

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"shopbell/event"
	"shopbell/sources"
)

// Name is the name of the kind in the config.
const Name = "openconnectors"

// Kind declares the platform. Each call gives a new value; all may be used at once.
func Kind() *sources.Kind {
	return &sources.Kind{
		Name:    Name,
		Summary: "SAP Open Connectors, once Cloud Elements: signed event notifications, or its events polled",
		Catalog: Catalog(),
		Config:  new(Config),
		Open: func(name string, raw json.RawMessage) (sources.Source, error) {
			return open(name, raw, time.Now)
		},
	}
}

// source is one configured account of the platform with its instances.
type source struct {
	name      string
	mode      sources.Mode
	every     time.Duration // between two polls of an instance; 0 for never
	keys      []*key        // of instances that have none of their own; none refuses everything
	sha1      bool          // signatures of that older form count
	shops     map[string]*shop
	instances map[string]*shop
	account   *gate // of the events API; nil when instances are asked with their own tokens
	now       func() time.Time
}

// A shop is one element instance.
type shop struct {
	store    string // by which rules and the config know it
	instance string // by which the platform knows it
	element  string // key of the element; "" when the config does not tell
	hub      string // path segment of the hub; "" reads objects without one
	keys     []*key // that only this instance signs with; none for those of the source
	api      *api
	objects  *gate // for reading objects; nil without a token
	events   *gate // for the events API; nil without credentials for it
}

// Serves implements [sources.Source]. Where the config names no instance, each that signs with the key is ours.
func (s *source) Serves(store string) bool {
	_, ok := s.shops[store]
	return ok || len(s.shops) == 0 && isNumber(store)
}

// Share implements [sources.Sharer].
func (s *source) Share(nodes int) {
	gates := []*gate{s.account}
	for _, shop := range s.shops {
		gates = append(gates, shop.objects, shop.events)
	}
	for _, g := range gates {
		if g != nil {
			g.limit.Share(nodes)
		}
	}
}

// Mode implements [sources.Source].
func (s *source) Mode() sources.Mode { return s.mode }

// Every implements [sources.Poller].
func (s *source) Every() time.Duration { return s.every }

// Stores implements [sources.Poller]. It gives every store, in order.
func (s *source) Stores() []string { return slices.Sorted(maps.Keys(s.shops)) }

// Version implements [sources.Poller]. An object's shape is that of the platform behind the element, so no field is known
// to tell when it was changed.
func (s *source) Version(string, json.RawMessage) time.Time { return time.Time{} }

// Profile implements [sources.Source]. The platform tells neither currency nor zone of what is behind an element: only
// the id is known.
func (s *source) Profile(_ context.Context, store string) (event.Store, error) {
	if !s.Serves(store) {
		return event.Store{}, sources.Unconfirmed("store %s is not configured for this source", store)
	}
	return event.Store{ID: store}, nil
}

var (
	_ sources.Source = (*source)(nil)
	_ sources.Poller = (*source)(nil)
	_ sources.Caller = (*source)(nil)
)
