package sms

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"shopbell/actions"
	"shopbell/actions/web"
)

// Test implements [actions.Tester]: it reads the account.
func (t *twilio) Test(ctx context.Context) (string, error) {
	r, err := request(ctx, http.MethodGet, strings.TrimSuffix(t.url, "/Messages.json")+".json", "", "")
	if err != nil {
		return "", err
	}
	r.Header.Set("Authorization", t.authorization)
	r.Header.Set("Accept", jsonType)
	answer, err := t.client.Do(r)
	if err != nil {
		return "", err
	}
	if err := answer.Err(web.Row{From: 404, To: 404, Outcome: actions.OutcomePermanent, Blame: actions.BlameAccount}); err != nil {
		return "", err
	}
	var said struct{ Status, Type string }
	if json.Unmarshal(answer.Body, &said) != nil || said.Status == "" {
		return "", errStranger("Twilio")
	}
	if said.Status != "active" {
		return "", actions.Permanent(actions.BlameAccount, errors.New("twilio says that the account is "+excerpt(said.Status)))
	}
	if said.Type == "Trial" {
		return "the account is active, and on trial: texts reach verified numbers only", nil
	}
	return "the account is active", nil
}
