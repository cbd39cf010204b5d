package cloudcarttest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// A hook is one webhook of the store.
type hook struct {
	id      string
	event   string
	url     string
	active  bool
	nested  int // new_version
	key     int // api_key_id
	headers map[string]any
	used    int // attempts, good or bad
}

// A Hook tells of one webhook of the store.
type Hook struct {
	ID, Event, URL string
	Active         bool
	Headers        map[string]any
	KeyID          int
	Attempts       int
}

// Events lists the events that a webhook can be for: 20, without order.deleted.
func Events() []string {
	var events []string
	for _, group := range []string{"category", "vendor", "product", "discount", "customer", "order", "subscriber"} {
		for _, what := range []string{"created", "updated", "deleted"} {
			if group != "order" || what != "deleted" {
				events = append(events, group+"."+what)
			}
		}
	}
	return events
}

// AddHook adds an active webhook, as a merchant does by hand. It gives its id.
func (s *Store) AddHook(event, url string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := &hook{id: strconv.Itoa(s.next()), event: event, url: url, active: true, nested: 1, key: 1}
	s.hooks = append(s.hooks, h)
	return h.id
}

// Hooks lists the webhooks in the order in which they were made.
func (s *Store) Hooks() []Hook {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Hook, len(s.hooks))
	for i, h := range s.hooks {
		all[i] = Hook{h.id, h.event, h.url, h.active, h.headers, h.key, h.used}
	}
	return all
}

// webhooks answers /webhooks and /webhooks/{id}. s is locked.
func (s *Store) webhooks(r *http.Request, id string) answer {
	if r.Body != nil && (r.Method == http.MethodPost || r.Method == http.MethodPatch) && r.Header.Get("Content-Type") != "application/vnd.api+json" {
		return problem(415, "Unsupported Media Type", "", "")
	}
	if id == "" {
		switch r.Method {
		case http.MethodGet:
			items := make([]*Resource, len(s.hooks))
			for i, h := range s.hooks {
				items[i] = h.resource()
			}
			return list("webhooks", items, activeFilter(r.URL.Query()), nil)
		case http.MethodPost:
			return s.newHook(r)
		}
		return problem(405, "Method Not Allowed", "", "")
	}
	at := slices.IndexFunc(s.hooks, func(h *hook) bool { return h.id == id })
	if at < 0 {
		return problem(404, "Not Found", "", "")
	}
	switch r.Method {
	case http.MethodGet:
		return answer{status: 200, body: document([]*Resource{s.hooks[at].resource()}, nil, true)}
	case http.MethodPatch:
		return s.patchHook(r, s.hooks[at])
	case http.MethodDelete:
		s.hooks = slices.Delete(s.hooks, at, at+1)
		return answer{status: 204}
	}
	return problem(405, "Method Not Allowed", "", "")
}

// activeFilter takes 1 and 0 for yes and no, which is how filter[active] is written.
func activeFilter(query url.Values) url.Values {
	switch query.Get("filter[active]") {
	case "0":
		query.Set("filter[active]", "no")
	case "1":
		query.Set("filter[active]", "yes")
	}
	return query
}

func (h *hook) resource() *Resource {
	headers := h.headers
	if headers == nil {
		headers = map[string]any{}
	}
	return &Resource{Type: "webhooks", ID: h.id, Attributes: map[string]any{"url": h.url, "event": h.event, "active": yes(h.active), "new_version": h.nested, "request_headers": headers}}
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func (s *Store) newHook(r *http.Request) answer {
	a, ok := attributes(r)
	switch {
	case !ok:
		return problem(400, "Bad Request", "", "")
	case a["url"] == nil:
		return problem(422, "Unprocessable Entity", "The url field is required", "/data/attributes/url")
	case a["event"] == nil:
		return problem(422, "Unprocessable Entity", "The event field is required", "/data/attributes/event")
	case s.options.Hooks > 0 && len(s.hooks) >= s.options.Hooks:
		return problem(422, "Unprocessable Entity", "You have reached the limit of webhooks of your plan", "")
	}
	h := &hook{id: strconv.Itoa(s.next()), active: true, nested: 1, key: 1}
	if key, ok := a["api_key_id"].(float64); ok {
		h.key = int(key)
	}
	if refused := h.take(a); refused.status != 0 {
		return refused
	}
	s.hooks = append(s.hooks, h)
	return answer{status: 201, body: document([]*Resource{h.resource()}, nil, true)}
}

func (s *Store) patchHook(r *http.Request, h *hook) answer {
	a, ok := attributes(r)
	if !ok {
		return problem(400, "Bad Request", "", "")
	}
	if a["api_key_id"] != nil {
		return problem(422, "Unprocessable Entity", "The api key id field is read-only", "/data/attributes/api_key_id")
	}
	if refused := h.take(a); refused.status != 0 {
		return refused
	}
	return answer{status: 200, body: document([]*Resource{h.resource()}, nil, true)}
}

// take sets what is given. Headers are replaced at every save, also by none.
func (h *hook) take(a map[string]any) answer {
	if address, ok := a["url"].(string); ok {
		if u, err := url.Parse(address); err != nil || u.Host == "" || !strings.HasPrefix(u.Scheme, "http") {
			return problem(422, "Unprocessable Entity", "The url format is invalid", "/data/attributes/url")
		}
		h.url = address
	}
	if event, ok := a["event"].(string); ok {
		if !slices.Contains(Events(), event) {
			return problem(422, "Unprocessable Entity", "List of valid events: "+strings.Join(Events(), ", "), "/data/attributes/event")
		}
		h.event = event
	}
	if active, given := a["active"]; given {
		word := fmt.Sprint(active)
		h.active = word == "yes" || word == "1"
	}
	if version, ok := a["new_version"].(float64); ok {
		h.nested = int(version)
	}
	headers, _ := a["request_headers"].(map[string]any)
	h.headers = headers
	return answer{}
}

func attributes(r *http.Request) (map[string]any, bool) {
	var doc struct {
		Data struct{ Attributes map[string]any }
	}
	err := json.NewDecoder(r.Body).Decode(&doc)
	return doc.Data.Attributes, err == nil && doc.Data.Attributes != nil
}
