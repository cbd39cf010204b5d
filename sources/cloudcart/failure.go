package cloudcart

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"shopbell/secret"
	"shopbell/sources"
)

// How long calls are held back.
const (
	defaultWait  = time.Minute      // after 429 without Retry-After: the allowance is reckoned over a minute
	suspendedFor = 10 * time.Minute // after the plan was found to have no API, or to be past due
	maxWait      = time.Hour        // longest Retry-After that is believed
)

// A rejection is an answer of 400 or 422: the API does not like the call, in words of its own.
type rejection struct {
	status int
	detail string // for people; "" when it does not say
}

func (r *rejection) Error() string {
	if r.detail == "" {
		return fmt.Sprintf("the store's API answered %d", r.status)
	}
	return fmt.Sprintf("the store's API answered %d: %s", r.status, r.detail)
}

// failure sorts an answer that is not a success, and notes what it says of the key.
func (s *shop) failure(response *http.Response, body []byte) error {
	status := response.StatusCode
	switch status {
	case http.StatusNotFound:
		if !isJSON(body) {
			break // a page of some proxy says nothing about the entity
		}
		return errNotFound
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return &rejection{status, s.detail(body)}
	case http.StatusUnauthorized, http.StatusForbidden:
		if status == http.StatusForbidden && !isJSON(body) {
			return s.turnedAway()
		}
		return s.health.die(time.Now(), fmt.Sprintf("store %s refuses its API key (%d): put an active key from Settings, API keys into stores.%s.api_key", s.id, status, s.id))
	case http.StatusPaymentRequired:
		return s.suspended(fmt.Sprintf("the plan of store %s has ended or is past due (402): the merchant has to see to it at CloudCart", s.id))
	case http.StatusTooManyRequests:
		return s.throttled(response.Header)
	}
	err := fmt.Errorf("the store's API answered %d", status)
	if status >= 300 && status < 400 {
		err = fmt.Errorf("the store's API answered %d, a redirect, which is not followed: is stores.%s.host the primary domain of the store?", status, s.id)
	}
	s.health.set(sources.CredentialSilent, err.Error())
	if response.Header.Get("Retry-After") != "" {
		return sources.Later(retryAfter(response.Header), err)
	}
	return err
}

// turnedAway is a 403 with a page: the API itself gives none, but what stands before it does.
func (s *shop) turnedAway() error {
	note := fmt.Sprintf("something before the API of store %s turns us away (403 with a page): a block by country or address, or a check for robots; the merchant has to let this server in", s.id)
	err := sources.Denied(errors.New(note))
	s.health.pause(sources.CredentialSilent, suspendedFor, note, err)
	return err
}

func (s *shop) suspended(note string) error {
	err := sources.Denied(errors.New(note))
	s.health.pause(sources.CredentialSuspended, suspendedFor, note, err)
	return err
}

// throttled tells a rate that was passed from a plan without API: then the very first call has an allowance of 0.
func (s *shop) throttled(h http.Header) error {
	if h.Get("X-RateLimit-Limit") == "0" {
		return s.suspended(fmt.Sprintf("store %s allows no calls of its API at all (429 with a limit of 0): either its plan has no API, or stores.%s.host is not its primary domain", s.id, s.id))
	}
	const note = "the store's API answered 429: too many requests"
	wait := retryAfter(h)
	s.health.pause(sources.CredentialThrottled, wait, note, nil)
	return sources.Later(wait, errors.New(note))
}

func isJSON(body []byte) bool { return json.Valid(body) }

// detail gives what the API says of a mistake, short, printable and without our key.
func (s *shop) detail(body []byte) string {
	var told struct {
		Errors []struct{ Title, Detail string }
	}
	if json.Unmarshal(body, &told) != nil || len(told.Errors) == 0 {
		return ""
	}
	text := told.Errors[0].Detail
	if text == "" {
		text = told.Errors[0].Title
	}
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, secret.NewMask(s.key).Text(text))
	if runes := []rune(text); len(runes) > 200 {
		text = string(runes[:200]) + "…"
	}
	return text
}

func retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	wait := defaultWait
	if seconds, err := strconv.Atoi(text); err == nil && seconds >= 0 {
		wait = time.Duration(min(seconds, int(maxWait/time.Second))) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		wait = time.Until(at)
	}
	return min(max(wait, time.Second), maxWait)
}
