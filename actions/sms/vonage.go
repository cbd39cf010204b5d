package sms

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"shopbell/actions"
	"shopbell/actions/web"
)

// vonage sends through Vonage's SMS API. Its receipts of delivery are not read: nothing here could tell a forged one.
type vonage struct {
	client             *web.Client
	url, authorization string
	from               string
}

func openVonage(env actions.Env, a Account) (way, error) {
	api, err := base(a.API, "https://rest.nexmo.com")
	if err != nil {
		return nil, err
	}
	pair := base64.StdEncoding.EncodeToString([]byte(a.APIKey.Reveal() + ":" + a.APISecret.Reveal()))
	client := web.New(web.Options{Env: env, Secrets: []actions.Secret{a.APISecret, a.APIKey, actions.Secret(pair)}})
	return &vonage{client: client, url: api + "/sms/json", authorization: "Basic " + pair, from: a.From}, nil
}

// vonageVerdicts are the statuses of a message. One that is not here is a message that was refused.
func vonageVerdicts() []verdict {
	const (
		retry, permanent            = actions.OutcomeRetry, actions.OutcomePermanent
		recipient, request, account = actions.BlameRecipient, actions.BlameRequest, actions.BlameAccount
	)
	return []verdict{
		{"0", actions.OutcomeOK, "", "", documented, more{}},
		{"1", retry, "", "too many requests at once", documented, more{}},
		{"5", retry, "", "something went wrong there", documented, more{}},
		{"10", retry, "", "too many connections at once", documented, more{}},
		{"2", permanent, request, "", documented, more{}},
		{"3", permanent, request, "", documented, more{}},
		{"6", permanent, request, "", documented, more{}},
		{"4", permanent, account, "the key or its secret is wrong", documented, more{}},
		{"8", permanent, account, "the account is barred", documented, more{}},
		{"9", permanent, account, "the account has no credit left", documented, more{}},
		{"7", permanent, recipient, "the number is barred, and gets nothing", documented, more{}},
	}
}

// vonageSaid is an answer of Vonage, with an entry for each part of the text.
type vonageSaid struct {
	Count    actions.Text `json:"message-count"`
	Messages []vonagePart `json:"messages"`
}

type vonagePart struct {
	Status actions.Text `json:"status"`
	ID     string       `json:"message-id"`
	Error  string       `json:"error-text"`
}

// send implements [way].
func (v *vonage) send(ctx context.Context, m message) (receipt, error) {
	form := url.Values{"from": {v.from}, "to": {m.digits()}, "text": {m.text}, "client-ref": {m.key}}
	if m.size.encoding == ucs2 {
		form.Set("type", "unicode")
	}
	r, err := request(ctx, http.MethodPost, v.url, formType, form.Encode())
	if err != nil {
		return receipt{}, err
	}
	r.Header.Set("Authorization", v.authorization)
	r.Header.Set("Accept", jsonType)
	answer, err := v.client.Do(r)
	if err != nil {
		return receipt{}, err
	}
	if err := answer.Err(rows()...); err != nil {
		return receipt{}, err
	}
	return v.sort(answer)
}

// sort reads an answer of success, which Vonage gives always: what became of the text is told part by part. A text of which
// some parts were taken and others not must not be sent again, nor is it sent.
func (v *vonage) sort(a *web.Answer) (receipt, error) {
	var said vonageSaid
	if a.Partial != nil || json.Unmarshal(a.Body, &said) != nil || len(said.Messages) == 0 || string(said.Count) != "" && string(said.Count) != strconv.Itoa(len(said.Messages)) {
		return receipt{}, errStranger("Vonage")
	}
	refusals, worst := 0, verdict{}
	var words string
	for _, part := range said.Messages {
		if part.Status == "" {
			return receipt{}, errStranger("Vonage")
		}
		found, _ := judge(vonageVerdicts(), excerpt(string(part.Status)))
		if found.outcome == actions.OutcomeOK {
			continue
		}
		if refusals == 0 || found.graver(worst) {
			worst, words = found, excerpt(part.Error)
		}
		refusals++
	}
	switch {
	case refusals == 0:
		return receipt{id: excerpt(said.Messages[0].ID), segments: len(said.Messages)}, nil
	case refusals < len(said.Messages):
		worst.words = "of the text's " + strconv.Itoa(len(said.Messages)) + " parts it took " + strconv.Itoa(len(said.Messages)-refusals) + " and refused others"
		worst.outcome = actions.OutcomeUnknown
	}
	return receipt{}, worst.err("vonage", words, a.Wait())
}

// graver tells whether one refusal makes another one's hope vain: what is final, or the account's fault.
func (v verdict) graver(than verdict) bool {
	weight := func(v verdict) int {
		switch {
		case v.blame == actions.BlameAccount:
			return 2
		case v.outcome == actions.OutcomePermanent:
			return 1
		}
		return 0
	}
	return weight(v) > weight(than)
}
