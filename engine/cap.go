package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"time"

	"shopbell/actions"
)

// A Cap bounds how many messages one person gets within a day, whatever rules send them. The zero value is none.
type Cap struct {
	PerDay int
	// Except are addresses that it does not hold for, such as the merchant's own; one that begins with @ is a whole domain.
	Except []string
}

// holdsFor tells whether a cap is for a recipient.
func (c Cap) holdsFor(r actions.Recipient) bool {
	return c.PerDay > 0 && !slices.ContainsFunc(c.Except, func(x string) bool {
		x = strings.ToLower(x)
		return x == r.Address || strings.HasPrefix(x, "@") && strings.HasSuffix(r.Address, x)
	})
}

// What is counted is kept in memos of a store: when a recipient got messages, by a hash of the address, and how much of an account's
// budget is used up.
const (
	memoHad    = "had/"
	memoBudget = "budget/"
	// countedFor is how long such a memo is of use.
	countedFor = 48 * time.Hour
	sweepEvery = 6 * time.Hour
)

func memoOfHad(r actions.Recipient) string {
	sum := sha256.Sum256([]byte(r.Address))
	return memoHad + string(r.Channel) + "/" + hex.EncodeToString(sum[:16])
}

// capped counts a message for a recipient; it is false when they have had as many as they may within a day.
func (e *Engine) capped(ctx context.Context, at Store, r actions.Recipient) (full bool, err error) {
	now := time.Now()
	err = e.recount(ctx, at, memoOfHad(r), func(kept []byte) any {
		var had []int64 // seconds
		_ = json.Unmarshal(kept, &had)
		had = slices.DeleteFunc(had, func(s int64) bool { return now.Sub(time.Unix(s, 0)) >= 24*time.Hour })
		if full = len(had) >= e.o.Cap.PerDay; full {
			return nil
		}
		return append(had, now.Unix())
	})
	return full, err
}

// spent is how much of a budget was used on a day.
type spent struct {
	Day  string `json:"day"` // UTC
	Used int    `json:"used"`
}

// spend takes what a step costs from an account's budget of the day for a store; it is false when that is used up.
func (e *Engine) spend(ctx context.Context, at Store, outlet string, budget, cost int) (left bool, err error) {
	today := time.Now().UTC().Format(time.DateOnly)
	err = e.recount(ctx, at, memoBudget+outlet, func(kept []byte) any {
		var s spent
		if json.Unmarshal(kept, &s) != nil || s.Day != today {
			s = spent{Day: today}
		}
		s.Used += cost
		if left = s.Used <= budget; !left {
			return nil
		}
		return s
	})
	return left, err
}

// counting keeps what is counted in one memo from being counted at once on this node.
type counting struct {
	seed  maphash.Seed
	locks [64]sync.Mutex
}

func (c *counting) of(name string) *sync.Mutex { return &c.locks[maphash.String(c.seed, name)%64] }

// recounts is how often a memo is read anew because another node has changed it meanwhile.
const recounts = 20

var errBusyCount = errors.New("many nodes count at once")

// recount changes what a memo keeps; next gives what it is to keep, or nil to leave it as it is.
func (e *Engine) recount(ctx context.Context, at Store, name string, next func(kept []byte) any) error {
	lock := e.counting.of(at.Source + "/" + at.Store + "/" + name)
	lock.Lock()
	defer lock.Unlock()
	for range recounts {
		m, err := e.o.Ledger.Memo(ctx, at.Source, at.Store, name)
		if err != nil && !errors.Is(err, ErrNone) {
			return err
		}
		made := next(m.Value)
		if made == nil {
			return nil
		}
		value, err := json.Marshal(made)
		if err != nil {
			return err
		}
		p := &Put{Memo: Memo{Source: at.Source, Store: at.Store, Name: name, Value: value}, Of: m.Updated}
		if err := e.committer.commit(ctx, nil, p); err != nil || !p.Stale {
			return err
		}
	}
	return errBusyCount
}

// affordable takes what a step's first try needs of the account's budget, and then of what its recipients may have. full are those who
// have had enough. An error says that it is not to be sent now.
func (e *Engine) affordable(ctx context.Context, u *Run, kind *actions.Kind, s *Step, reached []actions.Recipient) (full []actions.Recipient, err error) {
	if len(s.Tries) > 0 || s.Mode != "" {
		return nil, nil // it has been counted, or goes to somebody who tries rules
	}
	at := Store{u.Source, u.Store}
	if kind.Redirect != nil {
		for _, r := range reached {
			if !e.o.Cap.holdsFor(r) {
				continue
			}
			over, err := e.capped(ctx, at, r)
			if err != nil {
				return nil, actions.RetryAfter(0, fmt.Errorf("how many messages %s has had could not be counted: %w", r.Address, err))
			}
			if over {
				full = append(full, r)
			}
		}
	}
	budget := e.account(u.Outlet).Budget
	if budget <= 0 || len(full) > 0 && len(full) == len(reached) {
		return full, nil
	}
	cost := 1
	if kind.Cost != nil {
		cost = max(1, kind.Cost(s.Params))
	}
	left, err := e.spend(ctx, at, u.Outlet, budget, cost)
	switch {
	case err != nil:
		return full, actions.RetryAfter(0, fmt.Errorf("the budget of the account could not be counted: %w", err))
	case !left:
		return full, actions.PermanentPart("the budget of store "+u.Store, fmt.Errorf(
			"the account's budget of %d a day for store %s is used up, and this would cost %d: raise it in the config, or retry the run tomorrow", budget, u.Store, cost))
	}
	return full, nil
}

// counts tells whether anything is counted.
func (e *Engine) counts() bool {
	for _, a := range e.outfitting.Load().accounts {
		if a.Budget > 0 {
			return true
		}
	}
	return e.o.Cap.PerDay > 0
}

// sweepCounts drops what is counted no more.
func (e *Engine) sweepCounts(ctx context.Context) {
	for _, name := range []string{memoHad, memoBudget} {
		memos, err := e.o.Ledger.Memos(ctx, name, time.Time{}, false)
		if err != nil {
			return // next time
		}
		for _, m := range memos {
			if time.Since(m.Updated) < countedFor {
				continue
			}
			if e.committer.commit(ctx, nil, &Put{Memo: Memo{Source: m.Source, Store: m.Store, Name: m.Name}, Of: m.Updated}) != nil {
				return
			}
		}
	}
}

// keepSweepingCounts does so now and then, until ctx ends.
func (e *Engine) keepSweepingCounts(ctx context.Context) {
	for pause(ctx, sweepEvery) {
		e.sweepCounts(ctx)
	}
}
