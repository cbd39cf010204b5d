package cli

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"shopbell/actions"
	"shopbell/actions/plugin"
	"shopbell/config"
	"shopbell/document"
	"shopbell/engine"
	"shopbell/server"
)

// plugsEvery is how often the folder of plugins is looked at. What has changed is read when it has been quiet for that long.
const plugsEvery = time.Second

// plugs keeps the plugins in use, and reads them again when their files have changed. A broken one stays as it was.
type plugs struct {
	config *config.Config // as it was read first
	made   opened
	log    *slog.Logger
	engine *engine.Engine
	keeper *keeper

	inUse atomic.Pointer[plugin.Set]
	list  atomic.Pointer[[]server.Account] // as pages show them
	mu    sync.Mutex                       // one reading at a time
	told  map[document.Problem]bool
	wrong map[string]string // why accounts are not as they are written, by their names
}

func newPlugs(c *config.Config, made opened, log *slog.Logger, e *engine.Engine, k *keeper) *plugs {
	p := &plugs{config: c, made: made, log: log, engine: e, keeper: k, told: map[document.Problem]bool{}}
	p.inUse.Store(c.Plugged)
	p.show(c)
	p.tell(c.Plugged.Problems())
	return p
}

// within bounds what goes through an account by what its plugin says, too.
func within(s *plugin.Set, k *actions.Kind, l actions.Limit) actions.Limit {
	p := s.Find(k.Name)
	if p == nil {
		return l
	}
	if p.Rate > 0 && (l.Rate == 0 || p.Rate < l.Rate) {
		l.Rate = p.Rate
	}
	if l.Concurrency == 0 || p.Concurrency < l.Concurrency {
		l.Concurrency = p.Concurrency
	}
	return l
}

// watch reads the plugins again when their files have changed and come to rest, until ctx ends.
func (p *plugs) watch(ctx context.Context) {
	tick := time.NewTicker(plugsEvery)
	defer tick.Stop()
	dir := p.config.Plugins // the config is another after each reading
	seen, read := plugin.Stamp(dir), plugin.Stamped{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := plugin.Stamp(dir)
		if now == seen && now != read {
			p.refresh(false)
			read = now
		}
		seen = now
	}
}

// refresh reads the plugins, and has everybody use them when they are others. With whole, it also reads the accounts of the config again:
// a key that was changed there, or in a file that it names, is used from then on.
func (p *plugs) refresh(whole bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.inUse.Load()
	now := plugin.Load(p.config.Plugins, before, kinds().Actions)
	if now.Same(before) && !whole {
		return
	}
	p.tell(now.Problems())
	accounts := p.accounts(now, whole)
	if now.Same(before) && slices.EqualFunc(accounts, p.config.Accounts, sameAccount) {
		return
	}
	c, made := p.config.With(accounts, append(kinds().Actions, now.Kinds()...), now), p.made
	made.accounts = p.open(c, now)
	p.inUse.Store(now)
	p.show(c) // before pages are told
	p.engine.Equip(made.accounts, worldOf(c, made))
	p.keeper.equip(worldOf(c, made))
	p.config, p.made = c, made
	stop, _ := document.Split(now.Problems())
	p.log.Info("plugins and accounts reloaded", "plugins", len(now.InUse()), "accounts", len(accounts), "problems", len(stop))
	if !now.Same(before) {
		go before.Close(now)
	}
}

// accounts gives the accounts of the config: those of plugins, and with whole all, as the file says now. While the file has problems,
// they stay.
func (p *plugs) accounts(now *plugin.Set, whole bool) []config.Account {
	with := kinds()
	with.Plugins = func(string) *plugin.Set { return now }
	file, problems := config.Load(p.config.File, with)
	list := p.config.Accounts
	if file != nil {
		list = file.Accounts
	} else {
		p.log.Warn("the config cannot be read again: accounts stay as they were", "problem", first(problems))
	}
	var all []config.Account
	if !whole {
		all = slices.DeleteFunc(slices.Clone(p.config.Accounts), func(a config.Account) bool { return !isStandard(a.Kind.Name) })
	}
	for _, a := range list {
		switch found := now.Find(a.Kind.Name); {
		case isStandard(a.Kind.Name):
			if whole {
				all = append(all, a)
			}
		case found != nil:
			a.Kind = found.Kind
			all = append(all, a)
		}
	}
	return all
}

func isStandard(name string) bool {
	return slices.ContainsFunc(kinds().Actions, func(k *actions.Kind) bool { return k.Name == name })
}

// sameAccount tells whether an account is as it was. Its stores are looked at by rules, not by what it sends through.
func sameAccount(a, b config.Account) bool {
	return sameOutlet(a, b) && slices.Equal(a.Stores, b.Stores)
}

