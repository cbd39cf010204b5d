// Package ecwid is the source for stores on Ecwid by Lightspeed: its signed webhooks, and the read-back of the entity
// that a webhook names through the store's REST API.
//
//	source, err := ecwid.Kind().Open("ecwid", []byte(`{"client_secret":"…","stores":{"1003":{"token":"secret_…"}}}`))
//	events, err := source.Receive(request)          // 401 unless the signature fits
//	reading, err := source.Attest(ctx, &events[0])  // GET /orders/K8XTQ with the store's token
//
// Ecwid signs only when an event was created and its id. Store, type and entity are claims until Attest has asked.
//
// Merchants can install the app by OAuth, entities can be changed, and a store can be polled for what webhooks missed.
//
// The package decides on no event, and keeps nothing but in memory: tokens, cursors and snapshots are the engine's to keep.
package ecwid

import (
	"encoding/json"
	"sync"
	"time"

	"shopbell/sources"
)

// Name is the name of the kind in the config.
const Name = "ecwid"

// Kind declares the Ecwid platform. Each call gives a new value; all may be used at once.
func Kind() *sources.Kind {
	return &sources.Kind{
		Name:    Name,
		Summary: "Ecwid by Lightspeed: signed webhooks, read back through the REST API",
		Catalog: Catalog(),
		Config:  new(Config),
		Open: func(name string, raw json.RawMessage) (sources.Source, error) {
			return open(name, raw)
		},
	}
}

// source is one configured Ecwid app with its stores.
type source struct {
	name     string
	mode     sources.Mode
	mismatch mismatch
	poll     time.Duration        // how often each store is asked for changes; 0 for never
	keys     []*key               // that a signature may be made with; none refuses everything
	types    map[string]*typeInfo // by canonical name and by every alias
	api      *api
	oauth    *oauth // nil when the config does not allow installing

	mu    sync.RWMutex
	shops map[string]*shop // by store id
}

// Mode implements [sources.Source].
func (s *source) Mode() sources.Mode { return s.mode }

var _ sources.Source = (*source)(nil)
