package cli

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

func (o *outside) callback(address string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tell = address
}

func (o *outside) lastCallback() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.tell
}

// reportCommand calls back as Twilio does: a form, signed with the account's token over the address and the form's fields. The public
// address of a story is https://bell.example; the program itself listens elsewhere.
func reportCommand(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: report STATUS [CODE]")
	}
	address := ts.Value(outsideKey{}).(*outside).lastCallback()
	path, ours := strings.CutPrefix(address, "https://bell.example")
	if !ours {
		ts.Fatalf("the sender does not want to hear of it, or elsewhere: %q", address)
	}
	form := url.Values{"MessageSid": {"SM1"}, "MessageStatus": {args[0]}}
	if len(args) == 2 {
		form.Set("ErrorCode", args[1])
	}
	signed := address
	for _, name := range slices.Sorted(maps.Keys(form)) {
		signed += name + form.Get(name)
	}
	mac := hmac.New(sha1.New, []byte("twilio-token"))
	mac.Write([]byte(signed))
	signature := base64.StdEncoding.EncodeToString(mac.Sum(nil))
	if neg {
		signature = "Zm9yZ2Vk"
	}
	r, err := http.NewRequest(http.MethodPost, "http://"+ts.Getenv("LISTEN")+path, strings.NewReader(form.Encode()))
	ts.Check(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Twilio-Signature", signature)
	answer, err := http.DefaultClient.Do(r)
	ts.Check(err)
	answer.Body.Close()
	if want := map[bool]int{false: 200, true: 403}[neg]; answer.StatusCode != want {
		ts.Fatalf("answered %d, want %d\n%s", answer.StatusCode, want, fmt.Sprint(background(ts).log()))
	}
}