func sameOutlet(a, b config.Account) bool {
	return a.Name == b.Name && a.Kind == b.Kind && bytes.Equal(a.Config, b.Config) && a.Rate == b.Rate && a.Concurrency == b.Concurrency && a.Budget == b.Budget
}

// open makes accounts ready that are not as they were. One that cannot be made stays as it was.
func (p *plugs) open(c *config.Config, now *plugin.Set) map[string]engine.Account {
	all, env := map[string]engine.Account{}, p.made.env(c, p.log)
	wrong := p.wrong // an account that is as it was is not tried again
	p.wrong = map[string]string{}
	add := func(name string, a config.Account, as func(config.Account) bool) {
		before, was := p.made.accounts[name]
		if was && before.Kind == a.Kind && slices.ContainsFunc(p.config.Accounts, as) {
			all[name] = before
			if why, is := wrong[name]; is {
				p.wrong[name] = why
			}
			return
		}
		outlet, err := a.Kind.Open(env, a.Config)
		switch {
		case err == nil:
			all[name] = engine.Account{Kind: a.Kind, Outlet: outlet, Limit: within(now, a.Kind, limitOf(a)), Budget: a.Budget}
		case was:
			p.log.Error("an account cannot be made as it is written now: it stays as it was", "account", name, "error", err)
			all[name], p.wrong[name] = before, "it cannot be made as it is written now, and stays as it was: "+err.Error()
		default:
			p.log.Error("an account cannot be made: it is left out", "account", name, "error", err)
			p.wrong[name] = "it cannot be made, and is left out: " + err.Error()
		}
	}
	for _, a := range c.Accounts {
		add(a.Name, a, func(b config.Account) bool { return sameOutlet(a, b) })
	}
	for _, k := range c.Kinds {
		if _, given := all[k.Name]; !given && k.NoAccount {
			was := !slices.ContainsFunc(p.config.Accounts, func(b config.Account) bool { return b.Name == k.Name })
			if before, is := p.made.accounts[k.Name]; is && was && before.Kind == k {
				all[k.Name] = before
				continue
			}
			add(k.Name, config.Account{Name: k.Name, Kind: k}, func(config.Account) bool { return false })
		}
	}
	return all
}

// tell logs what it has not told already.
func (p *plugs) tell(problems []document.Problem) {
	before := p.told
	p.told = map[document.Problem]bool{}
	for _, problem := range problems {
		if p.told[problem] = true; before[problem] {
			continue
		}
		if problem.Warning {
			p.log.Warn(problem.Error(), "hint", problem.Hint)
			continue
		}
		p.log.Error(problem.Error(), "hint", problem.Hint, "effect", "this plugin cannot be used, unless an earlier version of it could")
	}
}

// show has pages show the accounts of a config.
func (p *plugs) show(c *config.Config) {
	list := make([]server.Account, 0, len(c.Accounts))
	for _, a := range c.Accounts {
		list = append(list, server.Account{Name: a.Name, Kind: a.Kind.Name, Stores: a.Stores, Problem: p.wrong[a.Name]})
	}
	p.list.Store(&list)
}

// accountsShown lists the accounts for pages.
func (p *plugs) accountsShown() []server.Account { return *p.list.Load() }

// shown lists the plugins for pages.
func (p *plugs) shown() []server.Plugin {
	var list []server.Plugin
	set := p.inUse.Load()
	for _, s := range set.States() {
		one := server.Plugin{Name: s.Name, Revision: s.Revision, Problems: s.Problems}
		if found := set.Find(s.Name); found != nil {
			one.Kind, one.Mode, one.Pinned = found.Kind, found.Mode(), found.Pinned()
		}
		list = append(list, one)
	}
	return list
}

// plugsEnd is for how long programs of plugins may come to their end when ours does: a part of the 20 seconds that are promised.
const plugsEnd = time.Second

// close ends the programs of plugins that are kept running.
func (p *plugs) close() {
	ended := make(chan struct{})
	go func() {
		p.inUse.Load().Close(nil)
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(plugsEnd):
		plugin.End()
	}
}

// reload reads plugins, accounts and rules again.
func (h *house) reload(ctx context.Context) error {
	h.plugs.refresh(true)
	h.engine.Hasten() // whoever asks for it may have mended something
	return h.keeper.reload(ctx)
}

// known lists the kinds of action, with plugins: those of the config, or, where it cannot be read, of the folder beside it.
func (p *program) known() []*actions.Kind {
	set, _ := p.plugged()
	return append(kinds().Actions, set.Kinds()...)
}
