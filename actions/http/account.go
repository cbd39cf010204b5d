package http

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/textproto"

	"shopbell/actions"
	"shopbell/actions/web"
)

var errNoSecret = errors.New("previous_secret is given without secret")

// signIn puts what the account signs in with into the headers of every request.
func (s *sender) signIn(a Account) error {
	switch {
	case a.Token != "" && a.Username != "":
		return errors.New("token and username exclude each other: a request signs in one way")
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
		if s.headers[canonical] != nil {
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
// tried again; those that cannot get better are final all the same. Being refused is the account's fault only if there
// is one.
func statuses(a Account) []web.Row {
	refused := actions.BlameRequest
	if a.Token != "" || a.Username != "" || a.Secret != "" || len(a.Headers) > 0 {
		refused = actions.BlameAccount
	}
	return []web.Row{
		{From: 400, To: 400, Outcome: actions.OutcomePermanent, Blame: actions.BlameRequest},
		{From: 401, To: 401, Outcome: actions.OutcomePermanent, Blame: refused},
		{From: 403, To: 403, Outcome: actions.OutcomePermanent, Blame: refused},
		{From: 405, To: 405, Outcome: actions.OutcomePermanent, Blame: actions.BlameRequest},
		{From: 410, To: 410, Outcome: actions.OutcomePermanent, Blame: actions.BlameRequest},
		{From: 413, To: 413, Outcome: actions.OutcomePermanent, Blame: actions.BlameRequest},
		{From: 415, To: 415, Outcome: actions.OutcomePermanent, Blame: actions.BlameRequest},
		{From: 422, To: 422, Outcome: actions.OutcomePermanent, Blame: actions.BlameRequest},
		{From: 400, To: 999, Outcome: actions.OutcomeRetry},
	}
}
