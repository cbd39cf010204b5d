package http

import (
	"errors"

	"shopbell/actions"
	"shopbell/actions/web"
)

// signers reads the secrets of an account, the newest first.
func signers(a Account) ([]web.Signer, error) {
	switch {
	case a.PreviousSecret != "" && a.Secret == "":
		return nil, errors.New("previous_secret is given without secret")
	case a.Secret != "" && len(a.Secrets) > 0:
		return nil, errors.New("secret and secrets exclude each other: put all of them into secrets, the newest first")
	}
	var all []web.Signer
	for _, secret := range append([]actions.Secret{a.Secret, a.PreviousSecret}, a.Secrets...) {
		if secret == "" {
			continue
		}
		s, err := web.AnySigner(secret)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}
