package engine

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"

	"shopbell/event"
)

// What rules saw of a store's profile is kept as a memo of the store: as it was from which event on. It changes once in years, so
// it is not kept with each event.
const (
	memoProfiles = "profiles"
	maxProfiles  = 50 // of one store; the oldest go
)

// A portrait is a store's profile as it was from an event on.
type portrait struct {
	From    int64       `json:"from"` // Seq
	Profile event.Store `json:"profile"`
}

// An album is what is known of a store's profile, oldest first.
type album []portrait

func readAlbum(ctx context.Context, l Reader, at Store) (album, time.Time, error) {
	m, err := l.Memo(ctx, at.Source, at.Store, memoProfiles)
	if errors.Is(err, ErrNone) {
		return nil, time.Time{}, nil
	}
	if err != nil {
		return nil, time.Time{}, err
	}
	var a album
	err = json.Unmarshal(m.Value, &a)
	return a, m.Updated, err
}

// at gives the profile as rules saw it at an event: the last that was known then, else the first that was known afterwards.
func (a album) at(seq int64) (profile event.Store, known bool) {
	for _, p := range a {
		if known && p.From > seq {
			break
		}
		profile, known = p.Profile, true
	}
	return profile, known
}

// profileThen gives a store's profile as rules saw it at an event, or only its id.
func profileThen(ctx context.Context, l Reader, r *Record) (event.Store, bool, error) {
	a, _, err := readAlbum(ctx, l, Store{r.Source, r.Store})
	if profile, known := a.at(r.Seq); known && err == nil {
		profile.ID = r.Store
		return profile, true, nil
	}
	return event.Store{ID: r.Store}, false, err
}

// profiles are what this node knows to be the last portrait of each store. Its methods may be called at once.
type profiles struct {
	mu   sync.Mutex
	last map[Store]event.Store
}

func (p *profiles) is(at Store, profile event.Store) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last[at] == profile
}

func (p *profiles) set(at Store, profile event.Store) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == nil {
		p.last = map[Store]event.Store{}
	}
	p.last[at] = profile
}

// portray gives the change that keeps the profile which rules are shown at an event; nil when it is the one that was kept last, or
// is none. What it is told of a moment too late, or not at all, only explanations lack.
func (e *Engine) portray(ctx context.Context, r *Record, profile event.Store) Change {
	at := Store{r.Source, r.Store}
	if r.Replay > 0 || profile == (event.Store{ID: r.Store}) || e.profiles.is(at, profile) {
		return nil
	}
	a, _, err := readAlbum(ctx, e.o.Ledger, at)
	if err != nil {
		e.o.Log.Warn("a store's profile cannot be kept", "source", r.Source, "store", r.Store, "error", err)
		return nil
	}
	n := len(a)
	if n > 0 && a[n-1].Profile != profile && a[n-1].From > r.Seq {
		return nil // a later event was judged before this one
	}
	e.profiles.set(at, profile)
	if n > 0 && a[n-1].Profile == profile {
		return nil
	}
	a = append(a, portrait{r.Seq, profile})
	value, err := json.Marshal(a[max(0, len(a)-maxProfiles):])
	if err != nil {
		return nil
	}
	return &Put{Memo: Memo{Source: r.Source, Store: r.Store, Name: memoProfiles, Value: value}}
}

// forgetOwner takes a person out of the profiles of stores.
func (e *Engine) forgetOwner(ctx context.Context, f Forgetting) error {
	memos, err := e.o.Ledger.Memos(ctx, memoProfiles, time.Time{}, true)
	if err != nil {
		return err
	}
	for _, m := range memos {
		if f.Source != "" && f.Source != m.Source || f.Store != "" && f.Store != m.Store {
			continue
		}
		var a album
		if err := json.Unmarshal(m.Value, &a); err != nil {
			return err
		}
		if !a.forget(f.Person) {
			continue
		}
		value, err := json.Marshal(a)
		if err != nil {
			return err
		}
		if err := e.committer.commit(ctx, nil, &Put{Memo: Memo{Source: m.Source, Store: m.Store, Name: memoProfiles, Value: value}}); err != nil {
			return err
		}
	}
	return nil
}

// forget takes a person out of all portraits, and tells whether it was in one.
func (a album) forget(person string) (found bool) {
	person = strings.ToLower(strings.TrimSpace(person))
	for i := range a {
		for _, text := range []*string{&a[i].Profile.Name, &a[i].Profile.Email, &a[i].Profile.URL} {
			if strings.Contains(strings.ToLower(*text), person) {
				*text, found = Forgotten, true
			}
		}
	}
	return found
}
