package email_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shopbell/actions"
	"shopbell/actions/actionstest"
	"shopbell/actions/email"
)

// png is the smallest image.
const png = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"

// folder makes a folder of rules with files beside them.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"terms.pdf": "%PDF terms", "templates/logo.png": png, "templates/img/a b.png": png + "2", "1003/logo.png": png + "own", "1003/only.txt": "own", "notes.txt": "no image",
		"rules.yaml": "rules: []", ".secret": "x", "big.bin": strings.Repeat("x", 900<<10),
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	outside := filepath.Join(t.TempDir(), "outside.txt")
	if err := os.WriteFile(outside, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "link.txt")); err != nil {
		t.Log(err)
	}
	return dir
}

// sendFrom sends a message of a store with files beside the rules.
func sendFrom(t *testing.T, dir, config, store, params string) error {
	t.Helper()
	out, err := email.Action.Open(actions.Env{Templates: dir}, json.RawMessage(config))
	if err != nil {
		t.Fatal(err)
	}
	_, err = out.Send(t.Context(), actions.Call[json.RawMessage]{Key: "run-7-0", Try: 1, Store: store, Params: json.RawMessage(params)})
	return err
}

// A piece is one part of a message that has no parts itself.
type piece struct{ within, kind, name, id, body string }

// pieces takes a message apart, with Go's own reader.
func pieces(t *testing.T, text string) (netmail.Header, []piece) {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var all []piece
	var walk func(within, contentType, encoding string, header func(string) string, body io.Reader)
	walk = func(within, contentType, encoding string, header func(string) string, body io.Reader) {
		kind, values, err := mime.ParseMediaType(contentType)
		if err != nil {
			t.Fatalf("%s: %v", contentType, err)
		}
		if strings.HasPrefix(kind, "multipart/") {
			r := multipart.NewReader(body, values["boundary"])
			for {
				p, err := r.NextRawPart()
				if err == io.EOF {
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				walk(within+strings.TrimPrefix(kind, "multipart/")+"/", p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p.Header.Get, p)
			}
		}
		switch encoding {
		case "base64":
			body = base64.NewDecoder(base64.StdEncoding, body)
		case "quoted-printable":
			body = quotedprintable.NewReader(body)
		}
		content, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		_, disposition, _ := mime.ParseMediaType(header("Content-Disposition"))
		name, err := new(mime.WordDecoder).DecodeHeader(disposition["filename"])
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, piece{within, kind, name, header("Content-Id"), string(content)})
	}
	walk("", m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Header.Get, m.Body)
	return m.Header, all
}

// shop is the config of an account at a server that takes everything.
func shop(t *testing.T, more string) (config string, mails chan mail) {
	t.Helper()
	port, ca, mails := realServer(t, false)
	return fmt.Sprintf(`{"host":"localhost","port":%d,"ca":%q,"username":"shop","password":"hunter2","from":"shop@example.com"%s}`, port, ca, more), mails
}

// TestParts reads back a message with all that it can carry.
func TestParts(t *testing.T) {
	config, mails := shop(t, "")
	err := sendFrom(t, folder(t), config, "1003", `{"to":"ann@example.com","subject":"x","template":"order.html",
		"html":"<img src=\"cid:logo.png\"><img src='cid:logo.png'><p style=\"background: url('cid:img/a%20b.png')\">Hi</p> cid:notes.txt",
		"attach":["terms.pdf",{"file":"only.txt","name":"Żółć \"1\"/2.txt"},{"content":"a;b\n1;ż\n","name":"x.csv"},{"content":5,"name":"n"}],
		"headers":{"X-Campaign":"grüße","X-Number":7,"References":"<a@b>"}}`)
	if err != nil {
		t.Fatal(err)
	}
	header, got := pieces(t, (<-mails).text)
	want := []piece{
		{"mixed/related/alternative/", "text/plain", "", "", "Hi\n\ncid:notes.txt\n"},
		{"mixed/related/alternative/", "text/html", "", "", `<img src="cid:logo.png"><img src='cid:logo.png'><p style="background: url('cid:img/a%20b.png')">Hi</p> cid:notes.txt`},
		{"mixed/related/", "image/png", "logo.png", "<logo.png>", png + "own"},
		{"mixed/related/", "image/png", "a b.png", "<img/a%20b.png>", png + "2"},
		{"mixed/", "application/pdf", "terms.pdf", "", "%PDF terms"},
		{"mixed/", "text/plain", "Żółć '1'-2.txt", "", "own"},
		{"mixed/", "text/csv", "x.csv", "", "a;b\n1;ż\n"},
		{"mixed/", "application/octet-stream", "n", "", "5"},
	}
	for i := range got {
		if strings.HasPrefix(got[i].kind, "text/") && got[i].name == "" {
			got[i].body = strings.ReplaceAll(got[i].body, "\r\n", "\n")
		}
	}
	if !slices.Equal(got, want) {
		for _, p := range got {
			t.Errorf("got %+v", p)
		}
	}
	campaign, _ := new(mime.WordDecoder).DecodeHeader(header.Get("X-Campaign"))
	if campaign != "grüße" || header.Get("X-Number") != "7" || header.Get("References") != "<a@b>" || header.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("got %v", header)
	}
}

