package sheet

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"shopbell/actions"
	"shopbell/actions/web"
)

// A key is what signs in: the file that Google gives for a service account.
type key struct {
	Type       string `json:"type"`
	Email      string `json:"client_email"`
	ID         string `json:"private_key_id"`
	PrivateKey string `json:"private_key"`
	TokenURI   string `json:"token_uri"`
	private    *rsa.PrivateKey
}

func readKey(text actions.Secret) (*key, error) {
	k := &key{}
	if err := json.Unmarshal([]byte(text.Reveal()), k); err != nil {
		return nil, errors.New("key is not JSON: it is the whole file that Google gives, as \"${file:secrets/google.json}\"")
	}
	if k.Type != "" && k.Type != "service_account" || k.Email == "" || k.PrivateKey == "" {
		return nil, errors.New("key is not that of a service account: it lacks client_email or private_key")
	}
	block, _ := pem.Decode([]byte(k.PrivateKey))
	if block == nil {
		return nil, errors.New("the private_key in key is not in PEM")
	}
	var any any
	any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		any, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	}
	private, ok := any.(*rsa.PrivateKey)
	if err != nil || !ok {
		return nil, errors.New("the private_key in key is not an RSA key")
	}
	k.private = private
	if k.TokenURI == "" {
		k.TokenURI = defaultToken
	}
	return k, nil
}

// secrets lists what must not be shown.
func (k *key) secrets(whole actions.Secret) []actions.Secret {
	return []actions.Secret{whole, actions.Secret(k.PrivateKey), actions.Secret(k.ID)}
}

// scope is what the token is good for.
const scope = "https://www.googleapis.com/auth/spreadsheets"

// assertion is the signed claim to be the account (RFC 7523), good for an hour.
func (k *key) assertion(now time.Time) (string, error) {
	header, err := json.Marshal(map[string]string{"alg": "RS256", "typ": "JWT", "kid": k.ID})
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(map[string]any{"iss": k.Email, "scope": scope, "aud": k.TokenURI, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix()})
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, k.private, crypto.SHA256, sum[:])
	if err != nil {
		return "", err
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// A token opens the API until it ends.
type token struct {
	text actions.Secret
	ends time.Time
}

// tokens keeps the account's token, and gets another when it is about to end. It is safe for use by many goroutines at once.
type tokens struct {
	client *web.Client
	key    *key
	url    string
	turn   chan struct{} // holds a value while somebody looks at what follows
	now    token
}

// early is how long before its end a token is not used any more.
const early = time.Minute

// get gives a token, and whether it was used before.
func (t *tokens) get(ctx context.Context) (text actions.Secret, used bool, err error) {
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return "", false, actions.RetryAfter(0, errors.New("the try was stopped before there was a token"))
	}
	if time.Now().Before(t.now.ends) {
		return t.now.text, true, nil
	}
	fresh, err := t.fetch(ctx)
	if err != nil {
		return "", false, err
	}
	t.now = fresh
	return fresh.text, false, nil
}

// forget lets go of a token that is not taken any more.
func (t *tokens) forget(text actions.Secret) {
	t.turn <- struct{}{}
	defer func() { <-t.turn }()
	if t.now.text == text {
		t.now = token{}
	}
}

// fetch asks for a token. It changes nothing, so that it can be asked again whatever became of it.
func (t *tokens) fetch(ctx context.Context) (token, error) {
	claim, err := t.key.assertion(time.Now())
	if err != nil {
		return token{}, actions.Permanent(actions.BlameAccount, errors.New("the key cannot sign"))
	}
	form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {claim}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, strings.NewReader(form.Encode()))
	if err != nil {
		return token{}, actions.Permanent(actions.BlameAccount, errors.New("token_url is not a URL"))
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := t.client.Do(r)
	if err != nil {
		return token{}, harmless(err)
	}
	answer.Body = actions.NewMask(actions.Secret(claim)).Bytes(answer.Body)
	if err := answer.Err(web.Row{From: 300, To: 407, Outcome: actions.OutcomePermanent, Blame: actions.BlameAccount}); err != nil {
		return token{}, harmless(err)
	}
	var said struct {
		Token   string  `json:"access_token"`
		Seconds float64 `json:"expires_in"`
	}
	if answer.Partial != nil || json.Unmarshal(answer.Body, &said) != nil || said.Token == "" || strings.ContainsFunc(said.Token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return token{}, actions.RetryAfter(0, errors.New("what gives tokens has given none"))
	}
	return token{actions.Secret(said.Token), time.Now().Add(time.Duration(min(said.Seconds, 3600))*time.Second - early)}, nil
}

// harmless makes a request that changes nothing one that can be made again: nothing is unknown of it.
func harmless(err error) error {
	if actions.OutcomeOf(err).Outcome == actions.OutcomeUnknown {
		return actions.RetryAfter(0, errors.New(err.Error()))
	}
	return err
}
