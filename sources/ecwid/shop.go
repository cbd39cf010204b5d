package ecwid

import (
	"net/http"
	"net/url"
	"sync"
	"time"

	"shopbell/secret"
	"shopbell/sources"
)

// An api is Ecwid's REST API as one source calls it: what its stores share.
type api struct {
	base   *url.URL
	client *http.Client

	mu    sync.Mutex
	lines map[secret.Text]*line // made at the first call with a token; never dropped, for a dead token stays dead
	nodes int                   // that share the lines

	opened time.Time // when all that may be called at once began to gather
}

func newAPI(base *url.URL) *api {
	return &api{base: base, client: newClient(), lines: make(map[secret.Text]*line), opened: time.Now()}
}

// line gives the way to the API with a token.
func (a *api) line(token secret.Text) *line {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.lines[token]
	if l == nil {
		l = newLine()
		l.rate.Share(a.nodes)
		l.rate.Empty(a.opened)
		a.lines[token] = l
	}
	return l
}

// Share implements [sources.Sharer].
func (s *source) Share(nodes int) {
	s.api.mu.Lock()
	defer s.api.mu.Unlock()
	s.api.nodes = nodes
	for _, l := range s.api.lines {
		l.rate.Share(nodes)
	}
}

var _ sources.Sharer = (*source)(nil)

// A shop is one connected store. There may be 50,000, most of them quiet, so all that a call needs is made at the first
// call. A store that is connected again, with another token, is another shop.
type shop struct {
	id        string
	api       *api
	token     secret.Text
	installed bool // by an installation, not by the config

	mu      sync.Mutex
	way     *line         // nil until the first call
	health  *health       // nil until the first answer
	profile *profileCache // nil until the first profile; kept when the store is connected again
	stopped time.Time     // since when the app is uninstalled; zero when it is not

	answers answers
}

// line gives the way to the API; nil without a token.
func (s *shop) line() *line {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.way == nil && s.token != "" {
		s.way = s.api.line(s.token)
	}
	return s.way
}

// profiles gives the cache of the profile.
func (s *shop) profiles() *profileCache {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.profile == nil {
		s.profile = new(profileCache)
	}
	return s.profile
}

// stop says that the app is not installed any more, or is again.
func (s *shop) stop(since time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped.IsZero() || since.IsZero() {
		s.stopped = since
	}
}

// gone tells whether the app is uninstalled.
func (s *shop) gone() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.stopped.IsZero()
}

// shop gives a connected store. Stores come and go.
func (s *source) shop(store string) (*shop, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	shop, ok := s.shops[store]
	return shop, ok
}

// all gives every connected store, in no order.
func (s *source) all() []*shop {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := make([]*shop, 0, len(s.shops))
	for _, shop := range s.shops {
		all = append(all, shop)
	}
	return all
}

// Serves implements [sources.Source].
func (s *source) Serves(store string) bool {
	_, ok := s.shop(store)
	return ok
}

// connect makes a store known, in place of the one of that id. With the token that it has already, all stays as it is, save
// that the app is installed again.
func (s *source) connect(store string, token secret.Text) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := &shop{id: store, api: s.api, token: token, installed: true}
	if before, ok := s.shops[store]; ok {
		if before.token == token && before.installed {
			before.stop(time.Time{})
			return
		}
		next.profile = before.profiles()
	}
	s.shops[store] = next
}

// Stores gives every store that can be asked now: those without a token, with a dead one, and where the app was uninstalled,
// are left out. The order is no order.
func (s *source) Stores() []string {
	all := s.all()
	ids := make([]string, 0, len(all))
	for _, shop := range all {
		switch shop.credential().State {
		case sources.CredentialMissing, sources.CredentialDead, sources.CredentialStopped:
		default:
			ids = append(ids, shop.id)
		}
	}
	return ids
}
