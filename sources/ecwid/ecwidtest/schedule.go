package ecwidtest

import (
	"net/http"
	"time"
)

// RetryAfter tells when a webhook is sent again after so many failed tries, counted from the first try: 15, 30 and 45
// minutes, then every hour from 1 to 24. more is false when it is dropped.
func RetryAfter(tries int) (wait time.Duration, more bool) {
	switch {
	case tries < 1 || tries > 27:
		return 0, false
	case tries <= 3:
		return time.Duration(tries) * 15 * time.Minute, true
	}
	return time.Duration(tries-3) * time.Hour, true
}

// Delivered tells whether Ecwid takes a status as delivered. 203, 208, other 2xx and every 3xx are failures to it.
func Delivered(status int) bool {
	switch status {
	case http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusNoContent, 209:
		return true
	}
	return false
}
