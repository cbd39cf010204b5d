package openconnectors

import (
	"iter"
	"slices"
	"time"

	"shopbell/sources"
)

// Credentials implements [sources.Caller].
func (s *source) Credentials() iter.Seq2[string, sources.Credential] {
	return func(yield func(string, sources.Credential) bool) {
		for store, shop := range s.shops {
			if !yield(store, s.credentialOf(shop)) {
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
	return s.credentialOf(shop), true
}

// credentialOf gives the worse of the credentials that a store is called with. One that the config does not use is not
// missing: notifications need none.
func (s *source) credentialOf(shop *shop) sources.Credential {
	worst := sources.Credential{State: sources.CredentialUnused}
	for _, g := range s.used(shop) {
		if c := g.credential(); severity(c.State) > severity(worst.State) {
			worst = c
		}
	}
	return worst
}

// used gives the gates through which the config has a store called.
func (s *source) used(shop *shop) (gates []*gate) {
	if s.every > 0 && shop.events != nil {
		gates = append(gates, shop.events)
	}
	if s.mode != sources.Never && shop.objects != nil && !slices.Contains(gates, shop.objects) {
		gates = append(gates, shop.objects)
	}
	return gates
}

// severity orders states by how much they are worth telling.
func severity(state sources.CredentialState) int {
	return slices.Index([]sources.CredentialState{sources.CredentialUnused, sources.CredentialOK, sources.CredentialThrottled,
		sources.CredentialSilent, sources.CredentialScope, sources.CredentialSuspended, sources.CredentialDead}, state)
}

// Revive implements [sources.Caller]. The account's secrets are revived for all stores at once.
func (s *source) Revive(store string) {
	if shop, ok := s.shops[store]; ok {
		for _, g := range s.used(shop) {
			g.set(sources.Credential{State: sources.CredentialUnused})
		}
	}
}

// Fingerprint implements [sources.Caller]. It is of all credentials that the store is called with.
func (s *source) Fingerprint(store string) string {
	shop, ok := s.shops[store]
	if !ok {
		return ""
	}
	name := ""
	for _, g := range s.used(shop) {
		name += g.fingerprint()
	}
	return name
}

// Bury implements [sources.Caller]. Only the credential that why is about is buried, for the other may serve more stores.
func (s *source) Bury(store string, since time.Time, why string) {
	shop, ok := s.shops[store]
	if !ok {
		return
	}
	for _, g := range s.used(shop) {
		if (g.store == "") == (why == accountDead) {
			g.set(sources.Credential{State: sources.CredentialDead, Since: since, Note: why})
		}
	}
}
