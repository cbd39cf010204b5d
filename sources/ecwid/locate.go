package ecwid

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"shopbell/event"
	"shopbell/sources"
)

// maxPages bounds how far a list is read, at 100 entities a page.
const maxPages = 20

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
		if known.Noun == "invoice" {
			if number == "" {
				return at, w, sources.Unconfirmed("the event does not tell which order the invoice is of")
			}
			w.ask = number
			if known.Change == event.Created {
				w.at = e.Created
			}
		}
	case "cart":
		if number, _ := fromData(e.Data, "cartId"); number == "" {
			return at, w, sources.Unconfirmed("the event does not tell the id of the cart")
		}
	}
	if id == "" {
		return at, w, sources.Unconfirmed("the event does not tell which %s it is about", known.Noun)
	}
	if !at.accepts(w.asked()) {
		return at, w, sources.Unconfirmed("%q cannot be the id of a %s", w.asked(), known.Noun)
	}
	return at, w, nil
}

// find reads the wanted entity, through as many pages as need be.
func (s *shop) find(ctx context.Context, at endpoint, w wanted, of *sake) (finding, error) {
	path, query := at.call(w.asked())
	for page, offset := 0, 0; page < maxPages; page++ {
		if offset > 0 {
			query = withOffset(query, offset)
		}
		answer, err := s.read(ctx, path, query, at.scope, of)
		if errors.Is(err, errNotFound) {
			return finding{}, nil
		}
		if err != nil {
			return finding{}, err
		}
		entity, err := at.pick(answer, w)
		if err != nil || entity != nil {
			return finding{entity: entity}, err
		}
		next, more := at.more(answer, offset)
		if at.query != "" || !more {
			return finding{other: at.in == ""}, nil
		}
		offset = next
	}
	return finding{}, fmt.Errorf("the store's API lists more than %d pages", maxPages)
}

func withOffset(query url.Values, offset int) url.Values {
	next := url.Values{"offset": {strconv.Itoa(offset)}}
	for key, values := range query {
		if key != "offset" {
			next[key] = values
		}
	}
	return next
}

// more tells whether a list goes on after an answer, and where.
func (e endpoint) more(answer json.RawMessage, offset int) (int, bool) {
	var page struct{ Total, Count int }
	if e.in != "items" || json.Unmarshal(answer, &page) != nil || page.Count <= 0 {
		return 0, false
	}
	return offset + page.Count, offset+page.Count < page.Total
}
