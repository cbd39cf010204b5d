package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"shopbell/freeport"
	"shopbell/sources/ecwid"
	"shopbell/sources/ecwid/ecwidtest"
)

const (
	partsSecret = "client-secret-of-the-test"
	partsToken  = "secret_token-of-the-test"
	adminToken  = "admin-token-of-the-test"
	slackToken  = "xoxb-token-of-the-test"
)

// parts is the built program between a simulated store, a mail server and a Slack API.
type parts struct {
	store   *ecwidtest.Store
	sender  *ecwidtest.Sender
	office  *postOffice
	posts   chan post
	program *process
	address string // of the program
}

const partsConfig = `
listen: ${env:LISTEN}
admin: { token: "${env:ADMIN}" }
sources:
  ecwid:
    kind: ecwid
    client_secret: ${env:SECRET}
    api: ${env:STORE_API}
    stores: { "1003": { token: "${env:TOKEN}" } }
accounts:
  email:
    kind: email
    host: ${env:SMTP_HOST}
    port: ${env:SMTP_PORT}
    ca: ${env:CA}
    username: bell
    password: ${file:smtp-password}
    from: "Glöckchen & Söhne <shop@example.com>"
  slack: { kind: slack, token: "${env:SLACK_TOKEN}", api: "${env:SLACK_API}" }
`

const partsRules = `
rules:
  - name: thanks
    when: order.created
    if: order.total > 0
    then:
      - id: mail
        email:
          to: "{{ order.email }}"
          subject: "Grüße, {{ order.shippingPerson?.name ?? 'du' }}: {{ order.id }}"
          text: "Danke für {{ order.id }}! ☺"
          html: "<p>Danke für <b>{{ order.id }}</b>, {{ order.orderComments }}</p>"
      - slack: { channel: "#sales", text: "{{ order.id }}: {{ order.orderComments }}" }
`

func openParts(t *testing.T) *parts {
	t.Helper()
	program := builtProgram(t)
	cert, ca := certificate(t)
	p := &parts{}
	var smtpAddress, slackAPI string
	p.office, smtpAddress = openPostOffice(t, cert)
	p.posts, slackAPI = openSlack(t)
	listen, err := freeport.Address()
	if err != nil {
		t.Fatal(err)
	}
	p.address = "http://" + listen
	p.sender = ecwidtest.NewSender(ecwidtest.SenderOptions{URL: p.address + "/webhooks/ecwid", Secret: partsSecret})
	t.Cleanup(func() { _ = p.sender.Close(context.Background()) })
	p.store = ecwidtest.New(ecwidtest.Options{Token: partsToken, Send: p.sender.Send})
	api := httptest.NewServer(p.store)
	t.Cleanup(api.Close)

	dir := t.TempDir()
	for name, text := range map[string]string{"shopbell.yaml": partsConfig, "smtp-password": p.office.password + "\n", "rules/thanks.yaml": partsRules} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	host, port, _ := net.SplitHostPort(smtpAddress)
	command := exec.Command(program, "serve", "--log", "json")
	command.Dir = dir
	command.Env = append(os.Environ(), "LISTEN="+listen, "ADMIN="+adminToken, "SECRET="+partsSecret, "TOKEN="+partsToken,
		"STORE_API="+api.URL+"/api/v3", "SMTP_HOST="+host, "SMTP_PORT="+port, "CA="+ca, "SLACK_TOKEN="+slackToken, "SLACK_API="+slackAPI)
	if p.program, err = launch(command); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.program.kill)
	if _, err := p.program.wait(regexp.MustCompile(`"msg":"ready"`)); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestRealParts is the main job, with nothing replaced but the far ends: a signed webhook, the order read back, a mail
