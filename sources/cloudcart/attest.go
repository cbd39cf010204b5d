package cloudcart

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"shopbell/event"
	"shopbell/sources"
)

// CloudCart sends a webhook while it is still saving, so the API may not know of the change yet. For that long after the
// notification reached us, what does not agree is asked for again.
const (
	saving      = 10 * time.Second
	savingRetry = 3 * time.Second
)

// aliveFor is how long an answer proves that the host is right. A wrong one answers 404 to everything.
const aliveFor = 10 * time.Minute

// Attest implements [sources.Source]. It makes one call; one more when the answer is 404 and the host has not proved itself
// lately, and when the API does not know what is asked for along with the entity.
func (s *source) Attest(ctx context.Context, e *event.Event) (sources.Reading, error) {
	shop, ok := s.shops[e.Store]
	if !ok {
		return sources.Reading{}, sources.Unconfirmed("store %s is not configured for this source", e.Store)
	}
	kind, ok := s.kinds[e.Type]
	if !ok {
		return sources.Reading{}, nil
	}
	noun, id, _ := strings.Cut(e.Subject, "/")
	if noun != kind.noun || !isID(id) {
		return sources.Reading{}, sources.Unconfirmed("the event does not tell which %s it is about", kind.noun)
	}
	got, err := shop.shared(ctx, kind, id, e.Received)
	if err != nil && !errors.Is(err, errNotFound) {
		return sources.Reading{}, err
	}
	name := kind.noun + " " + id
	deleted := strings.HasSuffix(e.Type, ".deleted")
	switch {
	case err == nil && got.id != id:
		return sources.Reading{}, sources.Unconfirmed("the store's API gave another entity than %s", name)
	case (err != nil) == deleted:
		return sources.Reading{Entity: got.entity, Gone: deleted, Stale: stale(kind, e.Data, got.entity)}, nil
	case time.Since(e.Received) < saving:
		return sources.Reading{}, sources.Later(savingRetry, fmt.Errorf("the store may still be saving %s", name))
	case deleted:
		return sources.Reading{}, sources.Unconfirmed("%s is still there, although it is said to be deleted", name)
	}
	return sources.Reading{}, sources.Unconfirmed("the store's API does not know %s", name)
}

// A finding is an entity as it was read, and the id that it bears.
type finding struct {
	id     string
	entity json.RawMessage
}

// find reads one entity; errNotFound when the store does not have it.
func (s *shop) find(ctx context.Context, e *entity, id string) (finding, error) {
	d, err := s.including(ctx, e, e.resource+"/"+url.PathEscape(id), url.Values{})
	if errors.Is(err, errNotFound) {
		return finding{}, s.missing(ctx, e)
	}
	if err != nil {
		return finding{}, err
	}
	if len(d.items) != 1 {
		return finding{}, errForm
	}
	entity, err := e.read(d, d.items[0], s.zone)
	return finding{d.items[0].id, entity}, err
}

// including asks with the richest list of what comes along that the API knows, and remembers it.
func (s *shop) including(ctx context.Context, e *entity, path string, query url.Values) (*document, error) {
	lacks := 0
	if known, ok := s.lacks.Load(e.resource); ok {
		lacks, _ = known.(int)
	}
	for ; ; lacks++ {
		query.Del("include")
		if include := e.includes[lacks]; include != "" {
			query.Set("include", include)
		}
		d, err := s.ask(ctx, get(path, query))
		if _, rejected := errors.AsType[*rejection](err); rejected && lacks+1 < len(e.includes) {
			continue
		}
		if err == nil && lacks > 0 {
			s.lacks.Store(e.resource, lacks)
		}
		return d, err
	}
}

// missing makes sure that a 404 speaks of the entity, and not of a host that CloudCart does not know.
func (s *shop) missing(ctx context.Context, e *entity) error {
	if time.Since(time.Unix(s.alive.Load(), 0)) < aliveFor {
		return errNotFound
	}
	_, err := s.ask(ctx, get(e.resource, url.Values{"page[size]": {"1"}}))
	switch {
	case err == nil:
		return errNotFound
	case errors.Is(err, errNotFound):
		return s.suspended(fmt.Sprintf("the API answers 404 to everything for store %s: is stores.%s.host its primary domain?", s.id, s.id))
	}
	return err
}

// stale says how a claim differs from what was read in the status, which is what rules are about.
func stale(e *entity, claim, read json.RawMessage) string {
	if e.noun != "order" || claim == nil || read == nil {
		return ""
	}
	var was, is struct{ Status string }
	if json.Unmarshal(claim, &was) != nil || json.Unmarshal(read, &is) != nil || was.Status == "" || was.Status == is.Status {
		return ""
	}
	return fmt.Sprintf("the notification says %.60s, the store says %.60s", was.Status, is.Status)
}

// Profile implements [sources.Source]. CloudCart's API has no profile of a store: it is what the config says, and no call
// is made.
func (s *source) Profile(_ context.Context, store string) (event.Store, error) {
	shop, ok := s.shops[store]
	if !ok {
		return event.Store{}, sources.Unconfirmed("store %s is not configured for this source", store)
	}
	return shop.profile, nil
}
