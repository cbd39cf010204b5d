package openconnectors

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"shopbell/event"
	"shopbell/sources"
)

// Attest implements [sources.Source]. It makes one call for orders, products and customers, whose read by id the Ecwid
// element's API documents, and none for others. With attest: never it is not called.
func (s *source) Attest(ctx context.Context, e *event.Event) (sources.Reading, error) {
	if !s.Serves(e.Store) {
		return sources.Reading{}, sources.Unconfirmed("store %s is not configured for this source", e.Store)
	}
	known, ok := Catalog().Lookup(e.Type)
	if !ok || !known.Readable || s.mode == sources.Never {
		return sources.Reading{}, nil
	}
	shop := s.shops[e.Store]
	if shop == nil || shop.objects == nil {
		return sources.Reading{}, sources.Denied(fmt.Errorf("store %s has no token, so nothing can be read back: add stores.%s.token and user", e.Store, e.Store))
	}
	_, id, _ := strings.Cut(e.Subject, "/")
	if id == "" || id == "." || id == ".." {
		return sources.Reading{}, sources.Unconfirmed("the event does not tell which %s it is about", known.Noun)
	}
	object, err := shop.object(ctx, known.Noun, id)
	switch {
	case errors.Is(err, errNotFound) && known.Change == event.Deleted:
		return sources.Reading{Gone: true}, nil
	case errors.Is(err, errNotFound):
		return sources.Reading{}, sources.Unconfirmed("the element's API does not know %s %s", known.Noun, id)
	case err != nil:
		return sources.Reading{}, err
	case known.Change == event.Deleted:
		return sources.Reading{}, sources.Unconfirmed("%s %s is still there, although it is said to be deleted", known.Noun, id)
	}
	return sources.Reading{Entity: object, Stale: stale(known, e.Data, object)}, nil
}

// object reads one object through the element's API.
func (s *shop) object(ctx context.Context, noun, id string) (json.RawMessage, error) {
	path := noun + "s/" + url.PathEscape(id)
	if s.hub != "" {
		path = "hubs/" + s.hub + "/" + path
	}
	a, err := s.api.get(ctx, s.objects, path, nil)
	if err != nil {
		return nil, err
	}
	if first(a.body) != '{' {
		return nil, errors.New("the answer of the element's API is not an object")
	}
	return a.body, nil
}

// stale tells in which way an order of the Ecwid element claims another payment status than the one read back.
func stale(known *event.Type, data, object json.RawMessage) string {
	var claimed, read struct {
		New json.RawMessage `json:"newPaymentStatus"`
		Now json.RawMessage `json:"paymentStatus"`
	}
	if known.Noun != "order" || first(data) != '{' || json.Unmarshal(data, &claimed) != nil || json.Unmarshal(object, &read) != nil {
		return ""
	}
	then, now := loose(claimed.New), loose(read.Now)
	if then == "" || now == "" || paymentStatus(now) == then {
		return ""
	}
	return fmt.Sprintf("it says that the payment is %.40s; read back, it is %.40s", then, now)
}
