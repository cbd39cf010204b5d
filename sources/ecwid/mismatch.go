package ecwid

import (
	"encoding/json"
	"fmt"
	"strings"

	"shopbell/event"
	"shopbell/sources"
)

// A mismatch says what to do with an event that claims another state than the one read back.
type mismatch string

// What can be done.
const (
	actOnMismatch    mismatch = "act"    // rules see the truth as read back, and the event is marked stale
	ignoreOnMismatch mismatch = "ignore" // the event is not confirmed
)

// A comparison is a value that notifications and entities both tell.
type comparison struct {
	claimed string // its key in the notification's data
	field   string // of the entity
}

// comparisons lists what notifications about a noun claim of its present state. The name of the store's plan, which
// profile.subscriptionStatusChanged claims, is nowhere in the profile.
func comparisons(noun string) []comparison {
	switch noun {
	case "order":
		return []comparison{{"newPaymentStatus", "paymentStatus"}, {"newFulfillmentStatus", "fulfillmentStatus"}}
	case "review":
		return []comparison{{"status", "status"}}
	case "application":
		return []comparison{{"newSubscriptionStatus", "subscriptionStatus"}}
	}
	return nil
}

// judge marks a reading that is not what the notification says, or does not confirm the event at all.
func (m mismatch) judge(known *typeInfo, e *event.Event, r sources.Reading) (sources.Reading, error) {
	r.Stale = staleness(known.Noun, e.Data, r.Entity)
	if r.Stale != "" && m == ignoreOnMismatch {
		return sources.Reading{}, sources.Unconfirmed("%s (on_mismatch is ignore)", r.Stale)
	}
	return r, nil
}

// staleness tells in which way a claim differs from the entity; "" when it does not. Case does not matter: reviews are
// "moderated" in the API and "MODERATED" in webhooks.
func staleness(noun string, data, entity json.RawMessage) string {
	var differ []string
	for _, c := range comparisons(noun) {
		claimed, known := member(data, c.claimed)
		is, given := member(entity, c.field)
		if known && given && !strings.EqualFold(claimed, is) {
			differ = append(differ, fmt.Sprintf("%s is %s, and it is %s", c.field, clipped(claimed), clipped(is)))
		}
	}
	if len(differ) == 0 {
		return ""
	}
	return fmt.Sprintf("the notification says that %s by now", strings.Join(differ, "; that "))
}

// member gives a text of an object, trimmed; false when it is missing, empty or no text.
func member(object json.RawMessage, key string) (value string, ok bool) {
	for k, raw := range members(object) {
		if k == key {
			value = ""
			if len(raw) > 0 && raw[0] == '"' {
				value = strings.TrimSpace(unquoted(raw))
			}
		}
	}
	return value, value != ""
}

// clipped keeps what a sender wrote short, and on one line.
func clipped(text string) string {
	const most = 40
	if r := []rune(strings.Map(func(r rune) rune {
		if unprintable(r) {
			return -1
		}
		return r
	}, text)); len(r) > most {
		return string(r[:most]) + "…"
	} else {
		return string(r)
	}
}
