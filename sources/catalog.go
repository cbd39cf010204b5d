package sources

import "shopbell/event"

// A Describer is a source whose event types depend on its config. Its catalog counts instead of its kind's.
type Describer interface {
	Catalog() *event.Catalog
}

// CatalogOf gives the event types of a configured source.
func CatalogOf(k *Kind, s Source) *event.Catalog {
	if d, ok := s.(Describer); ok {
		return d.Catalog()
	}
	return k.Catalog
}
