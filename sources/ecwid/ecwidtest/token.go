package ecwidtest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// A grant is what a token may do.
type grant struct {
	client string   // id of the app; "" for the store's own
	scopes []string // nil means all
	dead   bool
}

func (g *grant) may(scopes []string) bool {
	return g.scopes == nil || !slices.ContainsFunc(scopes, func(scope string) bool { return !slices.Contains(g.scopes, scope) })
}

// SetToken changes the token that works, as a new install of the app does. The earlier one is dead.
func (s *Store) SetToken(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kill("")
	s.options.Token = token
	s.tokens[token] = &grant{scopes: s.options.Scopes}
}

// Revoke makes a token dead: from now on it is answered 403 INVALID_API_TOKEN.
func (s *Store) Revoke(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.tokens[token]; g != nil {
		g.dead = true
	}
}

// SetScopes changes what the store's own token may do; nil means everything.
func (s *Store) SetScopes(scopes ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options.Scopes = scopes
	if g := s.tokens[s.options.Token]; g != nil {
		g.scopes = scopes
	}
}

// Suspend makes the store one that does not pay, so that every call is answered 402 STORE_IS_SUSPENDED, or ends that.
func (s *Store) Suspend(suspended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.suspended = suspended
}

// kill makes the tokens of an app dead.
func (s *Store) kill(client string) {
	for _, g := range s.tokens {
		if g.client == client {
			g.dead = true
		}
	}
}

// A window counts the calls of one token in one minute.
type window struct {
	start time.Time
	calls int
}

// allow checks the token, its rate and its scopes. Calls with a token that does not work count against a much smaller rate.
func (s *Store) allow(r *http.Request) *apiError {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	g := s.tokens[token]
	works := bearer && g != nil && !g.dead
	limit := s.options.Rate
	if !works {
		limit, token = 20, "" // dead tokens are counted together, as Ecwid does by address
	}
	now, w := s.options.Now(), s.calls[token]
	if w == nil || now.Sub(w.start) >= time.Minute {
		w = &window{start: now}
		s.calls[token] = w
	}
	w.calls++
	switch {
	case limit > 0 && w.calls > limit:
		left := int(w.start.Add(time.Minute).Sub(now)/time.Second) + 1
		return &apiError{status: 429, code: "RATE_LIMITED", message: "Too many requests", retryAfter: left}
	case !works:
		return &apiError{status: 403, code: "INVALID_API_TOKEN", message: "Invalid API token"}
	case s.suspended:
		return &apiError{status: 402, code: "STORE_IS_SUSPENDED", message: "Store is suspended"}
	case !g.may(s.needs(r)):
		return &apiError{status: 403, code: "INSUFFICIENT_APP_SCOPE", message: "Insufficient scope"}
	}
	return nil
}

// needs gives the scopes that a request needs.
func (s *Store) needs(r *http.Request) []string {
	path := strings.TrimPrefix(r.URL.Path, "/api/v3/"+s.options.StoreID+"/")
	parts := strings.Split(strings.TrimSuffix(path, "/"), "/")
	area := map[string]string{"orders": "orders", "carts": "orders", "products": "catalog", "categories": "catalog", "classes": "catalog",
		"customers": "customers", "customer_groups": "customers", "discount_coupons": "discount_coupons", "coupons": "discount_coupons",
		"promotions": "promotion", "reviews": "reviews", "profile": "store_profile", "latest-stats": "store_profile", "application": "store_profile"}[parts[0]]
	if area == "" {
		return nil // the app's own storage needs none
	}
	scopes := []string{"read_" + area}
	switch {
	case parts[0] == "orders" && len(parts) > 2 && parts[2] == "invoices" && r.Method == http.MethodGet:
		scopes = append(scopes, "read_invoices")
	case r.Method == http.MethodPost:
		scopes = []string{"create_" + area}
	case r.Method != http.MethodGet:
		scopes = []string{"update_" + area}
	}
	return scopes
}
