package ecwid

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"shopbell/sources"
)

// A health is what the last calls of a store's API came to.
type health struct {
	state sources.CredentialState // ok, silent or suspended
	since time.Time
	note  string
	lacks map[string]time.Time // scopes that were refused, and since when
}

// settle notes how a call ended. An empty state says nothing new.
func (s *shop) settle(state sources.CredentialState, scope, note string) {
	if state == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.health == nil {
		s.health = new(health)
	}
	h, now := s.health, time.Now()
	switch state {
	case sources.CredentialScope:
		if h.lacks == nil {
			h.lacks = make(map[string]time.Time)
		}
		if _, known := h.lacks[scope]; !known {
			h.lacks[scope] = now
		}
		state, note = sources.CredentialOK, "" // it was answered, and by Ecwid
	case sources.CredentialOK:
		delete(h.lacks, scope)
	}
	if h.state != state {
		h.state, h.since = state, now
	}
	h.note = note
}

// credential tells how the store's token does. What matters most comes first.
func (s *shop) credential() sources.Credential {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.stopped.IsZero():
		return sources.Credential{State: sources.CredentialStopped, Since: s.stopped, Note: s.stoppedNote()}
	case s.token == "":
		return sources.Credential{State: sources.CredentialMissing, Note: s.missingNote()}
	case s.way == nil:
		return sources.Credential{State: sources.CredentialUnused}
	}
	if g, dead := s.way.dead(); dead {
		return sources.Credential{State: sources.CredentialDead, Since: g.since, Note: g.note}
	}
	h := cmp.Or(s.health, new(health))
	since, paused := s.way.paused()
	switch {
	case h.state == sources.CredentialSuspended:
	case len(h.lacks) > 0:
		scopes := slices.Sorted(maps.Keys(h.lacks))
		return sources.Credential{State: sources.CredentialScope, Since: slices.MinFunc(slices.Collect(maps.Values(h.lacks)), time.Time.Compare),
			Note: s.scopeNote(strings.Join(scopes, ", "))}
	case paused:
		return sources.Credential{State: sources.CredentialThrottled, Since: since, Note: "Ecwid asked for a pause, because there were too many calls. " +
			"Nothing is to be done: they go on by themselves. If it lasts, another program uses the same token"}
	}
	return sources.Credential{State: cmp.Or(h.state, sources.CredentialUnused), Since: h.since, Note: h.note}
}

func (s *shop) stoppedNote() string {
	return fmt.Sprintf("the app was uninstalled from store %s, so nothing is asked of it any more: %s", s.id, s.again())
}

func (s *shop) missingNote() string {
	return fmt.Sprintf("store %s has no token, so nothing can be read back: add stores.%s.token", s.id, s.id)
}

func (s *shop) scopeNote(scope string) string {
	how := "add it to the app at Ecwid and install the app again"
	if s.installed {
		how = "add it to the app at Ecwid and to scopes, and have the merchant install the app again"
	}
	return fmt.Sprintf("the token of store %s lacks the access scope %s (403): %s", s.id, scope, how)
}

func (s *shop) deadNote(status string) string {
	return fmt.Sprintf("store %s refuses its token (%s): %s. It is not used again until then, or until an operator has it tried again", s.id, status, s.again())
}

// again says how a store gets a token that works.
func (s *shop) again() string {
	if s.installed {
		return "the merchant has to install the app again; a new install makes a new token"
	}
	return fmt.Sprintf("put the present secret token of the app into stores.%s.token; a new install makes a new one", s.id)
}

// Credentials implements [sources.Caller].
func (s *source) Credentials() iter.Seq2[string, sources.Credential] {
	return func(yield func(string, sources.Credential) bool) {
		for _, shop := range s.all() {
			if !yield(shop.id, s.needed(shop.credential())) {
				return
			}
		}
	}
}

// Credential implements [sources.Caller].
func (s *source) Credential(store string) (sources.Credential, bool) {
	shop, ok := s.shop(store)
	if !ok {
		return sources.Credential{}, false
	}
	return s.needed(shop.credential()), true
}

// needed gives how a token does, seen from whether one is needed at all: with attest: never nobody is asked.
func (s *source) needed(c sources.Credential) sources.Credential {
	if c.State == sources.CredentialMissing && s.mode == sources.Never {
		return sources.Credential{State: sources.CredentialUnused}
	}
	return c
}

// Revive implements [sources.Caller]. A store whose app was uninstalled is asked again too.
func (s *source) Revive(store string) {
	if shop, ok := s.shop(store); ok {
		shop.stop(time.Time{})
		if way := shop.line(); way != nil {
			way.revive()
		}
	}
}

// Fingerprint implements [sources.Caller]. It is the beginning of a hash: tokens are long and random, so it does not help
// to find one.
func (s *source) Fingerprint(store string) string {
	shop, ok := s.shop(store)
	if !ok || shop.token == "" {
		return ""
	}
	sum := sha256.Sum256([]byte("shopbell ecwid token\x00" + shop.token.Reveal()))
	return hex.EncodeToString(sum[:8])
}

// Bury implements [sources.Caller].
func (s *source) Bury(store string, since time.Time, why string) {
	if shop, ok := s.shop(store); ok {
		if way := shop.line(); way != nil {
			way.bury(grave{since: since, note: cmp.Or(why, shop.deadNote("as found earlier")), told: true})
		}
	}
}

var _ sources.Caller = (*source)(nil)
