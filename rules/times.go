package rules

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
	_ "time/tzdata" // a small container has no time zones of its own
)

// time reads an argument as a time, and gives it in the store's zone.
func (s *scope) time(function string, v any) (time.Time, error) {
	if _, isText := plainer(v).(string); isText { // it is held against a dozen forms
		if err := s.spend(50); err != nil {
			return time.Time{}, err
		}
	}
	t, err := timeOf(function, v, s.location())
	if err != nil {
		return time.Time{}, err
	}
	return within(t.In(s.location()))
}

// timeOf reads a time as platforms write it: a time, seconds or milliseconds since 1970, or text. Text without a zone is
// meant in the given one.
func timeOf(function string, v any, zone *time.Location) (time.Time, error) {
	switch v := plainer(v).(type) {
	case nil:
		return time.Time{}, errNothing
	case time.Time:
		return v, nil
	case string:
		if len(v) > maxWritten {
			return time.Time{}, fmt.Errorf("%.40q… is not a time", v)
		}
		// Fewer digits are another kind of number, such as 20261120.
		if n, err := strconv.ParseInt(v, 10, 64); err == nil && len(v) >= len("999999999") {
			return since1970(float64(n))
		}
		for _, layout := range []string{
			time.RFC3339, "2006-01-02 15:04:05 -0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04:05-0700",
			"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 MST", "2006-01-02 15:04", "2006-01-02T15:04", time.DateOnly, time.RFC1123Z, time.RFC1123,
		} {
			if t, err := time.ParseInLocation(layout, v, zone); err == nil {
				return t, known(t, v)
			}
		}
		return time.Time{}, fmt.Errorf("%.40q is not a time", v)
	}
	if n, ok := numeric(v); ok {
		return since1970(n)
	}
	return time.Time{}, wants(function, "a time", v)
}

// known refuses text with the letters of a zone that nobody knows, which Go takes for UTC.
func known(t time.Time, written string) error {
	if name, offset := t.Zone(); offset == 0 && t.Location() != time.UTC && name != "" && name[0] >= 'A' && name != "UTC" && name != "GMT" && name != "WET" {
		return fmt.Errorf("%.40q names the time zone %q, which is not known here", written, name)
	}
	return nil
}

// since1970 takes a number for seconds, or for milliseconds when as seconds it would be beyond the year 5138.
func since1970(n float64) (time.Time, error) {
	switch {
	case math.IsNaN(n) || math.Abs(n) > 1e15:
		return time.Time{}, fmt.Errorf("%g is not a time: write seconds or milliseconds since 1970", n)
	case math.Abs(n) >= 1e11:
		return time.UnixMilli(int64(n)), nil
	}
	whole, part := math.Modf(n)
	return time.Unix(int64(whole), int64(part*1e9)), nil
}

// maxWritten bounds the text of a time, in bytes: no platform writes one so long.
const maxWritten = 100

// maxLayout bounds the layout of a time, in bytes.
const maxLayout = 200

var (
	errLayout = errors.New("the layout of a time has at most 200 characters")
	errYears  = errors.New("it is a time before the year 1 or after the year 9999")
)

// within refuses times that cannot be written with four digits of a year.
func within(t time.Time) (time.Time, error) {
	if y := t.Year(); y < 1 || y > 9999 {
		return time.Time{}, errYears
	}
	return t, nil
}

// unlike says that text is not written as a layout says.
func unlike(written, layout string) error {
	return fmt.Errorf("%s is not written like %s; a layout is an example of 2 January 2006, 15:04:05", quotedText(written), quotedText(layout))
}
