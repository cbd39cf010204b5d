// Package server is HTTP in: webhooks, probes, metrics, the API and the dashboard.
//
//	s := server.New(server.Options{Engine: e, Ledger: ledger, Token: token, Log: log, Rules: rules, Reload: reload})
//	err := s.Serve(ctx, listener) // until ctx ends; then requests under way are finished
//
// It is the only room that knows gin. It decides nothing about events: it hands them to the engine, and shows what the
// ledger and the engine tell.
package server

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"shopbell/actions"
	"shopbell/document"
	"shopbell/engine"
	"shopbell/rules"
	"shopbell/sources"
)

// An Engine is what the server asks of [engine.Engine]. Its methods are called by many goroutines at once.
type Engine interface {
	Receive(ctx context.Context, source string, r sources.Request) error
	Retry(ctx context.Context, run int64) error
	Replay(ctx context.Context, seq int64) error
	Health() engine.Health
	Probe(context.Context) // renews what Health tells of the ledger
	Changes() (<-chan struct{}, func())
	// Report tells how sources do; see [engine.Engine.Report].
	Report(ctx context.Context, source, store string, limit int) ([]engine.SourceReport, error)
	Credentials() map[string]map[sources.CredentialState]int
	Revive(ctx context.Context, source, store string) error
	Agree(source, state string) (string, error)
	Install(ctx context.Context, source string, query url.Values) (store string, err error)
	Forget(context.Context, engine.Forgetting) (engine.Forgot, error)
	Suppressions(context.Context) ([]engine.Suppression, error)
	Suppress(context.Context, engine.Suppression) error
	Lift(context.Context, engine.Suppression) (bool, error)
	Leaving(token string) (engine.Suppression, error)
	Leave(ctx context.Context, token string) error
	Reported(ctx context.Context, account, token, path string, n actions.Notice) error
	Explain(context.Context, engine.Question) (engine.Story, error)
}

var _ Engine = (*engine.Engine)(nil)

// A Refuser is an [Engine] that also records what the server turns away before a source has seen it, such as a body
// that is too large, so that it shows in the list of events. source is always one of Options.Sources.
type Refuser interface {
	Refuse(ctx context.Context, source string, r sources.Request, why *sources.Refusal)
}

// Options say what a [Server] serves. Engine, Ledger, Rules and Reload are required.
type Options struct {
	Engine Engine
	Ledger engine.Reader
	// Token opens the API (as a bearer token) and the dashboard. With "" neither can be opened.
	Token   string
	Version string
	// LedgerKind is what keeps the ledger: "sqlite" or "postgresql". "" means "sqlite".
	LedgerKind string
	// Node is the id of this node among those that Nodes gives. "" means one of the server's own.
	Node string
	// Nodes gives every node that shares the ledger, this one too. nil means that this one is alone. It is called by many
	// goroutines at once, and not for longer than its context.
	Nodes func(context.Context) ([]engine.Node, error)
	Log   *slog.Logger // nil discards
	// Rules gives the rules as they are now. What it gives is only read.
	Rules func() Rulebook
	// Reload reads the rule files again; its error is for people.
	Reload func(context.Context) error
	// Reloads tells how the last reading of the rule files went, for metrics. It may be nil.
	Reloads func() Reload
	// Metrics is what /metrics shows; nil means a registry of the server's own. The server adds gauges to it.
	Metrics *prometheus.Registry
	Sources []Source
	// Accounts gives the accounts as they are now; nil for none. It is called by many goroutines at once.
	Accounts func() []Account
	Actions  []*actions.Kind
	// Plugins gives the plugins as they are now; nil for none. It is called by many goroutines at once.
	Plugins func() []Plugin
	Extra   []Page
}

// A Rulebook is what the pages and the API show of the rules: a [*rules.Set].
type Rulebook interface {
	Rules() []*rules.Rule
	Directories() []rules.Directory
	Folders() []rules.Folder
}

var _ Rulebook = (*rules.Set)(nil)

// A Source is a configured source, for pages.
type Source struct {
	Name, Kind string
	Mode       sources.Mode
	Stores     []string
	// Answer maps the status of an answer to what the platform may see; nil for as it is.
	Answer func(status int) int
}

// An Account is a configured account, for pages. It holds no secret.
type Account struct {
	Name, Kind string
	Stores     []string // that may use it; empty means all
	Problem    string   // why it is not as the config says now; "" when it is
}

// A Plugin is an action that the operator added, for pages.
type Plugin struct {
	Name     string
	Kind     *actions.Kind // nil when no version of it can be used
	Revision string        // of its files as they are
	Mode     string        // "once", "lines" or "url"; "" without a Kind
	Pinned   bool          // no other program than the one of a hash is run
	Problems []document.Problem
}

