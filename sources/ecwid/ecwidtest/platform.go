package ecwidtest

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// An App is one that merchants can install.
type App struct {
	ClientID, ClientSecret string
	RedirectURL            string   // where a merchant's browser is sent with a code; "" takes any
	Scopes                 []string // that it may ask for; nil means all
	// Send takes every webhook for the app, as [Options.Send] does; nil drops them.
	Send func(Notice)
}

// An install is an app in a store.
type install struct {
	app    *App
	scopes []string // nil means all
}

func (in *install) holds(scope string) bool {
	return in.scopes == nil || slices.Contains(in.scopes, scope)
}

// A Platform is Ecwid with several stores and several apps: the REST API of each store, and OAuth.
//
//	platform := ecwidtest.NewPlatform(ecwidtest.PlatformOptions{}, store, other)
//	platform.AddApp(ecwidtest.App{ClientID: "bell", ClientSecret: "s3cret", Send: sender.Send})
//	server := httptest.NewServer(platform)
//	// GET server.URL/api/oauth/authorize?client_id=bell&redirect_uri=…&store_id=1003 sends the browser back with a code
//
// It is an [net/http.Handler]. All methods may be called at once.
type Platform struct {
	options PlatformOptions

	mu     sync.Mutex
	random *rand.Rand
	stores map[string]*Store
	first  string // id of the store whose merchant is asked when a request names none
	apps   map[string]*App
	codes  map[string]*code
}

// PlatformOptions say what a [Platform] is like. Every field may be left zero.
type PlatformOptions struct {
	Now    func() time.Time // its clock; nil means time.Now
	Seed   uint64           // of codes and tokens; 0 means others every time
	Refuse bool             // merchants do not agree to any installation
	// LateInstall sends application.installed when the code is exchanged, not before the browser comes back. Ecwid promises neither.
	LateInstall bool
}

// NewPlatform makes a platform with stores.
func NewPlatform(o PlatformOptions, stores ...*Store) *Platform {
	if o.Now == nil {
		o.Now = time.Now
	}
	p := &Platform{options: o, random: newRandom(o.Seed), stores: make(map[string]*Store), apps: make(map[string]*App), codes: make(map[string]*code)}
	for _, store := range stores {
		p.AddStore(store)
	}
	return p
}

// AddStore adds a store.
func (p *Platform) AddStore(store *Store) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.first == "" {
		p.first = store.ID()
	}
	p.stores[store.ID()] = store
}

// AddApp adds an app, which no merchant has installed yet.
func (p *Platform) AddApp(app App) {
	if app.Send == nil {
		app.Send = func(Notice) {}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.apps[app.ClientID] = &app
}

// Install has a merchant install an app, without a browser, and gives the token. It sends application.installed. Installing again
// makes the earlier token dead.
func (p *Platform) Install(clientID, storeID string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	app, store := p.apps[clientID], p.stores[storeID]
	if app == nil || store == nil {
		return "", fmt.Errorf("there is no app %q or no store %q", clientID, storeID)
	}
	store.install(app, app.Scopes)
	store.installed(app)
	token := p.secret("secret_")
	store.give(token, app, app.Scopes)
	return token, nil
}

// Uninstall has a merchant remove an app. Its token is dead from then on, and application.uninstalled is the last that it is told of the
// store.
func (p *Platform) Uninstall(clientID, storeID string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	store := p.stores[storeID]
	if store == nil || !store.uninstall(clientID) {
		return fmt.Errorf("the app %q is not installed in store %q", clientID, storeID)
	}
	return nil
}

// install makes an app one of the store's, and its earlier tokens dead.
func (s *Store) install(app *App, scopes []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kill(app.ClientID)
	s.installs[app.ClientID] = &install{app: app, scopes: scopes}
}

func (s *Store) installed(app *App) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = "ACTIVE"
	app.Send(s.notice("application.installed", s.options.StoreID, nil))
}

func (s *Store) give(token string, app *App, scopes []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kill(app.ClientID)
	s.tokens[token] = &grant{client: app.ClientID, scopes: scopes}
}

func (s *Store) uninstall(clientID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	in := s.installs[clientID]
	if in == nil {
		return false
	}
	s.kill(clientID)
	delete(s.installs, clientID)
	in.app.Send(s.notice("application.uninstalled", s.options.StoreID, nil))
	return true
}

// secret makes a token or a code. p is locked.
func (p *Platform) secret(prefix string) string {
	const letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	var b strings.Builder
	b.WriteString(prefix)
	for range 32 {
		b.WriteByte(letters[p.random.IntN(len(letters))])
	}
	return b.String()
}

// ServeHTTP answers OAuth and the REST APIs of all stores.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/api/oauth/authorize":
		p.authorize(w, r)
		return
	case "/api/oauth/token":
		p.token(w, r)
		return
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/api/v3/"), "/")
	p.mu.Lock()
	store := p.stores[id]
	p.mu.Unlock()
	if store == nil {
		(&apiError{status: 404, code: "STORE_NOT_FOUND", message: "Store not found"}).answer(w)
		return
	}
	store.ServeHTTP(w, r)
}
