package ecwid

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"shopbell/sources"
)

// The events that tell of the app in a store.
const (
	installedEvent   = "application.installed"
	uninstalledEvent = "application.uninstalled"
	appStatusEvent   = "application.subscriptionStatusChanged"
)

// Follows implements [sources.Lively].
func (s *source) Follows(eventType string) bool {
	return eventType == installedEvent || eventType == uninstalledEvent || eventType == appStatusEvent
}

// Follow implements [sources.Lively].
func (s *source) Follow(eventType string, r sources.Reading) sources.Life {
	switch {
	case eventType == uninstalledEvent && r.Gone:
		return sources.Uninstalled
	case eventType == installedEvent && r.Entity != nil:
		return sources.Installed
	case eventType == appStatusEvent:
		switch status, _ := member(r.Entity, "subscriptionStatus"); strings.ToUpper(status) {
		case "SUSPENDED":
			return sources.Suspended
		case "ACTIVE", "TRIAL":
			return sources.Active
		}
	}
	return sources.Unchanged
}

// Live implements [sources.Lively]. Suspended and Active change nothing here: Ecwid goes on answering.
func (s *source) Live(store string, l sources.Life) {
	shop, ok := s.shop(store)
	if !ok {
		return
	}
	switch l {
	case sources.Uninstalled:
		shop.stop(time.Now())
	case sources.Installed:
		shop.stop(time.Time{})
	}
}

// attestRemoval proves that the app was uninstalled: then, and only then, Ecwid says that the token is invalid. A token that
// is known to be dead is not tried.
func (s *shop) attestRemoval(ctx context.Context) (sources.Reading, error) {
	if s.token == "" {
		return sources.Reading{}, sources.Denied(errors.New(s.missingNote()))
	}
	if !s.removed() {
		_, err := s.get(ctx, "profile", nil, profileScope)
		switch {
		case s.removed():
		case err == nil, errors.Is(err, errNotFound), s.credential().State == sources.CredentialScope:
			return sources.Reading{}, sources.Unconfirmed("the token of store %s still works, so the app was not uninstalled", s.id)
		default:
			return sources.Reading{}, fmt.Errorf("whether the app was uninstalled is not known: %w", err)
		}
	}
	s.stop(time.Now())
	return sources.Reading{Gone: true}, nil
}

// removed tells whether it is known that Ecwid does not accept the token any more.
func (s *shop) removed() bool {
	g, dead := s.line().dead()
	return s.gone() || dead && g.told
}

// attestReturn proves that the app, which was uninstalled, is installed again: the token works. The operator may have put
// another one into the config since. A token that is known to be dead is not tried.
func (s *shop) attestReturn(ctx context.Context) (sources.Reading, error) {
	at, _ := endpointFor("application")
	answer, err := s.call(ctx, ask{path: at.path, scope: at.scope, even: true})
	if errors.Is(err, errNotFound) {
		return sources.Reading{}, sources.Unconfirmed("the store's API does not know of the app")
	}
	if err != nil {
		return sources.Reading{}, err
	}
	entity, err := at.pick(answer, wanted{store: s.id})
	if err == nil && entity == nil {
		err = errors.New("the answer of the store's API is not an object")
	}
	return sources.Reading{Entity: entity}, err
}

var _ sources.Lively = (*source)(nil)
