package email_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	netmail "net/mail"
	"strings"
	"testing"

	"shopbell/actions"
	"shopbell/actions/email"
	"shopbell/receipt/receipttest"
)

// attached gives the file that is attached to a message, its name and its type.
func attached(t *testing.T, text string) (name, kind string, file []byte) {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	what, values, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || what != "multipart/mixed" {
		t.Fatalf("the message is %s, %v", what, err)
	}
	parts := multipart.NewReader(m.Body, values["boundary"])
	for {
		p, err := parts.NextPart()
		if err != nil {
			t.Fatalf("nothing is attached: %v", err)
		}
		if p.FileName() == "" {
			continue
		}
		file, err = io.ReadAll(base64.NewDecoder(base64.StdEncoding, p))
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ = mime.ParseMediaType(p.Header.Get("Content-Type"))
		return p.FileName(), kind, file
	}
}

// TestReceiptInAMail holds that a mail brings the receipt of its order, that a second one brings the same, and that none is sent while
// there is no number.
func TestReceiptInAMail(t *testing.T) {
	port, ca, mails := realServer(t, false)
	config := fmt.Sprintf(`{"host":"localhost","port":%d,"ca":%q,"username":"shop","password":"hunter2","from":"shop@example.com"}`, port, ca)
	values := map[string]string{}
	away := false
	out, err := email.Action.Open(actions.Env{Claim: func(_ context.Context, pool, key string, offers []string) (actions.Claimed, error) {
		if away {
			return actions.Claimed{}, errors.New("the ledger is away")
		}
		if values[pool+key] == "" {
			values[pool+key] = offers[0]
		}
		return actions.Claimed{Value: values[pool+key], Taken: 1}, nil
	}}, json.RawMessage(config))
	if err != nil {
		t.Fatal(err)
	}
	send := func(key string) error {
		params := `{"to":"ann@example.com","subject":"Your receipt","text":"Thank you!","attach":[{"receipt":{"id":"K8XTQ","paymentStatus":"PAID","createTimestamp":1735689600,"pricesIncludeTax":true,"total":118.1,
			"items":[{"name":"Glocke „Żółć“","price":59.05,"quantity":2}]},"seller":{"name":"Bells","currency":"EUR"},"language":"de"}]}`
		_, err := out.Send(t.Context(), actions.Call[json.RawMessage]{Key: key, Try: 1, Source: "ecwid", Store: "1003", Params: json.RawMessage(params)})
		return err
	}
	if err := send("run-1-0"); err != nil {
		t.Fatal(err)
	}
	name, kind, pdf := attached(t, (<-mails).text)
	if name != "receipt-R-2025-000001.pdf" || kind != "application/pdf" {
		t.Errorf("attached is %s, %s", name, kind)
	}
	said := receipttest.Saying(t, pdf)
	for _, want := range []string{"Quittungsnummer | R-2025-000001\n", "Glocke „Żółć“ | 2 | 59,05_€ | 118,10_€\n", "Gesamtbetrag | 118,10_€\n"} {
		if !strings.Contains(said, want) {
			t.Errorf("the receipt does not say %q:\n%s", want, said)
		}
	}
	if err := send("run-2-0"); err != nil {
		t.Fatal(err)
	}
	if _, _, again := attached(t, (<-mails).text); !bytes.Equal(again, pdf) {
		t.Error("the second receipt of the order is another one")
	}
	away = true
	if err := send("run-3-0"); actions.OutcomeOf(err).Outcome != actions.OutcomeRetry || len(mails) > 0 {
		t.Errorf("without a number: %v, and %d mails", err, len(mails))
	}
}
