package cli

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"shopbell/sources/ecwid/ecwidtest"
)

// A telling is a running program and a simulated store that its rules may change, and that tells of every change from tell on.
type telling struct {
	*house
	store *ecwidtest.Store
	tell  func()
}

// newTelling has a source of that name, and rules whose SINK is the sink.
func newTelling(t *testing.T, to *sink, source, ruleFile string) *telling {
	t.Helper()
	folder := t.TempDir()
	var sender *ecwidtest.Sender
	l := &telling{store: ecwidtest.New(ecwidtest.Options{Token: "secret_store", Send: func(n ecwidtest.Notice) {
		if sender != nil {
			sender.Send(n)
		}
	}})}
	api := httptest.NewServer(l.store)
	t.Cleanup(api.Close)
	write(t, folder, "shopbell.yaml", fmt.Sprintf(`listen: 127.0.0.1:0
admin: { token: "0123456789abcdef0123" }
http: { allow: [127.0.0.0/8] }
sources:
  %s: { kind: ecwid, client_secret: "%s", api: "%s/api/v3", stores: { "1003": { token: "%s" } } }
accounts:
  ecwid: { kind: ecwid }
`, source, appSecret(t, folder), api.URL, reference(t, folder, "token", "secret_store")))
	write(t, folder, "rules/a.yaml", strings.ReplaceAll(ruleFile, "SINK", to.URL))
	l.house = running(t, folder)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(l.story(t), to.counts())
		}
	})
	l.tell = func() {
		sender = ecwidtest.NewSender(ecwidtest.SenderOptions{URL: l.address() + "/webhooks/" + source, Secret: "abcde123456789"})
		t.Cleanup(func() { _ = sender.Close(context.Background()) })
	}
	return l
}
