package http

import (
	"encoding/base64"
	"errors"
	"fmt"
	nethttp "net/http"
	"net/textproto"
	"slices"

	"shopbell/actions"
	"shopbell/actions/web"
)

// signIn puts what the account signs in with into the headers of every request.
func (s *sender) signIn(a Account) error {
	switch {
	case a.Token != "" && a.Username != "":
		return errors.New("token and username exclude each other: a request signs in one way")
	case a.OAuth != nil && (a.Token != "" || a.Username != ""):
		return errors.New("oauth excludes token and username: a request signs in one way")
	case a.Username == "" && a.Password != "":
		return errors.New("password is given without username")
	case a.Token != "":
		s.headers["Authorization"] = []string{"Bearer " + a.Token.Reveal()}
	case a.Username != "":
		pair := a.Username + ":" + a.Password.Reveal()
		s.headers["Authorization"] = []string{"Basic " + base64.StdEncoding.EncodeToString([]byte(pair))}
	}
	for name, value := range a.Headers {
		if err := checkHeader(name); err != nil {
			return err
		}
		canonical := textproto.CanonicalMIMEHeaderKey(name)
		if s.headers[canonical] != nil || canonical == "Authorization" && a.OAuth != nil {
			return fmt.Errorf("the header %q is given twice", name)
		}
		s.headers[canonical] = []string{value.Reveal()}
	}
	for name, values := range s.headers {
		if badValue(values[0]) {
			return fmt.Errorf("what is sent as %s has a line break or another control character in it", name)
		}
	}
	return nil
}

// statuses is what answers mean. The specification of Standard Webhooks calls every answer but 2xx a failure to be
// tried again; those that cannot get better are final all the same, unless the account knows better. Being refused is the
// account's fault only if there is one.
func statuses(a Account) ([]web.Row, error) {
	refused := actions.BlameRequest
	if a.Token != "" || a.Username != "" || a.OAuth != nil || a.Secret != "" || len(a.Secrets) > 0 || len(a.Headers) > 0 {
		refused = actions.BlameAccount
	}
	for _, status := range slices.Concat(a.Retry, a.Final) {
		switch {
		case status < 300 || status > 599:
			return nil, fmt.Errorf("retry and final: %d is no status of a failure, which are 300 to 599", status)
		case slices.Contains(a.Retry, status) && slices.Contains(a.Final, status):
			return nil, fmt.Errorf("retry and final both name %d", status)
		}
	}
	var rows []web.Row
	for _, status := range a.Retry {
		rows = append(rows, web.Row{From: status, To: status, Outcome: actions.OutcomeRetry})
	}
	for _, status := range slices.Concat(a.Final, []int{400, 401, 403, 405, 410, 413, 415, 422}) {
		blame := actions.BlameRequest
		if status == nethttp.StatusUnauthorized || status == nethttp.StatusForbidden {
			blame = refused
		}
		rows = append(rows, web.Row{From: status, To: status, Outcome: actions.OutcomePermanent, Blame: blame})
	}
	return append(rows, web.Row{From: 400, To: 999, Outcome: actions.OutcomeRetry}), nil
}
