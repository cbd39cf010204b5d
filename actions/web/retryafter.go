package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxWait bounds what a provider may ask for.
const maxWait = 24 * time.Hour

// RetryAfter reads the header of that name: a number of seconds, or a date. It gives 0 for none, for what cannot be read
// and for a time that has passed, and at most 24 hours.
func RetryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		if !(seconds > 0) { // also what is not a number
			return 0
		}
		if seconds >= maxWait.Seconds() {
			return maxWait
		}
		return time.Duration(seconds * float64(time.Second))
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxWait)
}
