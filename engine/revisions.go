package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"shopbell/rules"
)

// maxPinned is how many compiled rules of waiting runs are kept in memory.
const maxPinned = 4096

// revisions keeps the compiled rules that runs are pinned to.
type revisions struct {
	mu    sync.RWMutex
	rules map[string]*rules.Rule
	load  func(hash string) (*rules.Rule, error)
}

func (r *revisions) get(hash string) (*rules.Rule, error) {
	r.mu.RLock()
	rule := r.rules[hash]
	r.mu.RUnlock()
	if rule != nil {
		return rule, nil
	}
	rule, err := r.load(hash)
	if err == nil {
		r.put(rule)
	}
	return rule, err
}

func (r *revisions) put(rule *rules.Rule) {
	r.mu.RLock()
	known := r.rules[rule.Revision] != nil
	r.mu.RUnlock()
	if known {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.rules == nil || len(r.rules) >= maxPinned {
		r.rules = map[string]*rules.Rule{}
	}
	r.rules[rule.Revision] = rule
}

// ruleOf gives the rule of a run, as it was when the run began.
func (e *Engine) ruleOf(u *Run) (*rules.Rule, error) { return e.pinned.get(u.Revision) }

func (e *Engine) loadRevision(hash string) (*rules.Rule, error) {
	// Not cut off with the work: what comes after a step that has been sent depends on it.
	ctx, cancel := context.WithTimeout(context.Background(), e.o.Timeout)
	defer cancel()
	kept, err := e.o.Ledger.Revision(ctx, hash)
	if errors.Is(err, ErrNone) {
		return nil, fmt.Errorf("revision %s of its rule: %w", hash, err)
	} else if err != nil {
		return nil, err
	}
	rule, err := rules.Compile(kept.Text, kept.Directory, e.outfitting.Load().world)
	if err != nil {
		return nil, fmt.Errorf("revision %s of rule %s does not load any more: %w", hash, kept.Name, err)
	}
	return rule, nil
}
