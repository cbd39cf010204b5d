package cloudcart

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"iter"
	"sync"
	"time"

	"shopbell/sources"
)

// A health is how a store's API key does, and what holds its calls back. The zero health is that of a key not used yet.
type health struct {
	mu    sync.Mutex
	state sources.CredentialState
	since time.Time
	note  string
	until time.Time // no call before; zero for none
	why   error     // that until is as it is, and for a dead key
}

// pass tells why no call may be made now; nil when one may.
func (h *health) pass() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state == sources.CredentialDead {
		return h.why
	}
	wait := time.Until(h.until)
	switch {
	case wait <= 0:
		return nil
	case h.why != nil:
		return h.why
	}
	return sources.Later(wait, errors.New("the store's API asked for a pause, which is not over"))
}

// set notes how the last call went. A dead key stays dead, and a pause stays one: calls that were under way when either
// began tell nothing new.
func (h *health) set(state sources.CredentialState, note string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state == sources.CredentialDead || state == sources.CredentialOK && time.Now().Before(h.until) {
		return
	}
	if h.state != state {
		h.since = time.Now()
	}
	h.state, h.note = state, note
}

// pause lets no call pass for a while, with why as the answer; nil asks to come back later.
func (h *health) pause(state sources.CredentialState, wait time.Duration, note string, why error) {
	h.set(state, note)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state != sources.CredentialDead {
		h.until, h.why = time.Now().Add(wait), why
	}
}

// die lets no call pass until the key is revived.
func (h *health) die(since time.Time, note string) error {
	why := sources.Denied(errors.New(note))
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state != sources.CredentialDead {
		h.state, h.since, h.note, h.why = sources.CredentialDead, since, note, why
	}
	return h.why
}

func (h *health) revive() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.state, h.since, h.note, h.until, h.why = sources.CredentialUnused, time.Now(), "", time.Time{}, nil
}

func (h *health) credential() sources.Credential {
	h.mu.Lock()
	defer h.mu.Unlock()
	return sources.Credential{State: h.state, Since: h.since, Note: h.note}
}

// Credentials implements [sources.Caller].
func (s *source) Credentials() iter.Seq2[string, sources.Credential] {
	return func(yield func(string, sources.Credential) bool) {
		for id, shop := range s.shops {
			if !yield(id, shop.health.credential()) {
				return
			}
		}
	}
}

// Credential implements [sources.Caller].
func (s *source) Credential(store string) (sources.Credential, bool) {
	shop, ok := s.shops[store]
	if !ok {
		return sources.Credential{}, false
	}
	return shop.health.credential(), true
}

// Revive implements [sources.Caller].
func (s *source) Revive(store string) {
	if shop, ok := s.shops[store]; ok {
		shop.health.revive()
	}
}

// Fingerprint implements [sources.Caller].
func (s *source) Fingerprint(store string) string {
	shop, ok := s.shops[store]
	if !ok {
		return ""
	}
	sum := sha256.Sum256([]byte("cloudcart api key of " + shop.host + "\n" + shop.key.Reveal()))
	return hex.EncodeToString(sum[:8])
}

// Bury implements [sources.Caller].
func (s *source) Bury(store string, since time.Time, why string) {
	if shop, ok := s.shops[store]; ok {
		_ = shop.health.die(since, why) // the error is for those who call
	}
}
