package signed

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"shopbell/secret"
	"shopbell/sources"
)

// standardSecret is the secret of the senders of Standard Webhooks in these tests, and otherStandardSecret another one.
const (
	standardSecret      = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	otherStandardSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
)

// A sender signs requests as a platform would. It knows nothing of verifier descriptions.
type sender struct {
	preset, secret string
	now            time.Time
	header         map[string]string // beside those of the signature
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// send gives a request as it would arrive a second after it was signed.
func (s sender) send(body string) sources.Request {
	r := sources.Request{Header: http.Header{}, Body: []byte(body), Received: s.now.Add(time.Second)}
	now := strconv.FormatInt(s.now.Unix(), 10)
	set := r.Header.Set
	switch s.preset {
	case "standard":
		key, _ := base64.StdEncoding.DecodeString(s.secret[len("whsec_"):])
		set("webhook-id", "msg_1")
		set("webhook-timestamp", now)
		set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(mac(key, "msg_1."+now+"."+body)))
	case "stripe":
		set("Stripe-Signature", "t="+now+",v1="+hex.EncodeToString(mac([]byte(s.secret), now+"."+body)))
	case "shopify":
		set("X-Shopify-Hmac-Sha256", base64.StdEncoding.EncodeToString(mac([]byte(s.secret), body)))
	case "woocommerce":
		set("X-WC-Webhook-Signature", base64.StdEncoding.EncodeToString(mac([]byte(s.secret), body)))
	case "slack":
		set("X-Slack-Request-Timestamp", now)
		set("X-Slack-Signature", "v0="+hex.EncodeToString(mac([]byte(s.secret), "v0:"+now+":"+body)))
	default: // GitHub, and many others
		set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac([]byte(s.secret), body)))
	}
	for name, value := range s.header {
		set(name, value)
	}
	return r
}

// noon is when tests happen.
func noon() time.Time { return time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC) }

// opened opens a config with the secret "s" that signs as GitHub does, and more keys.
func opened(t *testing.T, more string) (*source, sender) {
	t.Helper()
	s, err := open("hook", []byte(plain(more)))
	if err != nil {
		t.Fatalf("%s: %v", more, err)
	}
	return s, sender{secret: "s", now: noon()}
}

func plain(more string) string {
	return fmt.Sprintf(`{"secret":"s","verify":{"header":"X-Hub-Signature-256","prefix":"sha256="},%s}`, more)
}

// verifierOf makes a verifier that must be right.
func verifierOf(t *testing.T, d Verify, current, previous string) *verifier {
	t.Helper()
	v, err := d.verifier()
	if err != nil {
		t.Fatal(err)
	}
	if v.keys, err = d.keys(secret.Text(current), secret.Text(previous)); err != nil {
		t.Fatal(err)
	}
	return v
}
