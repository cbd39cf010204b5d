package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"

	"shopbell/secret"
	"shopbell/sources"
)

// A life is what is remembered of the connection with a store.
type life struct {
	Life   sources.Life `json:"life"`
	At     time.Time    `json:"at"`
	Token  []byte       `json:"token,omitempty"` // sealed; none for a store of the config
	Scopes []string     `json:"scopes,omitempty"`
	Print  string       `json:"print,omitempty"` // of the credential that was dead when the app was uninstalled
}

// lifeState is what this node knows of the lives of stores.
type lifeState struct {
	mu      sync.Mutex
	read    time.Time            // up to when memos are known, save for late ones
	applied map[string]time.Time // memos that have been heeded, by name and store
	buried  map[Store]burial     // of dead credentials, as far as is known
	revived map[Store]time.Time  // when a person last had a store's credential tried again
}

// A memo may appear this much after a later one: transactions end in another order than they begin.
const lateMemos = time.Minute

func newLifeState() lifeState {
	return lifeState{applied: map[string]time.Time{}, buried: map[Store]burial{}, revived: map[Store]time.Time{}}
}

// recallEvery is how often a node looks for what others have learned.
const recallEvery = 15 * time.Second

// follows tells whether a source has to know of events of a type itself.
func follows(src sources.Source, typ string) bool {
	l, ok := src.(sources.Lively)
	return ok && src.Mode() != sources.Never && l.Follows(typ)
}

// keepRecalling learns what other nodes have found out, until ctx ends.
func (e *Engine) keepRecalling(ctx context.Context) {
	for pause(ctx, recallEvery) {
		if err := e.recallLives(ctx); err != nil && ctx.Err() == nil {
			e.o.Log.Warn("what other nodes know of stores cannot be read", "error", err)
		}
	}
}

// recallLives makes known what the ledger holds of stores: those that were installed, those that went, and dead credentials.
func (e *Engine) recallLives(ctx context.Context) error {
	s := &e.lives
	s.mu.Lock()
	since := s.read
	s.mu.Unlock()
	if !since.IsZero() {
		since = since.Add(-lateMemos)
	}
	memos, err := e.o.Ledger.Memos(ctx, memoConnection, since, true)
	if err != nil {
		return err
	}
	memos = slices.DeleteFunc(memos, func(m Memo) bool { return !s.isNews(m) })
	for _, m := range memos {
		if m.Name == memoLife {
			e.recallLife(m)
		}
	}
	e.recallDead(memos) // a credential is known only once its store is
	return nil
}

// isNews tells whether a memo has not been heeded yet, and notes that it is.
func (s *lifeState) isNews(m Memo) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.Updated.After(s.read) {
		s.read = m.Updated
	}
	key := m.Name + "/" + m.Source + "/" + m.Store
	if s.applied[key].Equal(m.Updated) {
		return false
	}
	s.applied[key] = m.Updated
	return true
}

func (e *Engine) recallLife(m Memo) {
	var l life
	src, ok := e.o.Sources[m.Source]
	if !ok || json.Unmarshal(m.Value, &l) != nil {
		return
	}
	if installer, ok := src.(sources.Installer); ok && l.Token != nil {
		token, err := e.unseal(l.Token, m.Source, m.Store)
		if err != nil {
			e.o.Log.Error("the token of an installed store cannot be read; install the app again, or give the earlier key as encryption.previous_key",
				"source", m.Source, "store", m.Store, "error", err)
			return
		}
		installer.Connect(sources.Installation{Store: m.Store, Token: token, Scopes: l.Scopes, At: l.At})
	}
	lively, ok := src.(sources.Lively)
	if !ok {
		return
	}
	if caller, ok := src.(sources.Caller); ok && l.Life == sources.Uninstalled && l.Print != "" && caller.Fingerprint(m.Store) != l.Print {
		return // the config has another credential by now
	}
	lively.Live(m.Store, l.Life)
}

// isKnownByNow tells whether a store that this node does not serve is one that was installed meanwhile. When it is not, the event has
// been put off for as long as an installation may take, and concluded after that.
func (e *Engine) isKnownByNow(ctx context.Context, src sources.Source, r *Record) bool {
	if i, ok := src.(sources.Installer); !ok || !i.Installs() {
		e.conclude(ctx, r, EventUnconfirmed, unserved(r))
		return false
	}
	m, err := e.o.Ledger.Memo(ctx, r.Source, r.Store, memoLife)
	if err == nil {
		e.recallLife(m)
	}
	switch {
	case src.Serves(r.Store):
		return true
	case err != nil && !errors.Is(err, ErrNone), time.Since(r.Received) < unservedFor:
		e.putOff(ctx, r, sources.Later(unservedWait, errors.New("the store is not connected yet")), "the store")
	default:
		e.conclude(ctx, r, EventUnconfirmed, unserved(r))
	}
	return false
}

