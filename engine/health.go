package engine

import (
	"context"
	"errors"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"shopbell/actions"
)

// Health tells how an engine is. Times are zero for never.
type Health struct {
	Started      time.Time
	Stopping     bool
	Ledger       error // of the last commit or probe; nil when all was well
	Queued       int   // events and runs in memory, waiting for a worker
	Working      int   // of them, those that a worker has
	LastAccepted time.Time
	LastSent     time.Time
	Sources      map[string]SourceHealth
	Accounts     map[string]AccountHealth
}

// SourceHealth tells how a source is.
type SourceHealth struct {
	LastVerified    time.Time
	LastRefusal     time.Time
	RefusalReason   string
	LastAttestError string
	AttestErrorAt   time.Time
	// Quiet says that no webhook has come for unusually long, in a sentence; "" when that is not so.
	Quiet string
	// PollLag is by how much the store that is polled the latest is behind its interval; 0 when none is.
	PollLag time.Duration
}

// AccountHealth tells how an account is.
type AccountHealth struct {
	LastOK    time.Time
	LastError string
	ErrorAt   time.Time
	Shut      []Shut // nothing is sent through it, or not to these of its providers
}

// health gathers what [Health] tells.
type health struct {
	began    time.Time
	received atomic.Int64 // UnixNano
	posted   atomic.Int64
	mu       sync.Mutex
	commit   error // of the last commit or probe
	probing  sync.Mutex
	probed   time.Time // under probing
	sources  map[string]SourceHealth
	accounts map[string]AccountHealth
}

func (h *health) start() {
	h.began = time.Now()
	h.sources, h.accounts = map[string]SourceHealth{}, map[string]AccountHealth{}
}

func (h *health) ledger(err error) {
	h.mu.Lock()
	h.commit = err
	h.mu.Unlock()
}

// A probe is made at most once in this time, however many ask.
const probeEvery = time.Second

// Probe asks the ledger whether it can be used, so that Health knows although nothing was committed for a while: a program that
// gets no events because it was in trouble must notice that the trouble is over.
func (e *Engine) Probe(ctx context.Context) {
	h := &e.health
	h.probing.Lock()
	defer h.probing.Unlock()
	if time.Since(h.probed) < probeEvery || e.stopping.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	err := e.o.Ledger.Ready(ctx)
	if errors.Is(err, context.Canceled) {
		return // whoever asked has gone, which says nothing of the ledger
	}
	h.probed = time.Now()
	h.ledger(err)
}

func (h *health) accepted() { h.received.Store(time.Now().UnixNano()) }

// watched notes what the watch has seen of a source.
func (h *health) watched(source, quiet string, lag time.Duration) (changed bool) {
	h.source(source, func(s *SourceHealth) {
		changed = (s.Quiet == "") != (quiet == "")
		s.Quiet, s.PollLag = quiet, lag
	})
	return changed
}

func (h *health) verified(source string, at time.Time) {
	h.source(source, func(s *SourceHealth) { s.LastVerified = at })
}

func (h *health) refused(source string, at time.Time, reason string) {
	h.source(source, func(s *SourceHealth) { s.LastRefusal, s.RefusalReason = at, reason })
}

func (h *health) attestFailed(source string, err error) {
	h.source(source, func(s *SourceHealth) { s.LastAttestError, s.AttestErrorAt = clip(err.Error(), 500), time.Now() })
}

func (h *health) source(name string, change func(*SourceHealth)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.sources[name]
	change(&s)
	h.sources[name] = s
}

// sent notes a try. What is the recipient's or the rule's fault says nothing about the account.
func (h *health) sent(account string, err error, a actions.Answer) {
	now := time.Now()
	h.posted.Store(now.UnixNano())
	h.mu.Lock()
	defer h.mu.Unlock()
	state := h.accounts[account]
	switch {
	case a.Outcome == actions.OutcomeOK || a.Outcome == actions.OutcomeSkip:
		state.LastOK = now
	case a.Outcome == actions.OutcomePermanent && a.Blame != actions.BlameAccount:
		return
	default:
		state.LastError, state.ErrorAt = clip(err.Error(), 500), now
	}
	h.accounts[account] = state
}

// Health tells how the engine is now.
func (e *Engine) Health() Health {
	events, attesting := e.events.size()
	runs, sending := e.runs.size()
	h := &e.health
	h.mu.Lock()
	defer h.mu.Unlock()
	accounts := maps.Clone(h.accounts)
	for name, list := range e.breakers.shut() {
		state := accounts[name]
		state.Shut = list
		accounts[name] = state
	}
	return Health{
		Started: h.began, Stopping: e.stopping.Load(), Ledger: h.commit,
		Queued: events + runs - attesting - sending, Working: attesting + sending + int(e.working.Load()),
		LastAccepted: nano(&h.received), LastSent: nano(&h.posted),
		Sources: maps.Clone(h.sources), Accounts: accounts,
	}
}

func nano(v *atomic.Int64) time.Time {
	if n := v.Load(); n != 0 {
		return time.Unix(0, n)
	}
	return time.Time{}
}
