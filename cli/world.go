package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync/atomic"

	"shopbell/actions"
	"shopbell/config"
	"shopbell/document"
	"shopbell/engine"
	"shopbell/rules"
	"shopbell/sources"
	"shopbell/sources/ecwid"
)

// opened is what a config names, made ready: nothing has been connected to yet.
type opened struct {
	changes  *changes
	stock    *stock
	sources  map[string]sources.Source
	accounts map[string]engine.Account
	problems []document.Problem
}

// open makes sources and accounts of a config, and tells of every one that cannot be made.
func open(c *config.Config, log *slog.Logger) opened {
	o := opened{changes: &changes{}, stock: newStock(), sources: map[string]sources.Source{}, accounts: map[string]engine.Account{}}
	for _, s := range c.Sources {
		source, err := s.Kind.Open(s.Name, s.Config)
		if err != nil {
			o.problems = append(o.problems, s.At(err.Error(), ""))
			continue
		}
		o.sources[s.Name] = source
	}
	env := o.env(c, log)
	for _, a := range c.Accounts {
		outlet, err := a.Kind.Open(env, a.Config)
		if err != nil {
			o.problems = append(o.problems, a.At(err.Error(), ""))
			continue
		}
		o.accounts[a.Name] = engine.Account{Kind: a.Kind, Outlet: outlet, Limit: within(c.Plugged, a.Kind, limitOf(a)), Budget: a.Budget}
	}
	for _, k := range c.Kinds {
		if _, given := o.accounts[k.Name]; given || !k.NoAccount {
			continue
		}
		outlet, err := k.Open(env, nil)
		if err != nil {
			o.problems = append(o.problems, document.Problem{File: c.File, Message: fmt.Sprintf("the action %s cannot work without an account: %v", k.Name, err)})
			continue
		}
		o.accounts[k.Name] = engine.Account{Kind: k, Outlet: outlet, Limit: within(c.Plugged, k, actions.Limit{})}
	}
	return o
}

// limitOf gives how fast an account may go: as the config says, and for what it does not say as its kind does.
func limitOf(a config.Account) actions.Limit {
	var limit actions.Limit
	if a.Kind.Limit != nil {
		limit = a.Kind.Limit(a.Config)
	}
	if a.Rate > 0 {
		limit.Rate = a.Rate
	}
	if a.Concurrency > 0 {
		limit.Concurrency = a.Concurrency
	}
	return limit
}

// env is what a config gives to every action.
func (o opened) env(c *config.Config, log *slog.Logger) actions.Env {
	return actions.Env{Allow: c.HTTP.Allow, Log: log, Templates: c.Rules, Change: o.changes.set, Create: o.changes.create, Find: o.changes.find, Claim: o.changes.claim, Pools: c.Pools, Stock: o.stock.set}
}

// causes tells whether some account's action changes stores.
func (o opened) causes() bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(o.accounts)), func(a engine.Account) bool { return len(a.Kind.Causes) > 0 })
}

// changes leads to the engine, which is made after the actions that change stores through it.
type changes struct{ engine atomic.Pointer[engine.Engine] }

func (c *changes) set(ctx context.Context, source, store, subject string, set map[string]json.RawMessage) error {
	if e := c.engine.Load(); e != nil {
		return e.SetFields(ctx, source, store, subject, set)
	}
	return errors.New("the engine has not started")
}

func (c *changes) create(ctx context.Context, source, store, noun, key string, set map[string]json.RawMessage) (json.RawMessage, error) {
	if e := c.engine.Load(); e != nil {
		return e.CreateEntity(ctx, source, store, noun, key, set)
	}
	return nil, errors.New("the engine has not started")
}

func (c *changes) find(ctx context.Context, source, store, noun, name string) (json.RawMessage, error) {
	if e := c.engine.Load(); e != nil {
		return e.FindEntity(ctx, source, store, noun, name)
	}
	return nil, errors.New("the engine has not started")
}

// worldOf is what rules of a config are checked against.
func worldOf(c *config.Config, o opened) rules.World {
	w := rules.World{Sources: map[string]rules.Origin{}, Actions: byName(c.Kinds), Accounts: map[string]rules.Outlet{}, Things: things(c)}
	for _, s := range c.Sources {
		source, ok := o.sources[s.Name]
		origin := rules.Origin{Kind: s.Kind.Name, Catalog: s.Kind.Catalog, ReadsBack: true, Stores: s.Stores}
		if ok {
			origin.Catalog, origin.ReadsBack = sources.CatalogOf(s.Kind, source), source.Mode() != sources.Never
			if i, can := source.(sources.Installer); can && i.Installs() {
				origin.Stores = nil // merchants connect more of them while the program runs
			}
		}
		w.Sources[s.Name] = origin
	}
	for _, a := range c.Accounts {
		w.Accounts[a.Name] = rules.Outlet{Kind: a.Kind.Name, Stores: a.Stores, Fixed: actions.FixedTo(o.accounts[a.Name].Outlet)}
	}
	return w
}

// defaultWorld is what rules are checked against without a config: every platform and an account of every kind.
func defaultWorld() rules.World {
	all := kinds()
	w := rules.World{Sources: map[string]rules.Origin{}, Default: ecwid.Name, Actions: byName(all.Actions), Accounts: map[string]rules.Outlet{}}
	for _, k := range all.Sources {
		w.Sources[k.Name] = rules.Origin{Kind: k.Name, Catalog: k.Catalog, ReadsBack: true}
	}
	for _, k := range all.Actions {
		w.Accounts[k.Name] = rules.Outlet{Kind: k.Name}
	}
	return w
}

func byName(all []*actions.Kind) map[string]*actions.Kind {
	named := map[string]*actions.Kind{}
	for _, k := range all {
		named[k.Name] = k
	}
	return named
}

// worldOrDefault gives the world of the config, or the default one when there is no config file at all; c is nil then.
func (p *program) worldOrDefault() (rules.World, *config.Config, error) {
	if _, err := os.Stat(p.config); errors.Is(err, fs.ErrNotExist) && !p.named {
		return defaultWorld(), nil, nil
	}
	c, err := p.load()
	if err != nil {
		return rules.World{}, nil, err
	}
	return worldOf(c, open(c, slog.New(slog.DiscardHandler))), c, nil
}