// TestPartsRefused holds what no message carries: nothing is sent, and the rule is to blame.
func TestPartsRefused(t *testing.T) {
	dir := folder(t)
	for params, want := range map[string]string{
		`"attach":["none.pdf"]`:                                 `attach: "none.pdf": there is no such file beside the rules`,
		`"attach":["../terms.pdf"]`:                             `attach: "../terms.pdf" leads out of the folder of the rules`,
		`"attach":["a/../../terms.pdf"]`:                        `attach: "a/../../terms.pdf" leads out of the folder of the rules`,
		`"attach":["/etc/passwd"]`:                              `attach: "/etc/passwd" leads out of the folder of the rules`,
		`"attach":["link.txt"]`:                                 `attach: "link.txt" cannot be read`,
		`"attach":["rules.yaml"]`:                               `attach: "rules.yaml" is a file of rules`,
		`"attach":[".secret"]`:                                  `attach: ".secret" is a hidden file`,
		`"attach":["templates"]`:                                `attach: "templates" is not a file`,
		`"attach":["only.txt"]`:                                 `attach: "only.txt": there is no such file beside the rules`,
		`"attach":["big.bin"]`:                                  "the message is larger than 1 MB with what it carries; see the account's max_size",
		`"attach":["big.bin","big.bin"]`:                        `attach: "big.bin" is larger than 124 KB`,
		`"attach":[{"file":"terms.pdf","content":"x"}]`:         "attach: want one of file, content and receipt",
		`"attach":[{"name":"x"}]`:                               "attach: want one of file, content and receipt",
		`"attach":[{"content":"x"}]`:                            "attach: content needs a name, such as orders.csv",
		`"html":"<img src='cid:none.png'>"`:                     `the image cid:none.png: "none.png": there is no such file beside the rules`,
		`"html":"<img src='cid:../x.png'>"`:                     `the image cid:../x.png: "../x.png" leads out of the folder of the rules`,
		`"html":"<img src='cid:notes.txt'>"`:                    "cid:notes.txt is not an image",
		`"headers":{"Bcc":"eve@example.com"}`:                   "headers: Bcc is set by the message itself",
		`"headers":{"Content-Type":"x"}`:                        "headers: Content-Type is set by the message itself",
		`"headers":{"DKIM-signature":"x"}`:                      "headers: DKIM-signature is set by the message itself",
		`"headers":{"X-A":"x","x-a":"y"}`:                       "headers: X-A and x-a are one header",
		`"headers":{"X-A":"x\r\nBcc: eve@example.com"}`:         "headers: X-A holds a line break",
		`"headers":{"X-A: x\r\nBcc":"eve@example.com"}`:         `headers: "X-A: x\r\nBcc" cannot be the name of a header`,
		`"headers":{"X-A":"` + strings.Repeat("x", 2001) + `"}`: "headers: X-A is longer than 2000 bytes",
		`"template":"x.html"`:                                   "the template was not rendered",
	} {
		address := actionstest.Listen(t, scripted(nil))
		err := sendFrom(t, dir, account(address, `,"max_size":1`), "1004", `{"to":"ann@example.com","subject":"x","text":"x",`+params+`}`)
		if got := actions.OutcomeOf(err); got.Outcome != actions.OutcomePermanent || got.Blame != actions.BlameRequest || err.Error() != want {
			t.Errorf("%s:\ngot  %v (%+v)\nwant %s", params, err, got, want)
		}
	}
}

// TestAttachAgain holds that a step which is redirected, or spares somebody, carries what it did.
func TestAttachAgain(t *testing.T) {
	const attach = `["terms.pdf",{"file":"a.pdf","name":"b.pdf"},{"content":"x","name":"c.csv"},{"receipt":{"id":"A1"}}]`
	out, err := email.Action.Redirect(json.RawMessage(`{"to":"ann@example.com","subject":"x","text":"x","attach":`+attach+`,"headers":{"X-A":"1"},"template":"t.html","html":"y"}`), "me@example.com")
	if err != nil {
		t.Fatal(err)
	}
	var params struct {
		Attach   json.RawMessage
		Headers  map[string]string
		Template string
	}
	if err := json.Unmarshal(out, &params); err != nil || !bytes.Equal(params.Attach, []byte(attach)) || params.Headers["X-A"] != "1" || params.Template != "t.html" {
		t.Errorf("got %s, %v", out, err)
	}
}
