package ecwid

import (
	"encoding/json"
	"net/http"

	"shopbell/event"
	"shopbell/sources"
)

// Receive implements [sources.Source]. It gives exactly one event, which keeps the request's body. What is not
// parseable is answered by 400, a signature that does not fit by 401; a genuine event of an unknown type or store is
// given like any other.
func (s *source) Receive(r sources.Request) ([]event.Event, error) {
	if len(s.keys) == 0 {
		return nil, sources.Refuse(http.StatusUnauthorized, "secret", "no client_secret is configured for this source, so no webhook can be verified")
	}
	n, err := parse(r.Body)
	if err != nil {
		return nil, unparseable(err)
	}
	created, id, err := n.signedParts()
	if err != nil {
		return nil, unparseable(err)
	}
	values := signatures(r.Header)
	switch {
	case len(values) == 0:
		return nil, sources.Refuse(http.StatusUnauthorized, "signature", "the header %s is missing, so this is not from Ecwid", SignatureHeader)
	case !signed(values, s.keys, created, id):
		return nil, sources.Refuse(http.StatusUnauthorized, "signature", "the signature does not fit: it was made with another secret than this source's client_secret, or for another event")
	}
	e := event.Event{Source: s.name, ID: id, Received: r.Received, Body: json.RawMessage(r.Body)}
	if err := s.fill(&e, n, created); err != nil {
		return nil, unparseable(err)
	}
	return []event.Event{e}, nil
}

func unparseable(err error) *sources.Refusal {
	return sources.Refuse(http.StatusBadRequest, "parse", "%s", err)
}

// fill reads what the signature does not cover.
func (s *source) fill(e *event.Event, n *notification, created string) (err error) {
	if e.Created, err = moment(created); err != nil {
		return err
	}
	if e.Store, err = n.store(); err != nil {
		return err
	}
	if e.Type, err = scalar("eventType", n.EventType, maxType); err != nil {
		return err
	}
	if known, ok := s.types[e.Type]; ok {
		e.Type = known.Name
	}
	if e.Data, err = n.claim(); err != nil {
		return err
	}
	e.Subject, err = s.subject(e, n)
	return err
}
