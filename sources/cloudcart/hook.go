package cloudcart

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// hooks is the resource of webhooks.
const hooks = "webhooks"

// maxHookPages bounds how many webhooks of a store are read, at 100 a page.
const maxHookPages = 20

// A hook is one webhook of a store: one event to one address.
type hook struct {
	id      string
	event   string
	url     string
	active  bool
	nested  bool // orders come in the nested form (new_version 1)
	headers any  // as the API gave them: what is not sent along with a change is lost
}

// allHooks lists the webhooks of a store.
func (s *shop) allHooks(ctx context.Context) ([]hook, error) {
	var all []hook
	for page := 1; page <= maxHookPages; page++ {
		d, err := s.ask(ctx, get(hooks, url.Values{"page[size]": {"100"}, "page[number]": {strconv.Itoa(page)}, "sort": {"id"}}))
		if errors.Is(err, errNotFound) {
			return nil, errors.New("the API does not know its list of webhooks: is the store's host its primary domain?")
		}
		if err != nil {
			return nil, err
		}
		for _, r := range d.items {
			all = append(all, newHook(r))
		}
		if len(d.items) == 0 || page >= d.lastPage {
			break
		}
	}
	return all, nil
}

func newHook(r resource) hook {
	h := hook{id: r.id, headers: r.attributes["request_headers"]}
	h.event, _ = r.attributes["event"].(string)
	h.url, _ = r.attributes["url"].(string)
	h.active, _ = truth(r.attributes["active"]).(bool)
	nested, told := truth(r.attributes["new_version"]).(bool)
	h.nested = nested || !told
	return h
}

// put creates a webhook.
func (s *shop) put(ctx context.Context, event, address string) error {
	attributes := map[string]any{"url": address, "event": event, "active": "yes", "new_version": 1}
	if s.keyID > 0 {
		attributes["api_key_id"] = s.keyID
	}
	_, err := s.do(ctx, call{method: http.MethodPost, path: hooks,
		body: map[string]any{"data": map[string]any{"type": hooks, "attributes": attributes}}})
	return err
}

// mend brings a webhook to what it has to be. CloudCart replaces all headers at every change, so they are sent along.
func (s *shop) mend(ctx context.Context, h hook, address string) error {
	attributes := map[string]any{"url": address, "active": "yes", "new_version": 1}
	if headers, ok := h.headers.(map[string]any); ok && len(headers) > 0 {
		attributes["request_headers"] = headers
	}
	_, err := s.do(ctx, call{method: http.MethodPatch, path: hooks + "/" + url.PathEscape(h.id),
		body: map[string]any{"data": map[string]any{"type": hooks, "id": h.id, "attributes": attributes}}})
	return err
}

// ours tells whether a webhook leads to this source: exactly, or to the same path on another host, as after the server
// has moved.
func (h hook) ours(address string) (exact, moved bool) {
	if h.url == address {
		return true, false
	}
	theirs, err := url.Parse(h.url)
	if err != nil {
		return false, false
	}
	mine, err := url.Parse(address)
	if err != nil {
		return false, false
	}
	tail := mine.EscapedPath()
	if at := strings.LastIndex(tail, "/webhooks/"); at >= 0 {
		tail = tail[at:]
	}
	return false, strings.HasSuffix(strings.TrimSuffix(theirs.EscapedPath(), "/"), tail)
}

// host gives where a webhook leads to without what may be secret in its address.
func (h hook) host() string {
	u, err := url.Parse(h.url)
	if err != nil || u.Host == "" {
		return "an address that is none"
	}
	return u.Host
}
