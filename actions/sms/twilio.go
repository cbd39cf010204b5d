package sms

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"shopbell/actions"
	"shopbell/actions/web"
)

// twilio sends through Twilio's Messages resource.
type twilio struct {
	client        *web.Client
	url           string
	authorization string
	from, service string
	token         actions.Secret // that they are signed with
}

func openTwilio(env actions.Env, a Account) (way, error) {
	user, password := a.AccountSID, a.AuthToken
	switch {
	case (a.KeySID == "") != (a.KeySecret == ""):
		return nil, errors.New("key_sid and key_secret belong together")
	case a.KeySID != "":
		user, password = a.KeySID, a.KeySecret
	case a.AuthToken == "":
		return nil, errors.New("want auth_token, or key_sid and key_secret")
	}
	if (a.From == "") == (a.MessagingService == "") {
		return nil, errors.New("want either from or messaging_service")
	}
	api, err := base(a.API, "https://api.twilio.com")
	if err != nil {
		return nil, err
	}
	pair := base64.StdEncoding.EncodeToString([]byte(user + ":" + password.Reveal()))
	t := &twilio{
		client: web.New(web.Options{Env: env, Secrets: []actions.Secret{a.AuthToken, a.KeySecret, actions.Secret(pair)}}),
		url:    api + "/2010-04-01/Accounts/" + url.PathEscape(a.AccountSID) + "/Messages.json", authorization: "Basic " + pair,
		from: a.From, service: a.MessagingService, token: a.AuthToken,
	}
	return t, nil
}

// twilioSaid is an answer of Twilio: a message, or an error. Its numbers are text in one and numbers in the other.
type twilioSaid struct {
	SID       string       `json:"sid"`
	Segments  actions.Text `json:"num_segments"`
	ErrorCode actions.Text `json:"error_code"`
	Error     string       `json:"error_message"`
	Code      actions.Text `json:"code"`
	Message   string       `json:"message"`
	Status    actions.Text `json:"status"` // of the message; in an error that of HTTP
}

// send implements [way].
func (t *twilio) send(ctx context.Context, m message) (receipt, error) {
	form := url.Values{"To": {m.to}, "Body": {m.text}}
	if t.service != "" {
		form.Set("MessagingServiceSid", t.service)
	} else {
		form.Set("From", t.from)
	}
	if m.told != "" && t.token != "" { // without it a report cannot be told from a forged one
		form.Set("StatusCallback", m.told)
	}
	r, err := request(ctx, http.MethodPost, t.url, formType, form.Encode())
	if err != nil {
		return receipt{}, err
	}
	r.Header.Set("Authorization", t.authorization)
	r.Header.Set("Accept", jsonType)
	answer, err := t.client.Do(r)
	if err != nil {
		return receipt{}, err
	}
	return t.sort(answer)
}

// sort tells what an answer means: by its status first, then by Twilio's code. Answers of 5xx need not be Twilio's own, and
// those that say when to come again are obeyed whatever their code.
func (t *twilio) sort(a *web.Answer) (receipt, error) {
	var said twilioSaid
	ours := a.Partial == nil && json.Unmarshal(a.Body, &said) == nil
	switch {
	case taken(a.Status):
		if !ours || said.SID == "" {
			return receipt{}, errStranger("Twilio")
		}
		if said.Status == "failed" || said.Status == "undelivered" || said.Status == "canceled" {
			return receipt{}, refused(string(said.ErrorCode), string(said.Status)+" "+said.Error)
		}
		segments, _ := strconv.Atoi(string(said.Segments)) // 0 until a Messaging Service has chosen the sender
		return receipt{id: excerpt(said.SID), segments: segments}, nil
	case ours && a.Status >= 400 && a.Status < 500 && a.Status != http.StatusTooManyRequests:
		if v, ok := judge(twilioVerdicts(), string(said.Code)); ok {
			return receipt{}, v.err("twilio", excerpt(said.Message), a.Wait())
		}
	}
	return receipt{}, a.Err(rows()...)
}

// refused is a message that was taken and given up at once.
func refused(code, said string) error {
	v, ok := judge(twilioVerdicts(), code)
	if !ok {
		return actions.Permanent(actions.BlameRequest, errors.New("twilio gave the message up: "+excerpt(code+" "+said)))
	}
	return v.err("twilio", excerpt(said), 0)
}

// excerpt is what a provider said, as one line for people.
func excerpt(text string) string { return actions.Excerpt([]byte(text)) }
