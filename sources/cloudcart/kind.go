// Package cloudcart is the source for stores on CloudCart: its webhooks, the read-back of the entity that a webhook names
// through the store's JSON:API v2, polling for what no webhook told, and the registration of the webhooks.
//
//	source, err := cloudcart.Kind().Open("cloudcart", []byte(`{"stores":{"shop1":{"host":"shop1.cloudcart.net","api_key":"…"}}}`))
//	events, err := source.Receive(request)         // path /shop1/order.created, header X-CloudCart-ApiKey
//	reading, err := source.Attest(ctx, &events[0]) // GET https://shop1.cloudcart.net/api/v2/orders/6?include=…
//
// CloudCart signs nothing: a notification proves itself by the store's own API key, and its event is told by the path
// alone. It gives up on a receiver for good when it sees certain statuses, so [Answer] knows only 200 and 503.
//
// The package does not receive XML, does not read the older form of orders (new_version 0), and writes nothing to a store
// but its webhooks.
package cloudcart

import (
	"encoding/json"
	"net/http"

	"shopbell/event"
	"shopbell/sources"
)

// Name is the name of the kind in the config.
const Name = "cloudcart"

// Kind declares the CloudCart platform. Each call gives a new value; all may be used at once.
func Kind() *sources.Kind {
	return &sources.Kind{
		Name:    Name,
		Summary: "CloudCart: webhooks with the store's API key, read back through its JSON:API v2",
		Catalog: Catalog(),
		Config:  new(Config),
		Open: func(name string, raw json.RawMessage) (sources.Source, error) {
			return open(name, raw)
		},
		Answer: Answer,
	}
}

// Answer gives the status that CloudCart sees instead of another one: 503 where trying again helps, 200 everywhere else.
//
// CloudCart deactivates a webhook at once for 400, 401, 403, 404, 405, 406, 410 and 411. Any other status but 200 it tries
// again five times in 20 minutes, and deactivates the webhook then. So what will never be taken, a body that is too large
// (413) or not JSON (415) included, is answered by 200 and dropped: trying it again would only switch the webhook off.
func Answer(status int) int {
	if status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status >= 500 {
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

// source is the configured CloudCart stores.
type source struct {
	name    string
	mode    sources.Mode
	poll    pollConfig
	catalog *event.Catalog
	kinds   map[string]*entity // by event type
	shops   map[string]*shop   // by the store's name in the config
	client  *caller
}

// Share implements [sources.Sharer].
func (s *source) Share(nodes int) {
	for _, shop := range s.shops {
		shop.line.limit.Share(nodes)
	}
}

// Serves implements [sources.Source].
func (s *source) Serves(store string) bool {
	_, ok := s.shops[store]
	return ok
}

// Mode implements [sources.Source].
func (s *source) Mode() sources.Mode { return s.mode }

// Catalog implements [sources.Describer]: the codes of order statuses depend on the config.
func (s *source) Catalog() *event.Catalog { return s.catalog }

var (
	_ sources.Source    = (*source)(nil)
	_ sources.Describer = (*source)(nil)
	_ sources.Caller    = (*source)(nil)
	_ sources.Poller    = (*source)(nil)
)
