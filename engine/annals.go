package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"shopbell/rules"
)

// The annals tell which revision of each rule was in use from when on, so that an explanation can say that a rule was not
// there when an event came. They are memos of no store: one says when they were begun, and the rules are spread over
// others by the hash of their names, each small enough to be written anew.
const (
	memoAnnals = "rules/"
	memoBegun  = memoAnnals + "begun"
	keptMarks  = 20 // revisions of one rule that are remembered: the latest
)

// A mark is a revision of a rule, and from when on it was in use, in milliseconds since 1970; 0 stands for: when the
// annals were begun. Without a revision, the rule was taken away then.
type mark struct {
	Revision string `json:"r"`
	Since    int64  `json:"t,omitempty"`
}

// chapter gives the name of the memo that tells of a rule.
func chapter(rule string) string {
	sum := sha256.Sum256([]byte(rule))
	return memoAnnals + hex.EncodeToString(sum[:1])
}

// adopted are rules, and when they came into use.
type adopted struct {
	set *rules.Set
	at  time.Time
}

// adopt makes rules the ones in use, and has the annals tell of them.
func (e *Engine) adopt(set *rules.Set) {
	e.rules.Store(set)
	e.adopted.Store(&adopted{set, time.Now()})
	select {
	case e.toAdopt <- struct{}{}:
	default: // it is to be looked at already
	}
}

// keepAnnals writes down which rules are in use, until ctx ends: then those that came last, once more. Events do not wait
// for it.
func (e *Engine) keepAnnals(ctx context.Context) {
	var written *rules.Set
	for wait := time.Second; ; {
		now := e.adopted.Load()
		if now.set != written {
			err := e.writeAnnals(e.workCtx, now, written)
			if err != nil {
				e.o.Log.Warn("it could not be written down which rules are in use; trying again", "error", err, "in", wait.String())
				if !pause(ctx, wait) {
					return
				}
				wait = min(2*wait, time.Minute)
				continue
			}
			written, wait = now.set, time.Second
		}
		select {
		case <-e.toAdopt:
		case <-ctx.Done():
			if e.adopted.Load().set == written {
				return
			}
		}
	}
}

// writeAnnals writes down what is new in some rules since others were written down.
func (e *Engine) writeAnnals(ctx context.Context, now *adopted, before *rules.Set) error {
	known := map[string]string{}
	if before != nil {
		for _, r := range before.Rules() {
			known[r.ID()] = r.Revision
		}
	}
	if before == nil { // what the last process has written down
		var err error
		if known, err = e.lastKnown(ctx); err != nil {
			return err
		}
	}
	chapters := map[string]map[string]string{}
	note := func(rule, revision string) {
		name := chapter(rule)
		if chapters[name] == nil {
			chapters[name] = map[string]string{}
		}
		chapters[name][rule] = revision
	}
	for _, r := range now.set.Rules() {
		if known[r.ID()] != r.Revision {
			note(r.ID(), r.Revision)
		}
		delete(known, r.ID())
	}
	for rule := range known {
		note(rule, "")
	}
	since := now.at.UnixMilli()
	var changes []Change
	switch _, err := e.o.Ledger.Memo(ctx, "", "", memoBegun); {
	case errors.Is(err, ErrNone):
		value, _ := json.Marshal(since)
		changes, since = append(changes, &Put{Memo: Memo{Name: memoBegun, Value: value}}), 0
	case err != nil:
		return err
	}
	var puts []*Put
	for _, name := range slices.Sorted(maps.Keys(chapters)) {
		p, err := e.writeChapter(ctx, name, chapters[name], since)
		if err != nil {
			return err
		}
		if p != nil {
			puts, changes = append(puts, p), append(changes, p)
		}
	}
	if len(changes) == 0 {
		return nil
	}
	if err := e.committer.commit(ctx, nil, changes...); err != nil {
		return err
	}
	if slices.ContainsFunc(puts, func(p *Put) bool { return p.Stale }) {
		return errors.New("another node wrote at the same time")
	}
	return nil
}

