package ecwidtest

import (
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const codeLife = 5 * time.Minute

// A code is what a merchant's consent gives an app, once.
type code struct {
	app    *App
	store  *Store
	scopes []string
	uri    string // redirect_uri that it was asked for with
	until  time.Time
	token  string // that it was exchanged for; "" when it was not
}

// authorize is the page where a merchant agrees. The simulated one does so at once, unless the platform refuses. store_id says whose
// merchant it is.
func (p *Platform) authorize(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	query := r.URL.Query()
	app := p.apps[query.Get("client_id")]
	back, err := url.Parse(query.Get("redirect_uri"))
	if app == nil || err != nil || back.Host == "" || app.RedirectURL != "" && app.RedirectURL != query.Get("redirect_uri") || query.Get("response_type") != "code" {
		http.Error(w, "client_id, redirect_uri or response_type is wrong", http.StatusBadRequest)
		return
	}
	store := p.stores[or(query.Get("store_id"), p.first)]
	scopes, allowed := asked(app, query.Get("scope"))
	answer := back.Query()
	if state := query.Get("state"); state != "" {
		answer.Set("state", state)
	}
	switch {
	case !allowed:
		answer.Set("error", "invalid_scope")
	case p.options.Refuse || store == nil:
		answer.Set("error", "access_denied")
	default:
		name := p.secret("")
		p.codes[name] = &code{app: app, store: store, scopes: scopes, uri: query.Get("redirect_uri"), until: p.options.Now().Add(codeLife)}
		store.install(app, scopes)
		if !p.options.LateInstall {
			store.installed(app)
		}
		answer.Set("code", name)
		answer.Set("store_id", store.ID())
	}
	back.RawQuery = answer.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

// asked reads the scopes that an app asks for; false when it may not have one of them.
func asked(app *App, scope string) ([]string, bool) {
	scopes := strings.Fields(strings.ReplaceAll(scope, "+", " "))
	if len(scopes) == 0 {
		return app.Scopes, true
	}
	return scopes, app.Scopes == nil || !slices.ContainsFunc(scopes, func(s string) bool { return !slices.Contains(app.Scopes, s) })
}

// token turns a code into a token, once: a second time makes the token dead that it gave.
func (p *Platform) token(w http.ResponseWriter, r *http.Request) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if r.Method != http.MethodPost || kind != "application/x-www-form-urlencoded" || r.ParseForm() != nil {
		refuse(w, http.StatusBadRequest, "invalid_request")
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	form := r.PostForm
	app, given := p.apps[form.Get("client_id")], p.codes[form.Get("code")]
	switch {
	case app == nil || form.Get("client_secret") != app.ClientSecret:
		refuse(w, http.StatusUnauthorized, "invalid_client")
	case form.Get("grant_type") != "authorization_code":
		refuse(w, http.StatusBadRequest, "unsupported_grant_type")
	case given == nil || given.app != app || form.Get("redirect_uri") != given.uri || form.Get("store_id") != given.store.ID() || p.options.Now().After(given.until):
		refuse(w, http.StatusBadRequest, "invalid_grant")
	case given.token != "":
		given.store.Revoke(given.token)
		refuse(w, http.StatusBadRequest, "invalid_grant")
	default:
		p.grant(w, given)
	}
}

// grant answers with a new token. p is locked.
func (p *Platform) grant(w http.ResponseWriter, given *code) {
	given.token = p.secret("secret_")
	given.store.give(given.token, given.app, given.scopes)
	if p.options.LateInstall {
		given.store.installed(given.app)
	}
	answer := entity{"access_token": given.token, "token_type": "bearer", "scope": strings.Join(given.scopes, " "), "store_id": given.store.number()}
	if given.scopes == nil || slices.Contains(given.scopes, "public_storefront") {
		answer["public_token"] = p.secret("public_")
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(answer) // a client that has gone away is no concern of ours
}

func refuse(w http.ResponseWriter, status int, why string) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": why}) // as above
}