func unserved(r *Record) string {
	return fmt.Sprintf("store %q is not configured for source %s, so nothing can be confirmed or done", r.Store, r.Source)
}

// The bounds of an installation.
const (
	installFor   = 30 * time.Second
	unservedWait = 10 * time.Second
	unservedFor  = 5 * time.Minute // how long an event waits for its store to be connected
)

// learn has a source know what an event means for a store, now and after a restart.
func (e *Engine) learn(ctx context.Context, src sources.Lively, r *Record, reading sources.Reading) error {
	now := src.Follow(r.Type, reading)
	if now == sources.Unchanged {
		return nil
	}
	l := life{Life: now, At: time.Now()}
	var before life
	m, err := e.o.Ledger.Memo(ctx, r.Source, r.Store, memoLife)
	if err == nil {
		err = json.Unmarshal(m.Value, &before)
	}
	switch {
	case err != nil && !errors.Is(err, ErrNone):
		return err
	case now != sources.Uninstalled:
		l.Token, l.Scopes = before.Token, before.Scopes
	case before.Token != nil && !r.Created.IsZero() && r.Created.Before(before.At.Add(-lateMemos)):
		return nil // it was uninstalled, and installed again since
	}
	if caller, ok := src.(sources.Caller); ok && now == sources.Uninstalled {
		l.Print = caller.Fingerprint(r.Store)
	}
	value, err := json.Marshal(l)
	if err != nil {
		return err
	}
	put := &Put{Memo: Memo{Source: r.Source, Store: r.Store, Name: memoLife, Value: value}, Of: m.Updated}
	if err := e.committer.insist(ctx, nil, put); err != nil {
		return err
	}
	if put.Stale {
		return errors.New("the store is being connected just now")
	}
	src.Live(r.Store, now)
	e.o.Log.Info("a store's app has changed", "source", r.Source, "store", r.Store, "life", now)
	return nil
}

func (e *Engine) remember(ctx context.Context, at Store, name string, v any) error {
	value, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return e.committer.insist(ctx, nil, &Put{Memo: Memo{Source: at.Source, Store: at.Store, Name: name, Value: value}})
}

// ErrNoInstall says that a source cannot be installed: its platform has no apps, or its config no client_id.
var ErrNoInstall = errors.New("this source cannot be installed")

func (e *Engine) installer(source string) (sources.Installer, error) {
	src, ok := e.o.Sources[source]
	if !ok {
		return nil, ErrNoSource
	}
	installer, ok := src.(sources.Installer)
	if !ok || !installer.Installs() || e.o.Box == nil {
		return nil, ErrNoInstall
	}
	return installer, nil
}

// Agree gives the platform's page on which a merchant agrees to the installation of a source's app. [ErrNoSource], [ErrNoInstall].
func (e *Engine) Agree(source, state string) (string, error) {
	installer, err := e.installer(source)
	if err != nil {
		return "", err
	}
	return installer.Agree(state), nil
}

// Install takes what the merchant's browser brought back from there, and connects the store. Its token is in the ledger,
// sealed, when it returns. Other errors than [ErrNoSource] and [ErrNoInstall] are for the merchant.
func (e *Engine) Install(ctx context.Context, source string, query url.Values) (store string, err error) {
	installer, err := e.installer(source)
	if err != nil {
		return "", err
	}
	if e.stopping.Load() {
		return "", errors.New("the server is stopping: install again in a minute")
	}
	// The code can be exchanged once only: a merchant who closes the page must not end it half done.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), installFor)
	defer cancel()
	i, err := installer.Exchange(ctx, query)
	if err != nil {
		return "", err
	}
	i.At = time.Now()
	at := Store{source, i.Store}
	l := life{Life: sources.Installed, At: i.At, Scopes: i.Scopes, Token: e.o.Box.Seal(i.Token, sealLabel(source, i.Store))}
	if err := e.remember(ctx, at, memoLife, l); err != nil {
		e.o.Log.Error("an installation could not be kept", "source", source, "store", i.Store, "error", err)
		return "", errors.New("the installation could not be kept; please begin it again in a minute")
	}
	installer.Connect(i)
	if lively, ok := installer.(sources.Lively); ok {
		lively.Live(i.Store, sources.Installed)
	}
	e.pollSoon(at)
	e.o.Log.Info("a store was connected", "source", source, "store", i.Store, "scopes", i.Scopes)
	return i.Store, nil
}

func sealLabel(source, store string) string { return source + "/" + store }

func (e *Engine) unseal(sealed []byte, source, store string) (secret.Text, error) {
	if e.o.Box == nil {
		return "", errors.New("the config has no encryption.key")
	}
	return e.o.Box.Open(sealed, sealLabel(source, store))
}
