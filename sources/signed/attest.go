package signed

import (
	"context"

	"shopbell/event"
	"shopbell/sources"
)

// Attest implements [sources.Source]. It takes the entity out of the body, which the signature covers, and asks nobody. A
// type without a noun has no entity to read.
func (s *source) Attest(_ context.Context, e *event.Event) (sources.Reading, error) {
	if !s.Serves(e.Store) {
		return sources.Reading{}, sources.Unconfirmed("store %s is not configured for this source", e.Store)
	}
	known := s.types[e.Type]
	if known == nil || !known.Readable {
		return sources.Reading{}, nil
	}
	if known.Change == event.Deleted {
		return sources.Reading{Gone: true}, nil
	}
	value, err := parse(e.Body)
	if err != nil {
		return sources.Reading{}, sources.Unconfirmed("the notification is not kept in a form that can be read: %s", err)
	}
	entity := s.finder.object(known.entity, map[string]any{s.finder.root: value}, e.Body)
	if entity == nil {
		return sources.Reading{}, sources.Unconfirmed("the notification holds no %s: there is no object at %s", known.Noun, clip(known.entity.code, 80))
	}
	return sources.Reading{Entity: entity, Told: true}, nil
}