// at a real SMTP server and a message at a Slack API.
func TestRealParts(t *testing.T) {
	p := openParts(t)
	order, err := p.store.PlaceOrder(ecwidtest.OrderOptions{Comments: "<!channel> & <i>schnell</i>", Customer: ecwidtest.Person{
		Name: "Żółć 田中", Email: "zolc@example.com", CountryCode: "PL", Street: "Długa 7", City: "Łódź", PostalCode: "90-001"}})
	if err != nil {
		t.Fatal(err)
	}
	m, body := p.office.next(t)
	checkMail(t, m, body, order)
	got := nextPost(t, p.posts)
	want := post{"Bearer " + slackToken, "#sales", order + ": &lt;!channel&gt; &amp; &lt;i&gt;schnell&lt;/i&gt;"}
	if got != want {
		t.Errorf("Slack got %+v, want %+v", got, want)
	}
	if err := p.program.stop(); err != nil {
		t.Errorf("the program ended with %v:\n%s", err, p.program.log())
	}
	for _, secret := range []string{partsSecret, partsToken, adminToken, slackToken, p.office.password} {
		if strings.Contains(p.program.log(), secret) {
			t.Errorf("the log tells %q", secret)
		}
	}
}

func checkMail(t *testing.T, m *mail.Message, body []byte, order string) {
	t.Helper()
	words := new(mime.WordDecoder)
	subject, err := words.DecodeHeader(m.Header.Get("Subject"))
	if want := "Grüße, Żółć 田中: " + order; err != nil || subject != want {
		t.Errorf("subject %q (%v), want %q", subject, err, want)
	}
	from, err := m.Header.AddressList("From")
	if err != nil || len(from) != 1 || from[0].Name != "Glöckchen & Söhne" || from[0].Address != "shop@example.com" {
		t.Errorf("from %v (%v)", from, err)
	}
	if to, err := m.Header.AddressList("To"); err != nil || len(to) != 1 || to[0].Address != "zolc@example.com" {
		t.Errorf("to %v (%v)", to, err)
	}
	for _, header := range []string{"Message-Id", "Date", "Mime-Version"} {
		if m.Header.Get(header) == "" {
			t.Errorf("no header %s", header)
		}
	}
	parts := mailParts(t, m, body)
	if want := "Danke für " + order + "! ☺"; strings.TrimSpace(parts["text/plain"]) != want {
		t.Errorf("text %q, want %q", parts["text/plain"], want)
	}
	if want := "<b>" + order + "</b>, &lt;!channel&gt; &amp; &lt;i&gt;schnell"; !strings.Contains(parts["text/html"], want) {
		t.Errorf("html %q, want %q in it", parts["text/html"], want)
	}
}

// mailParts gives the decoded parts of a mail by their type.
func mailParts(t *testing.T, m *mail.Message, body []byte) map[string]string {
	t.Helper()
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("the mail is %q (%v)", kind, err)
	}
	found := map[string]string{}
	for r := multipart.NewReader(strings.NewReader(string(body)), params["boundary"]); ; {
		part, err := r.NextPart() // decodes quoted-printable by itself
		if err == io.EOF {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		kind, params, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil || !strings.EqualFold(params["charset"], "utf-8") {
			t.Errorf("a part is %q %v (%v)", kind, params, err)
		}
		found[kind] = string(text)
	}
}

// A forgery is a webhook that must move nothing.
type forgery struct {
	name   string
	change func(n *ecwidtest.Notice, h http.Header)
	status int
	state  string // of the event; "" when it is refused
}

func forgeries() []forgery {
	return []forgery{
		{"no signature", func(_ *ecwidtest.Notice, h http.Header) { h.Del(ecwid.SignatureHeader) }, 401, ""},
		{"another app's secret", signedWith("another-secret"), 401, ""},
		{"the store's token as key", signedWith(partsToken), 401, ""},
		{"signature of another event", func(n *ecwidtest.Notice, _ http.Header) { n.ID += "x" }, 401, ""},
		{"signature cut off", func(_ *ecwidtest.Notice, h http.Header) {
			h.Set(ecwid.SignatureHeader, h.Get(ecwid.SignatureHeader)[:20])
		}, 401, ""},
		{"another store in the body", func(n *ecwidtest.Notice, _ http.Header) { n.Store = 2002 }, 200, "unconfirmed"},
		{"another order in the body", func(n *ecwidtest.Notice, _ http.Header) { n.Data["orderId"] = "NOSUCH" }, 200, "unconfirmed"},
	}
}

