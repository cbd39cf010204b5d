package cloudcart

import "time"

// moment reads a time as CloudCart writes it. Webhooks and some resources tell the zone; where it is missing, the store's
// counts; with no zone, such a time counts as none. Zero for anything else: a time is never worth refusing an event.
func moment(value any, zone *time.Location) time.Time {
	text, _ := value.(string)
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return at.UTC()
	}
	if zone == nil {
		return time.Time{}
	}
	for _, form := range []string{time.DateTime, "2006-01-02T15:04:05", time.DateOnly} {
		if at, err := time.ParseInLocation(form, text, zone); err == nil {
			return at.UTC()
		}
	}
	return time.Time{}
}

// changedAt gives when an entity was last changed: by its own field, else by whichever of the usual is there.
func (e *entity) changedAt(value map[string]any, zone *time.Location) time.Time {
	return firstMoment(value, zone, e.changed, "updated_at", "date_modified", e.created, "created_at", "date_added")
}

func (e *entity) createdAt(value map[string]any, zone *time.Location) time.Time {
	return firstMoment(value, zone, e.created, "created_at", "date_added")
}

func firstMoment(value map[string]any, zone *time.Location, names ...string) time.Time {
	for _, name := range names {
		if at := moment(value[name], zone); !at.IsZero() {
			return at
		}
	}
	return time.Time{}
}