// A Page is added to the dashboard's navigation, behind the same sign-in. Handler is called for Path and everything
// below it, on GET and POST; a POST has passed the check of its form token (see [FormToken]).
type Page struct {
	Path    string // such as "/inbox"
	Title   string // in the navigation
	Handler http.Handler
	// Changes tells when the page should be fetched again, beside the engine's own; may be nil.
	Changes func() (<-chan struct{}, func())
}

// A Server answers HTTP. Make it with [New].
type Server struct {
	Options
	handler  http.Handler
	frame    *frame
	keys     keys
	live     *live
	known    map[string]func(int) int // how sources are answered, by name
	spare    sync.Pool                // *[]byte for bodies of unknown length
	stopping chan struct{}
	address  atomic.Value // string: where it listens, once it does
}

// New makes a server. It panics when a required option is missing, which is a mistake of the program.
func New(o Options) *Server {
	if o.Engine == nil || o.Ledger == nil || o.Rules == nil || o.Reload == nil {
		panic("server.New: Engine, Ledger, Rules and Reload are required")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.LedgerKind, o.Node = cmp.Or(o.LedgerKind, "sqlite"), cmp.Or(o.Node, newNode())
	if o.Metrics == nil {
		o.Metrics = prometheus.NewRegistry()
	}
	s := &Server{Options: o, keys: newKeys(o.Token), known: map[string]func(int) int{}, stopping: make(chan struct{})}
	s.Token = "" // what is derived from it is enough
	for _, source := range o.Sources {
		s.known[source.Name] = source.Answer
		if source.Answer == nil {
			s.known[source.Name] = func(status int) int { return status }
		}
	}
	s.spare.New = func() any { b := make([]byte, 0, firstRead); return &b }
	s.frame = newFrame(o.Version, o.Extra)
	s.live = newLive(o, s.stopping)
	o.Metrics.MustRegister(newGauges(o.Engine, o.Version), newRuleGauges(o.Rules, o.Reloads))
	s.handler = s.routes()
	return s
}

// Handler gives the whole server as one handler.
func (s *Server) Handler() http.Handler { return s.handler }

// Time-outs of a connection. A body that trickles in is cut off after readTime.
const (
	headerTime = 5 * time.Second
	readTime   = 15 * time.Second
	writeTime  = 60 * time.Second
	idleTime   = 2 * time.Minute
	drainTime  = 3 * time.Second // a body that trickles in does not hold up a stop; its sender comes again
	maxHeader  = 32 << 10
)

// Serve answers on a listener until ctx ends, then lets requests under way finish, for at most 20 seconds. It closes
// the listener. It may be called once.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	h := &http.Server{
		Handler: s.handler, ReadHeaderTimeout: headerTime, ReadTimeout: readTime, WriteTimeout: writeTime,
		IdleTimeout: idleTime, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
	s.address.Store(l.Addr().String())
	failed := make(chan error, 1)
	go func() { failed <- h.Serve(l) }()
	select {
	case err := <-failed:
		close(s.stopping)
		return err
	case <-ctx.Done():
	}
	close(s.stopping) // ends live pages, which would keep Shutdown waiting
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	switch err := h.Shutdown(drain); {
	case errors.Is(err, context.DeadlineExceeded):
		return h.Close()
	case err != nil:
		return errors.Join(err, h.Close())
	}
	return nil
}

// routes puts everything at its place. Webhooks pass through nothing but the recovery from a panic.
func (s *Server) routes() http.Handler {
	gin.SetMode(gin.ReleaseMode)
	g := gin.New()
	g.RedirectTrailingSlash, g.RedirectFixedPath, g.HandleMethodNotAllowed = false, false, true
	g.Use(s.recovery)
	g.NoRoute(s.nowhere)
	g.NoMethod(s.wrongMethod)

	g.POST("/webhooks/:source", s.webhook)
	g.POST("/webhooks/:source/*rest", s.webhook)
	for _, method := range []string{http.MethodGet, http.MethodHead} { // many that watch a program ask with HEAD
		g.Handle(method, "/healthz", s.healthz)
		g.Handle(method, "/readyz", s.readyz)
	}
	g.GET("/metrics", gin.WrapH(promhttp.HandlerFor(s.Metrics, promhttp.HandlerOpts{MaxRequestsInFlight: 4})))
	s.apiRoutes(g.Group("/api/v1", guardAPI))
	s.pageRoutes(g.Group("/", guardPage))
	return g
}
