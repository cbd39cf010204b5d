package email

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"shopbell/actions"
)

// The bounds of headers that a step adds.
const (
	maxHeaders     = 50
	maxHeaderValue = 2_000 // bytes
)

var headerName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,75}$`)

// Headers are those that a step adds to a message, by name.
type Headers map[string]actions.Text

// check refuses headers that the message sets itself, or that would say what is not so.
func (h Headers) check() error {
	if len(h) > maxHeaders {
		return fmt.Errorf("headers: at most %d", maxHeaders)
	}
	seen := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(h)) {
		key := strings.ToLower(name)
		switch {
		case !headerName.MatchString(name):
			return fmt.Errorf("headers: %q cannot be the name of a header", shorten(name))
		case seen[key] != "":
			return fmt.Errorf("headers: %s and %s are one header", seen[key], name)
		case ownHeader(key):
			return fmt.Errorf("headers: %s is set by the message itself", name)
		case strings.ContainsAny(string(h[name]), "\r\n\x00"):
			return fmt.Errorf("headers: %s holds a line break", name)
		case len(h[name]) > maxHeaderValue:
			return fmt.Errorf("headers: %s is longer than %d bytes", name, maxHeaderValue)
		}
		seen[key] = name
	}
	return nil
}

// ownHeader tells of headers that are not a step's to say, in lower case.
func ownHeader(name string) bool {
	switch name {
	case "from", "sender", "to", "cc", "bcc", "reply-to", "subject", "date", "message-id", "mime-version", "auto-submitted",
		"list-unsubscribe", "list-unsubscribe-post", "return-path", "received", "delivered-to", "envelope-to", "x-original-to",
		"dkim-signature", "authentication-results", "received-spf", "apparently-to":
		return true
	}
	return slices.ContainsFunc([]string{"content-", "resent-", "arc-"}, func(begin string) bool { return strings.HasPrefix(name, begin) })
}

func (h Headers) put(m *gomail.Msg) {
	for _, name := range slices.Sorted(maps.Keys(h)) {
		m.SetGenHeader(gomail.Header(name), actions.Escape(actions.Header, string(h[name])))
	}
}

var errNotRendered = errors.New("the template was not rendered")
