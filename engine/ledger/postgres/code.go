package postgres

import (
	"strings"
	"time"
	"unicode/utf8"
)

// moment carries a time to the database, where none is NULL. PostgreSQL keeps microseconds.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Microsecond)
	return &t
}

// instant is the way back.
func instant(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// dueWhen gives a time only while a row waits for it.
func dueWhen(waits bool, t time.Time) *time.Time {
	if !waits {
		return nil
	}
	return moment(t)
}

// clean makes text that PostgreSQL takes: it has no form for a zero byte or for what is no UTF-8, which only hostile
// notifications hold. The same text becomes the same, so it still tells duplicates.
func clean(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\u2400")
}

// midnight is the day of t as days since 1970, UTC.
func midnight(t time.Time) int32 { return int32(t.Unix() / 86400) }
