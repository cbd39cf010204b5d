package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	licensekey "shopbell/actions/license_key"
	"shopbell/config"
	"shopbell/document"
	"shopbell/engine"
	"shopbell/secret"
	"shopbell/server"
	"shopbell/sources"
)

// stopTime bounds how long steps under way may take to end when the program is told to stop. With what the server needs
// to end its requests that makes less than the 20 seconds that are promised.
const stopTime = 16 * time.Second

// A house is everything that runs, put together once for serve and demo.
type house struct {
	config   *config.Config
	log      *slog.Logger
	ledger   engine.Ledger
	engine   *engine.Engine
	server   *server.Server
	keeper   *keeper
	plugs    *plugs
	pools    []string // that were there when the rules were read first
	listener net.Listener
	token    string
	ownToken bool // made by us, so that a link that signs in is of use
}

// furnish puts a house together and starts its engine; nothing is answered before run. What is wrong with the config is
// printed, all of it. The listener is closed when it fails; nil means to listen where the config says.
func (p *program) furnish(ctx context.Context, c *config.Config, log *slog.Logger, l net.Listener, extra []server.Page) (*house, error) {
	h := &house{config: c, log: log, listener: l}
	made := open(c, log)
	if len(made.problems) > 0 {
		fmt.Fprint(p.stderr, document.Text(document.Sort(made.problems)))
		return nil, errors.Join(failed("%s, nothing was started", counted(len(made.problems), "problem")), h.close())
	}
	if h.listener == nil {
		var err error
		if h.listener, err = listen(c.Listen); err != nil {
			return nil, err
		}
	}
	if err := h.build(ctx, made, extra); err != nil {
		return nil, &failure{errors.Join(err, h.close())}
	}
	return h, nil
}

// build opens the ledger, reads the rules and starts the engine.
func (h *house) build(ctx context.Context, made opened, extra []server.Page) error {
	var err error
	if h.ledger, err = openLedger(ctx, h.config, h.log); err != nil {
		return err
	}
	if h.token, h.ownToken, err = ownToken(h.config); err != nil {
		return err
	}
	box, err := h.box(made)
	if err != nil {
		return err
	}
	world := worldOf(h.config, made)
	h.pools = licensekey.Pools(h.config.Pools)
	h.keeper = newKeeper(h.config.Rules, world, h.log)
	registry := prometheus.NewRegistry()
	registry.MustRegister(made.stock.left)
	h.engine = engine.New(engine.Options{Ledger: h.ledger, Sources: made.sources, Accounts: made.accounts, World: world,
		Rules: h.keeper.set(), Log: h.log, Meter: server.NewMeter(registry), Retention: h.config.Retention, Box: box, Public: h.config.URL, Cap: engine.Cap(h.config.Cap), Changes: made.causes(), Node: h.node})
	h.keeper.use = h.engine.Use
	h.plugs = newPlugs(h.config, made, h.log, h.engine, h.keeper)
	made.changes.engine.Store(h.engine)
	if err := h.engine.Start(ctx); err != nil {
		h.engine = nil
		return err
	}
	options := server.Options{Engine: h.engine, Ledger: h.ledger, Token: h.token, Version: version(), Log: h.log,
		Rules: h.keeper.rulebook, Reload: h.reload, Reloads: h.keeper.reloaded, Metrics: registry, Sources: shownSources(h.config, made),
		Accounts: h.plugs.accountsShown, Actions: kinds().Actions, Plugins: h.plugs.shown, Extra: extra}
	if shared, ok := h.ledger.(engine.Shared); ok {
		options.LedgerKind, options.Node, options.Nodes = "postgresql", shared.Node(), shared.Nodes
	}
	h.server = server.New(options)
	return nil
}

// box makes what seals the tokens of stores, and addresses for unsubscribing; nil when there are neither. A key of our own making
// is no good for the addresses of nodes that share a ledger: each would have another.
func (h *house) box(made opened) (*secret.Box, error) {
	c := h.config
	key := c.Encryption.Key
	installs := slices.ContainsFunc(slices.Collect(maps.Values(made.sources)), func(s sources.Source) bool {
		i, ok := s.(sources.Installer)
		return ok && i.Installs()
	})
	if key == "" && installs {
		var err error
		if key, err = ownKey(c); err != nil {
			return nil, err
		}
		h.log.Warn("the tokens of stores are sealed with a key that lies beside them: give encryption.key in the config, so that it does not", "key", keyFile(c))
	}
	if key == "" && c.URL != "" && !c.Shared() {
		var err error
		if key, err = ownKey(c); err != nil {
			return nil, err
		}
	}
	if key == "" {
		return nil, nil
	}
	var previous []secret.Text
	if c.Encryption.Previous != "" {
		previous = append(previous, c.Encryption.Previous)
	}
	return secret.NewBox(key, previous...)
}

// node tells other nodes of this one. The engine asks for it again and again, for rules change.
func (h *house) node() engine.Node {
	name, _ := os.Hostname()
	return engine.Node{Name: name, Address: h.listener.Addr().String(), Version: version(), Rules: engine.RuleFolders(h.engine.Rules().Folders())}
}

func shownSources(c *config.Config, made opened) []server.Source {
	var list []server.Source
	for _, s := range c.Sources {
		list = append(list, server.Source{Name: s.Name, Kind: s.Kind.Name, Mode: made.sources[s.Name].Mode(), Stores: s.Stores, Answer: s.Kind.Answer})
	}
	return list
}

// listen binds an address, with words for what usually goes wrong.
func listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, failed("another program listens on %s: stop it, or change listen: in the config", address)
	case errors.Is(err, os.ErrPermission):
		return nil, failed("this user may not listen on %s: use a port above 1023", address)
	}
	return nil, failed("cannot listen on %s: %w", address, err)
}

// address is where a browser on this machine finds the house.
func (h *house) address() string { return reachable(h.listener.Addr().String()) }

// run answers until ctx ends, then drains: steps under way come to their end while webhooks get a 503 and /readyz tells why,
// then requests do. hangup reloads rules.
func (h *house) run(ctx context.Context, hangup <-chan os.Signal) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	serving, endServing := context.WithCancel(context.WithoutCancel(ctx))
	defer endServing()
	go h.keeper.watch(ctx)
	go h.watchPools(ctx)
	go h.plugs.watch(ctx)
	go tuneMemory(ctx)
	served := make(chan error, 1)
	go func() { served <- h.server.Serve(serving, h.listener) }()
	for {
		select {
		case <-hangup:
			go func() { // a stop must not wait for it
				if err := h.reload(ctx); err != nil {
					h.log.Error("the rules were not reloaded whole", "error", err)
				}
			}()
		case <-ctx.Done():
			h.log.Info("stopping: no new events, work under way comes to its end", "at most", stopTime)
			err := h.stopEngine()
			endServing()
			return errors.Join(err, <-served, h.close())
		case err := <-served:
			return errors.Join(err, h.close())
		}
	}
}

// stopEngine lets steps under way come to their end, for at most stopTime.
func (h *house) stopEngine() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	return h.engine.Stop(ctx)
}

// close ends what was started, in the order that loses nothing.
func (h *house) close() error {
	var errs []error
	if h.engine != nil {
		errs = append(errs, h.stopEngine())
	}
	if h.plugs != nil {
		h.plugs.close()
	}
	if h.ledger != nil {
		errs = append(errs, h.ledger.Close())
	}
	if h.listener != nil {
		if err := h.listener.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
