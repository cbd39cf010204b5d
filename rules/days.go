package rules

import (
	"fmt"
	"strconv"
	"time"
	_ "time/tzdata" // a small container has no time zones of its own
)

// runDay is the function day.
func runDay(s *scope, args []any) (any, error) {
	t, err := timeOf(args[0], s.location())
	if err != nil {
		return nil, err
	}
	layout := "2 January 2006"
	if len(args) == 2 {
		given, ok := args[1].(string)
		if !ok {
			return nil, wants("day", "a layout such as \"02.01.2006\"", args[1])
		}
		layout = given
	}
	return t.In(s.location()).Format(layout), nil
}

// timeOf reads a time as platforms write it: a time, seconds since 1970, or text. Text without a zone is meant in the
// given one.
func timeOf(v any, zone *time.Location) (time.Time, error) {
	switch v := v.(type) {
	case nil:
		return time.Time{}, errNothing
	case time.Time:
		return v, nil
	case int:
		return time.Unix(int64(v), 0), nil
	case float64:
		return time.Unix(int64(v), 0), nil
	case string:
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return time.Unix(n, 0), nil
		}
		for _, layout := range []string{
			time.RFC3339, "2006-01-02 15:04:05 -0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04:05-0700",
			time.DateOnly, time.RFC1123Z, time.RFC1123,
		} {
			if t, err := time.ParseInLocation(layout, v, zone); err == nil {
				return t, nil
			}
		}
		return time.Time{}, fmt.Errorf("%.40q is not a time", v)
	}
	return time.Time{}, wants("day", "a time", v)
}