// lastKnown gives the rules that were in use when the annals were written last, with their revisions.
func (e *Engine) lastKnown(ctx context.Context) (map[string]string, error) {
	memos, err := e.o.Ledger.Memos(ctx, memoAnnals, time.Time{}, true)
	if err != nil {
		return nil, err
	}
	known := map[string]string{}
	for _, m := range memos {
		if m.Name == memoBegun {
			continue
		}
		marks, err := readChapter(m)
		if err != nil {
			return nil, err
		}
		for rule, all := range marks {
			if n := len(all); n > 0 && all[n-1].Revision != "" {
				known[rule] = all[n-1].Revision
			}
		}
	}
	return known, nil
}

// writeChapter gives a chapter with the revisions that it does not have yet; nil when it has them all.
func (e *Engine) writeChapter(ctx context.Context, name string, revisions map[string]string, since int64) (*Put, error) {
	old, err := e.o.Ledger.Memo(ctx, "", "", name)
	if err != nil && !errors.Is(err, ErrNone) {
		return nil, err
	}
	marks, err := readChapter(old)
	if err != nil {
		return nil, err
	}
	news := false
	for rule, revision := range revisions {
		all := marks[rule]
		if len(all) == 0 && revision == "" || len(all) > 0 && all[len(all)-1].Revision == revision {
			continue
		}
		all = append(all, mark{revision, since})
		marks[rule], news = all[max(0, len(all)-keptMarks):], true
	}
	if !news {
		return nil, nil
	}
	value, err := json.Marshal(marks)
	if err != nil {
		return nil, err
	}
	return &Put{Memo: Memo{Name: name, Value: value}, Of: old.Updated}, nil
}

func readChapter(m Memo) (map[string][]mark, error) {
	marks := map[string][]mark{}
	if len(m.Value) == 0 {
		return marks, nil
	}
	if err := json.Unmarshal(m.Value, &marks); err != nil {
		return nil, fmt.Errorf("what is known of when rules were read is broken: %w", err)
	}
	return marks, nil
}

// annals are what is known of when rules came into use. They are read as far as they are asked.
type annals struct {
	ledger   Reader
	begun    time.Time // zero: there are none
	asked    bool
	chapters map[string]map[string][]mark
}

// A moment is what annals tell of a rule at a time.
type moment struct {
	known    bool      // somebody wrote it down then
	revision string    // that was in use; "" when the rule was not there
	since    time.Time // of a rule that was not there: when it came; zero when that is not known
	again    bool      // it had been there before, and was taken away
}

// at tells what is known of a rule at a time.
func (a *annals) at(ctx context.Context, rule string, when time.Time) (m moment, err error) {
	marks, err := a.of(ctx, rule)
	if err != nil || a.begun.IsZero() || len(marks) == 0 || when.Before(a.begun) && marks[0].Since == 0 {
		return m, err
	}
	next := 0 // the first after that time
	for next < len(marks) && (marks[next].Since == 0 || !time.UnixMilli(marks[next].Since).After(when)) {
		next++
	}
	if next == 0 && len(marks) == keptMarks { // older ones are not kept
		return m, nil
	}
	m.known, m.again = true, next > 0
	if next > 0 {
		m.revision = marks[next-1].Revision
	}
	if m.revision == "" && next < len(marks) {
		m.since = time.UnixMilli(marks[next].Since)
	}
	return m, nil
}

// since tells from when on the latest revision of a rule has been in use; zero when that is not known.
func (a *annals) since(ctx context.Context, rule string) time.Time {
	marks, err := a.of(ctx, rule)
	if err != nil || len(marks) == 0 || marks[len(marks)-1].Since == 0 {
		return time.Time{}
	}
	return time.UnixMilli(marks[len(marks)-1].Since)
}

func (a *annals) of(ctx context.Context, rule string) ([]mark, error) {
	if !a.asked {
		m, err := a.ledger.Memo(ctx, "", "", memoBegun)
		if err != nil && !errors.Is(err, ErrNone) {
			return nil, err
		}
		var begun int64
		if err == nil && json.Unmarshal(m.Value, &begun) == nil {
			a.begun = time.UnixMilli(begun)
		}
		a.asked, a.chapters = true, map[string]map[string][]mark{}
	}
	name := chapter(rule)
	if a.chapters[name] == nil {
		m, err := a.ledger.Memo(ctx, "", "", name)
		if err != nil && !errors.Is(err, ErrNone) {
			return nil, err
		}
		if a.chapters[name], err = readChapter(m); err != nil {
			return nil, err
		}
	}
	return a.chapters[name][rule], nil
}
