package http

import (
	"errors"
	"fmt"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"time"

	"shopbell/actions"
)

// Check implements [actions.Checker].
func (p Params) Check() error {
	given := 0
	for _, has := range []bool{p.JSON != nil, p.Form != nil, p.Body != nil} {
		if has {
			given++
		}
	}
	switch {
	case given > 1:
		return errors.New("json, form and body exclude each other: a request has one body")
	case given > 0 && (p.Method == "GET" || p.Method == "HEAD"):
		return fmt.Errorf("a %s request has no body", p.Method)
	case time.Duration(p.Timeout) > 50*time.Second: // the engine gives a try a minute
		return errors.New("timeout is longer than 50s")
	}
	for _, status := range p.Expect {
		if status < 200 || status > 599 {
			return fmt.Errorf("expect: %d is not the status of an answer, which are 200 to 599", status)
		}
	}
	for name, value := range p.Headers {
		if err := checkHeader(name); err != nil {
			return err
		}
		if actions.Known(string(value)) && badValue(string(value)) {
			return fmt.Errorf("the header %q has a line break or another control character in it", name)
		}
	}
	if p.URL == "" || !actions.Known(p.URL) {
		return nil
	}
	_, err := parseURL(p.URL)
	return err
}

// addQuery puts the parameters of the step into the URL, behind those that it has.
func (p *Params) addQuery(u *url.URL) {
	if len(p.Query) == 0 {
		return
	}
	u.RawQuery = strings.TrimPrefix(u.RawQuery+"&"+encode(p.Query), "&")
}

// encode writes fields as a query and a web form have them, by name.
func encode(fields map[string]actions.Text) string {
	values := make(url.Values, len(fields))
	for k, v := range fields {
		values.Set(k, string(v))
	}
	return values.Encode()
}

// content gives the body and its type.
func (p *Params) content() (body []byte, kind string) {
	switch {
	case p.JSON != nil:
		return p.JSON, "application/json"
	case p.Form != nil:
		return []byte(encode(p.Form)), "application/x-www-form-urlencoded"
	case p.Body != nil:
		return []byte(*p.Body), "text/plain; charset=utf-8"
	}
	return nil, ""
}

// parseURL refuses what is not a plain http or https URL. Its errors do not repeat the URL, which may hold a key.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("the url cannot be read: it holds characters that no URL may have")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("the url does not begin with https:// or http://")
	case u.Hostname() == "":
		return nil, errors.New("the url names no host")
	case u.User != nil:
		return nil, errors.New("the url holds a user name or password; put it into the account")
	}
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

// allows tells whether one of the hosts is the URL's, with or without its port.
func allows(hosts []string, u *url.URL) bool {
	return slices.ContainsFunc(hosts, func(h string) bool {
		return strings.EqualFold(h, u.Host) || strings.EqualFold(h, u.Hostname())
	})
}

// checkHeader refuses names that are not headers and those that are not the rule's to set.
func checkHeader(name string) error {
	if name == "" || strings.ContainsFunc(name, notToken) {
		return fmt.Errorf("%q is not the name of a header", name)
	}
	switch canonical := textproto.CanonicalMIMEHeaderKey(name); canonical {
	case "Host", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Upgrade", "Trailer", "Te", "Expect":
		return fmt.Errorf("the header %q is set by the connection, not by a rule", name)
	case "Webhook-Id", "Webhook-Timestamp", "Webhook-Signature":
		return fmt.Errorf("the header %q is set for every request", name)
	default:
		if strings.HasPrefix(canonical, "Proxy-") {
			return fmt.Errorf("the header %q is for proxies, and none is used", name)
		}
	}
	return nil
}

// notToken tells whether a character may not stand in the name of a header (RFC 9110, section 5.6.2).
func notToken(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
}

func badValue(v string) bool {
	return strings.ContainsFunc(v, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}