func signedWith(secret string) func(*ecwidtest.Notice, http.Header) {
	return func(n *ecwidtest.Notice, h http.Header) { maps.Copy(h, ecwidtest.Headers(*n, secret)) }
}

// TestTrust holds that only what is signed and confirmed by the store moves anything.
func TestTrust(t *testing.T) {
	p := openParts(t)
	order, err := p.store.PlaceOrder(ecwidtest.OrderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p.office.next(t)
	nextPost(t, p.posts)
	for i, f := range forgeries() {
		n := ecwidtest.Notice{ID: fmt.Sprintf("forged-%d", i), Created: time.Now().Unix(), Store: 1003, Type: "order.created",
			Entity: -1, Data: map[string]any{"orderId": order}}
		header := ecwidtest.Headers(n, partsSecret)
		f.change(&n, header)
		if status := p.deliver(t, n, header); status != f.status {
			t.Errorf("%s: status %d, want %d", f.name, status, f.status)
		}
		if state := p.settled(t, n.ID); state != f.state {
			t.Errorf("%s: the event is %q, want %q", f.name, state, f.state)
		}
	}

	// What is true is the next thing that anybody gets.
	real, err := p.store.PlaceOrder(ecwidtest.OrderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	m, _ := p.office.next(t)
	if subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil || !strings.Contains(subject, real) {
		t.Errorf("the next mail is %q (%v), want one about %s", subject, err, real)
	}
	if got := nextPost(t, p.posts); !strings.HasPrefix(got.text, real) {
		t.Errorf("the next message is %q, want one about %s", got.text, real)
	}
	p.reload(t)
	var runs struct{ Items []struct{ Event int64 } }
	p.ask(t, "/api/v1/runs", &runs)
	if len(runs.Items) != 2 {
		t.Errorf("%d runs, want the 2 of true orders: %v", len(runs.Items), runs.Items)
	}
	if len(p.office.mails) != 0 || len(p.posts) != 0 {
		t.Error("something else was sent")
	}
}

// deliver posts a webhook as Ecwid does.
func (p *parts) deliver(t *testing.T, n ecwidtest.Notice, header http.Header) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.address+"/webhooks/ecwid?eventtype="+n.Type,
		strings.NewReader(string(ecwidtest.Notification(n))))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode == http.StatusOK && len(body) > 0 || strings.Contains(string(body), n.ID) {
		t.Errorf("the answer holds %q (%v)", body, err)
	}
	return answer.StatusCode
}

// settled gives the state of an event once it is not pending any more, "" when there is no such event.
func (p *parts) settled(t *testing.T, id string) string {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(20 * time.Second); ; {
		var events struct{ Items []struct{ State string } }
		p.ask(t, "/api/v1/events?id="+id, &events)
		if len(events.Items) == 0 {
			return ""
		}
		if events.Items[0].State != "pending" {
			return events.Items[0].State
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("event %s stays pending", id)
		}
	}
}

// reload has the program read its rules again.
func (p *parts) reload(t *testing.T) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.address+"/api/v1/reload", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+adminToken)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := p.program.wait(regexp.MustCompile(`"msg":"rules reloaded","rules":1,"problems":0`)); err != nil || answer.StatusCode >= 300 {
		t.Errorf("reload answers %s (%v)", answer.Status, err)
	}
}

// ask reads from the program's API.
func (p *parts) ask(t *testing.T, path string, into any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+adminToken)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatal(path + " answers " + strconv.Itoa(answer.StatusCode))
	}
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}
