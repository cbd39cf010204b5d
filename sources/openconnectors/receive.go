package openconnectors

import (
	"encoding/json"
	"net/http"
	"strings"

	"shopbell/event"
	"shopbell/sources"
)

// maxShared is how large a body may be to be kept with each of its events, in bytes. Of a larger one the first event keeps
// it whole, and the others what it says of them.
const maxShared = 64 << 10

// Receive implements [sources.Source]. It gives one event for each in the notification, in order. What is not parseable is
// answered by 400, a signature that does not fit by 401. A notification that is true and holds no event is refused with
// status 200: the platform would repeat anything else for days, and then stop.
func (s *source) Receive(r sources.Request) ([]event.Event, error) {
	n, err := parse(r.Body)
	if err != nil {
		return nil, sources.Refuse(http.StatusBadRequest, "parse", "%s", err)
	}
	instance := s.instanceOf(n, r.Path)
	if err := s.verify(r, instance); err != nil {
		return nil, err
	}
	store, elementKey := instance, ""
	if known := s.instances[instance]; known != nil {
		store, elementKey = known.store, known.element
	} else if s.shops[instance] != nil {
		// Its events would pass for those of the store of that name.
		return nil, sources.Refuse(http.StatusBadRequest, "store", "instance %s is not configured, and a store of that name is of another instance", instance)
	}
	switch {
	case instance == "":
		return nil, sources.Refuse(http.StatusBadRequest, "store", "the notification does not tell its instance: let the callback address end in the instance's id, such as /webhooks/%s/31", s.name)
	case len(n.elements) == 0:
		return nil, sources.Refuse(http.StatusOK, "parse", "the notification holds no event")
	}
	events := n.events(n.idOf(r.Body), elementKey)
	for i := range events {
		e := &events[i]
		e.Source, e.Store, e.Received, e.Body = s.name, store, r.Received, json.RawMessage(r.Body)
		if i > 0 && len(r.Body) > maxShared {
			e.Body = e.Data
		}
	}
	return events, nil
}

// instanceOf gives the instance that a notification is of: as it says, else as the address it came to says, else the only
// one there is. It is "" when none of these tells.
func (s *source) instanceOf(n *notification, path string) string {
	named := strings.Trim(path, "/")
	switch {
	case n.instance != "":
		return n.instance
	case s.instances[named] != nil:
		return named
	case s.shops[named] != nil:
		return s.shops[named].instance
	case len(s.instances) == 0 && isNumber(named):
		return named
	case named == "" && len(s.instances) == 1:
		for only := range s.instances {
			return only
		}
	}
	return ""
}

// verify proves a notification with the keys of its instance, or with those of the source.
func (s *source) verify(r sources.Request, instance string) error {
	keys := s.keys
	if known := s.instances[instance]; known != nil && len(known.keys) > 0 {
		keys = known.keys
	}
	if len(keys) == 0 {
		return sources.Refuse(http.StatusUnauthorized, "secret", "no signature_key is configured for this source or instance, so no notification can be verified")
	}
	found, present := signatures(r.Header)
	switch {
	case !present:
		return sources.Refuse(http.StatusUnauthorized, "signature", "the header %s is missing: set event.notification.signature.key on the instance, without which the platform does not sign", SignatureHeader)
	case !signed(found, keys, r.Body, s.sha1):
		return sources.Refuse(http.StatusUnauthorized, "signature", "the signature does not fit: it was made with another key than signature_key, for another body, or in a form that is not accepted")
	}
	return nil
}
