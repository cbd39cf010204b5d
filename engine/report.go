package engine

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"time"

	"shopbell/sources"
)

// reportDays is how many days a report sums up.
const reportDays = 7

// A SourceReport tells how a source and its stores do.
type SourceReport struct {
	Name string
	SourceHealth
	Polls       time.Duration                   // the interval; 0 when it is not polled
	Stores      int                             // how many there are
	Credentials map[sources.CredentialState]int // how many stores in each state; nil when it calls nobody
	Refusals    map[string]int64                // of the last seven days, by label
	Events      int64                           // of the last seven days
	Failures    int64                           // to read an entity back, of the last seven days
	Installs    bool                            // merchants can install it
	List        []StoreReport                   // of some stores, those in trouble first
}

// A StoreReport tells how one store does.
type StoreReport struct {
	Store      string
	LastEvent  time.Time // zero for none
	Credential sources.Credential
	Polled     time.Time // zero for never
	PollError  string    // as this node knows it
	Events     int64     // of the last seven days
	Failures   int64     // to read an entity back, of the last seven days
}

// InTrouble tells whether a person should look at it.
func (s *StoreReport) InTrouble() bool {
	switch s.Credential.State {
	case "", sources.CredentialOK, sources.CredentialUnused, sources.CredentialStopped:
		return s.PollError != ""
	}
	return true
}

// Report tells how sources do, of the one named or of all, each with at most limit of its stores: those in trouble first, then
// by their ids; or the one store that is asked for.
func (e *Engine) Report(ctx context.Context, source, store string, limit int) ([]SourceReport, error) {
	if _, ok := e.o.Sources[source]; source != "" && !ok {
		return nil, ErrNoSource
	}
	counts, err := e.o.Ledger.Counts(ctx, time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, 1-reportDays))
	if err != nil {
		return nil, err
	}
	polls, err := e.o.Ledger.Memos(ctx, memoPoll, time.Time{}, false)
	if err != nil {
		return nil, err
	}
	sums := sumsOf(counts)
	var reports []SourceReport
	for _, name := range slices.Sorted(maps.Keys(e.o.Sources)) {
		if source != "" && name != source {
			continue
		}
		r := e.reportOf(name, sums)
		r.List = e.storesOf(name, store, sums, polls)
		r.Stores = len(r.List)
		r.List = r.List[:min(limit, len(r.List))]
		for i := range r.List {
			if err := e.lastEvent(ctx, name, &r.List[i]); err != nil {
				return nil, err
			}
		}
		reports = append(reports, r)
	}
	return reports, nil
}

// Credentials tells of each source that calls its platform how many stores have a credential in each state.
func (e *Engine) Credentials() map[string]map[sources.CredentialState]int {
	all := map[string]map[sources.CredentialState]int{}
	for name, src := range e.o.Sources {
		if c, ok := src.(sources.Caller); ok {
			all[name] = map[sources.CredentialState]int{}
			for _, credential := range c.Credentials() {
				all[name][credential.State]++
			}
		}
	}
	return all
}

// sums are what counts come to, by source and store.
type sums struct {
	events, failures map[Store]int64
	refusals         map[string]map[string]int64
}

func sumsOf(counts []Count) sums {
	s := sums{map[Store]int64{}, map[Store]int64{}, map[string]map[string]int64{}}
	for _, c := range counts {
		at := Store{c.Source, c.Store}
		switch {
		case c.What == CountAttestFailure:
			s.failures[at] += c.N
		case len(c.What) > len(CountRefusal) && c.What[:len(CountRefusal)] == CountRefusal:
			if s.refusals[c.Source] == nil {
				s.refusals[c.Source] = map[string]int64{}
			}
			s.refusals[c.Source][c.What[len(CountRefusal):]] += c.N
		case slices.Contains([]string{"event.planned", "event.unmatched", "event.unconfirmed", "event.failed"}, c.What):
			s.events[at] += c.N
		}
	}
	return s
}

func (e *Engine) reportOf(name string, s sums) SourceReport {
	r := SourceReport{Name: name, SourceHealth: e.Health().Sources[name], Refusals: s.refusals[name]}
	src := e.o.Sources[name]
	if p, ok := src.(sources.Poller); ok {
		r.Polls = p.Every()
	}
	if i, ok := src.(sources.Installer); ok {
		r.Installs = i.Installs() && e.o.Box != nil
	}
	r.Credentials = e.Credentials()[name]
	for at, n := range s.events {
		if at.Source == name {
			r.Events += n
		}
	}
	for at, n := range s.failures {
		if at.Source == name {
			r.Failures += n
		}
	}
	return r
}

// storesOf gives the stores of a source: those whose credentials are known, that are polled, or of which events came.
func (e *Engine) storesOf(name, only string, s sums, polls []Memo) []StoreReport {
	found := map[string]*StoreReport{}
	of := func(store string) *StoreReport {
		if found[store] == nil {
			found[store] = &StoreReport{Store: store, Events: s.events[Store{name, store}], Failures: s.failures[Store{name, store}]}
		}
		return found[store]
	}
	src := e.o.Sources[name]
	for store, credential := range credentials(src) {
		of(store).Credential = credential
	}
	for at := range s.events {
		if at.Source == name && src.Serves(at.Store) {
			of(at.Store)
		}
	}
	for _, m := range polls {
		if m.Source == name && src.Serves(m.Store) {
			of(m.Store).Polled = m.Updated
		}
	}
	e.polls.mu.Lock()
	for at, failed := range e.polls.lagging {
		if at.Source == name {
			of(at.Store).PollError = failed.why
		}
	}
	e.polls.mu.Unlock()
	var list []StoreReport
	for _, store := range slices.Sorted(maps.Keys(found)) {
		if only == "" || only == store {
			list = append(list, *found[store])
		}
	}
	slices.SortStableFunc(list, func(a, b StoreReport) int {
		switch {
		case a.InTrouble() == b.InTrouble():
			return 0
		case a.InTrouble():
			return -1
		}
		return 1
	})
	return list
}

func credentials(src sources.Source) iter.Seq2[string, sources.Credential] {
	if c, ok := src.(sources.Caller); ok {
		return c.Credentials()
	}
	return func(func(string, sources.Credential) bool) {}
}

func (e *Engine) lastEvent(ctx context.Context, source string, s *StoreReport) error {
	last, err := e.o.Ledger.Events(ctx, EventFilter{Source: source, Store: s.Store, Limit: 1})
	if err != nil && !errors.Is(err, ErrNone) {
		return err
	}
	if len(last) > 0 {
		s.LastEvent = last[0].Received
	}
	return nil
}
