package ecwidtest

import (
	"slices"
	"time"
)

// dating says under which keys the entities of a collection tell when they were made and last changed.
type dating struct {
	made, changed string
	stamps        bool // also as createTimestamp and updateTimestamp
}

func datingOf(collection string) dating {
	switch collection {
	case "orders", "carts", "reviews":
		return dating{"createDate", "updateDate", true}
	case "products":
		return dating{"created", "updated", true}
	case "customers":
		return dating{"registered", "updated", false}
	case "discount_coupons":
		return dating{"creationDate", "updateDate", false}
	}
	return dating{}
}

// dateNew sets when an entity was made and last changed.
func (s *Store) dateNew(collection string, e entity) {
	now, d := s.options.Now(), datingOf(collection)
	if d.made != "" {
		e[d.made] = stamp(now)
	}
	if d.stamps {
		e["createTimestamp"] = now.Unix()
	}
	s.date(collection, e, now)
}

// date sets when an entity was last changed. Timestamps are in seconds.
func (s *Store) date(collection string, e entity, now time.Time) {
	d := datingOf(collection)
	if d.changed != "" {
		e[d.changed] = stamp(now)
	}
	if d.stamps {
		e["updateTimestamp"] = now.Unix()
	}
}

// changed dates an entity that was changed where it lies, and has search learn of it.
func (s *Store) changed(collection, key string) {
	s.date(collection, s.shelves[collection].items[key], s.options.Now())
	s.note(collection, key)
}

// note has search and /latest-stats learn of a change.
func (s *Store) note(collection, key string) {
	now := s.options.Now()
	s.stamps[collection] = now
	shelf := s.shelves[collection]
	if shelf.index == nil {
		return
	}
	late := lateChange{at: now, key: key}
	if e, ok := shelf.items[key]; ok {
		late.entity = clone(e).(entity)
	}
	shelf.index.late = append(shelf.index.late, late)
}

// An index is what search knows of a shelf, which is not the newest.
type index struct {
	items map[string]entity
	order []string
	late  []lateChange // oldest first
}

// A lateChange is one of which search has not learned.
type lateChange struct {
	at     time.Time
	key    string
	entity entity // nil when it was deleted
}

// SetLag changes how long search takes to learn of a change, from now on.
func (s *Store) SetLag(lag time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lag(lag)
}

func (s *Store) lag(lag time.Duration) {
	s.options.Lag = lag
	for _, shelf := range s.shelves {
		switch {
		case lag <= 0:
			shelf.index = nil
		case shelf.index == nil:
			shelf.index = &index{items: make(map[string]entity), order: slices.Clone(shelf.order)}
			for key, e := range shelf.items {
				shelf.index.items[key] = clone(e).(entity)
			}
		}
	}
}

// searchable gives what search knows of a shelf now, and in which order it was made.
func (s *Store) searchable(shelf *shelf) (map[string]entity, []string) {
	x := shelf.index
	if x == nil {
		return shelf.items, shelf.order
	}
	learned := s.options.Now().Add(-s.options.Lag)
	for len(x.late) > 0 && !x.late[0].at.After(learned) {
		change := x.late[0]
		x.late = x.late[1:]
		_, known := x.items[change.key]
		switch {
		case change.entity == nil:
			delete(x.items, change.key)
			x.order = slices.DeleteFunc(x.order, func(k string) bool { return k == change.key })
		case !known:
			x.order = append(x.order, change.key)
			fallthrough
		default:
			x.items[change.key] = change.entity
		}
	}
	return x.items, x.order
}
