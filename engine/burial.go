package engine

import (
	"context"
	"encoding/json"
	"time"

	"shopbell/sources"
)

// A burial is what is remembered of a credential that the platform refused, in one memo; that a person had it tried again is in another.
// The later of the two holds. So a node that tells late of a refusal does not undo what a person did meanwhile.
type burial struct {
	Fingerprint string    `json:"fingerprint"` // "" of a revival
	Since       time.Time `json:"since"`
	Why         string    `json:"why"`
}

// recallDead has dead credentials left alone, and those that somebody revived on another node tried again.
func (e *Engine) recallDead(memos []Memo) {
	l := &e.lives
	before := map[Store]bool{} // whether it was known as dead, of each store that memos tell of
	l.mu.Lock()
	for _, m := range memos {
		var b burial
		if m.Name != memoDead && m.Name != memoRevived || json.Unmarshal(m.Value, &b) != nil {
			continue
		}
		at := Store{m.Source, m.Store}
		if _, seen := before[at]; !seen {
			before[at] = l.buried[at].Fingerprint != ""
		}
		l.heed(at, b)
	}
	now := make(map[Store]burial, len(before))
	for at := range before {
		now[at] = l.buried[at]
	}
	l.mu.Unlock()
	for at, b := range now {
		caller, ok := e.o.Sources[at.Source].(sources.Caller)
		switch {
		case !ok:
		case b.Fingerprint == "" && before[at]:
			caller.Revive(at.Store)
		case b.Fingerprint != "" && b.Fingerprint == caller.Fingerprint(at.Store):
			caller.Bury(at.Store, b.Since, b.Why)
		}
	}
}

// heed notes a burial or a revival, of which the later holds. The lock is held.
func (l *lifeState) heed(at Store, b burial) {
	switch {
	case b.Fingerprint != "":
		l.buried[at] = b
	case b.Since.After(l.revived[at]):
		l.revived[at] = b.Since
	}
	if !l.buried[at].Since.After(l.revived[at]) {
		delete(l.buried, at)
	}
}

// bury remembers a dead credential, so that it is not called in the program's next life either.
func (e *Engine) bury(ctx context.Context, src sources.Source, source, store string, cause error) {
	caller, ok := src.(sources.Caller)
	if !ok || !sources.IsDenied(cause) {
		return
	}
	c, known := caller.Credential(store)
	if !known || c.State != sources.CredentialDead {
		return
	}
	at, now := Store{source, store}, burial{caller.Fingerprint(store), c.Since, c.Note}
	if now.Since.IsZero() {
		now.Since = time.Now()
	}
	s := &e.lives
	s.mu.Lock()
	before := s.buried[at]
	s.buried[at] = now
	s.mu.Unlock()
	if before.Fingerprint == now.Fingerprint {
		return
	}
	e.o.Log.Error("a store's token is dead and is not used any more", "source", source, "store", store, "what to do", c.Note)
	if err := e.remember(ctx, at, memoDead, now); err != nil { // only when the engine stops: it is found dead once more then
		e.o.Log.Warn("that a token is dead could not be kept", "source", source, "store", store, "error", err)
	}
}

// Revive has a store's credential tried again. [ErrNoSource] when there is no such source, [ErrNone] when it has no such
// store, or calls nobody.
func (e *Engine) Revive(ctx context.Context, source, store string) error {
	src, ok := e.o.Sources[source]
	if !ok {
		return ErrNoSource
	}
	caller, ok := src.(sources.Caller)
	if !ok || !src.Serves(store) {
		return ErrNone
	}
	at, now := Store{source, store}, time.Now()
	value, err := json.Marshal(burial{Since: now}) // other nodes learn of it from this
	if err != nil {
		return err
	}
	if err := e.committer.commit(ctx, nil, &Put{Memo: Memo{Source: source, Store: store, Name: memoRevived, Value: value}}); err != nil {
		return err
	}
	s := &e.lives
	s.mu.Lock()
	delete(s.buried, at)
	s.revived[at] = now
	s.mu.Unlock()
	caller.Revive(store)
	e.pollSoon(at)
	return nil
}
