package sms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"shopbell/actions"
	"shopbell/actions/web"
)

// look reads what a provider tells of the account, which nobody notices, into said.
func look(ctx context.Context, client *web.Client, name, url string, header map[string]string, said any) error {
	r, err := request(ctx, http.MethodGet, url, "", "")
	if err != nil {
		return err
	}
	for key, value := range header {
		r.Header.Set(key, value)
	}
	r.Header.Set("Accept", jsonType)
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	if err := answer.Err(web.Row{From: 404, To: 404, Outcome: actions.OutcomePermanent, Blame: actions.BlameAccount}); err != nil {
		return err
	}
	if answer.Partial != nil || json.Unmarshal(answer.Body, said) != nil {
		return errElse(name)
	}
	return nil
}

// errElse says that somebody else has answered.
func errElse(name string) error {
	return actions.Permanent(actions.BlameAccount, errors.New("the answer is not one of "+name+"'s: is api right?"))
}

// Test implements [actions.Tester]: it reads the account.
func (t *twilio) Test(ctx context.Context) (string, error) {
	var said struct{ Status, Type string }
	url := strings.TrimSuffix(t.url, "/Messages.json") + ".json"
	err := look(ctx, t.client, "Twilio", url, map[string]string{"Authorization": t.authorization}, &said)
	switch {
	case err != nil:
		return "", err
	case said.Status == "":
		return "", errElse("Twilio")
	case said.Status != "active":
		return "", actions.Permanent(actions.BlameAccount, errors.New("twilio says that the account is "+excerpt(said.Status)))
	case said.Type == "Trial":
		return "the account is active, and on trial: texts reach verified numbers only", nil
	}
	return "the account is active", nil
}

// Test implements [actions.Tester]: it reads the balance (developer.vonage.com, Account API).
func (v *vonage) Test(ctx context.Context) (string, error) {
	var said struct{ Value *float64 }
	url := strings.TrimSuffix(v.url, "/sms/json") + "/account/get-balance"
	err := look(ctx, v.client, "Vonage", url, map[string]string{"Authorization": v.authorization}, &said)
	switch {
	case err != nil:
		return "", err
	case said.Value == nil:
		return "", errElse("Vonage")
	case *said.Value <= 0:
		return "", actions.Permanent(actions.BlameAccount, errors.New("vonage knows the key, and says that the account has no credit left"))
	}
	return fmt.Sprintf("Vonage knows the key, and the account has a balance of EUR %.2f", *said.Value), nil
}

// Test implements [actions.Tester]: it reads the account.
func (b *brevo) Test(ctx context.Context) (string, error) {
	var said struct {
		Email string
		Plan  []struct {
			Type    string
			Credits float64
		}
	}
	url := strings.TrimSuffix(b.url, "/transactionalSMS/send") + "/account"
	if err := look(ctx, b.client, "Brevo", url, map[string]string{"Api-Key": b.key.Reveal()}, &said); err != nil {
		return "", err
	}
	if said.Email == "" {
		return "", errElse("Brevo")
	}
	for _, p := range said.Plan {
		switch {
		case p.Type != "sms":
		case p.Credits <= 0:
			return "", actions.Permanent(actions.BlameAccount, errors.New("brevo knows the key, and says that no credit for texts is left"))
		default:
			return fmt.Sprintf("Brevo knows the key, and has credit for %g texts", p.Credits), nil
		}
	}
	return "Brevo knows the key", nil
}
