package sms

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"shopbell/actions"
	"shopbell/actions/web"
)

// brevo sends through Brevo's transactional SMS.
type brevo struct {
	client *web.Client
	url    string
	key    actions.Secret
	from   string
}

func openBrevo(env actions.Env, a Account) (way, error) {
	api, err := base(a.API, "https://api.brevo.com")
	if err != nil {
		return nil, err
	}
	client := web.New(web.Options{Env: env, Secrets: []actions.Secret{a.APIKey}})
	return &brevo{client: client, url: api + "/v3/transactionalSMS/send", key: a.APIKey, from: a.From}, nil
}

// brevoMessage is what Brevo takes.
type brevoMessage struct {
	Sender    string `json:"sender"`
	Recipient string `json:"recipient"`
	Content   string `json:"content"`
	Type      string `json:"type"`
	Unicode   bool   `json:"unicodeEnabled,omitempty"`
}

// send implements [way].
func (b *brevo) send(ctx context.Context, m message) (receipt, error) {
	body, err := json.Marshal(brevoMessage{b.from, m.digits(), m.text, "transactional", m.size.encoding == ucs2})
	if err != nil {
		return receipt{}, actions.Permanent(actions.BlameRequest, err)
	}
	r, err := request(ctx, http.MethodPost, b.url, jsonType, string(body))
	if err != nil {
		return receipt{}, err
	}
	r.Header.Set("Api-Key", b.key.Reveal())
	r.Header.Set("Accept", jsonType)
	answer, err := b.client.Do(r)
	if err != nil {
		return receipt{}, err
	}
	if answer.Status == http.StatusTooManyRequests {
		// Brevo does not use Retry-After, and tells in how many seconds its count begins anew.
		reset := web.RetryAfter(answer.Header.Get("X-Sib-Ratelimit-Reset"), time.Now())
		return receipt{}, actions.Throttled(max(reset, answer.Wait()), answer.Err())
	}
	if err := answer.Err(rows()...); err != nil {
		return receipt{}, err
	}
	var said struct {
		ID    json.Number `json:"messageId"`
		Count int         `json:"smsCount"`
	}
	if answer.Partial != nil || json.Unmarshal(answer.Body, &said) != nil || said.ID == "" {
		return receipt{}, errStranger("Brevo")
	}
	return receipt{id: said.ID.String(), segments: max(said.Count, 0)}, nil
}
