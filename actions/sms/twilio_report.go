package sms

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"shopbell/actions"
)

// twilioState is a status of Twilio's in our words.
type twilioState struct {
	status, state string
	final         bool
	note          string
}

// twilioStates lists the statuses of a message that was sent. Those before sent prove that Twilio has the message.
func twilioStates() []twilioState {
	return []twilioState{
		{"accepted", "sent", false, "twilio has it, and chooses the sender"},
		{"scheduled", "sent", false, "twilio has it, and sends it later"},
		{"queued", "sent", false, "twilio has it in its queue"},
		{"sending", "sent", false, "twilio is handing it to the network"},
		{"sent", "sent", false, ""},
		{"delivered", "delivered", true, ""},
		{"read", "delivered", true, "it was read"},
		{"partially_delivered", "undelivered", true, "only a part of it arrived"},
		{"undelivered", "undelivered", true, ""},
		{"failed", "failed", true, ""},
		{"canceled", "failed", true, "it was cancelled"},
	}
}

// Report implements [actions.Reporter].
func (t *twilio) Report(n actions.Notice) (actions.Report, error) {
	form, err := url.ParseQuery(string(n.Body))
	if err != nil {
		return actions.Report{}, errors.New("the call is not a web form")
	}
	u, err := url.Parse(n.URL)
	if err != nil {
		return actions.Report{}, errors.New("the address that was called cannot be read")
	}
	if !t.signed(u, n, form) {
		return actions.Report{}, actions.ErrForged
	}
	status := form.Get("MessageStatus")
	at := slices.IndexFunc(twilioStates(), func(s twilioState) bool { return s.status == status })
	if at < 0 {
		return actions.Report{}, fmt.Errorf("the call has no status of a message that was sent, but %q", excerpt(status))
	}
	s := twilioStates()[at]
	report := actions.Report{State: s.state, Final: s.final, Note: s.note}
	if code := form.Get("ErrorCode"); code != "" && code != "0" {
		v, _ := judge(twilioVerdicts(), excerpt(code))
		report.Note = strings.TrimSuffix("twilio says "+v.code+": "+v.words, ": ")
		report.Stop = v.more.stop
	}
	return report, nil
}

// signed tells whether Twilio made a call: X-Twilio-Signature is the HMAC-SHA1, under the account's token, of the address and of
// the form's fields by name. Twilio's own libraries differ in whether a port that goes without saying is part of the address, and
// in what of a field that is there twice is signed. All these forms count; of such a field only the first value is read.
func (t *twilio) signed(u *url.URL, n actions.Notice, form url.Values) bool {
	if t.token == "" {
		return false
	}
	given, err := base64.StdEncoding.DecodeString(http.Header(n.Header).Get("X-Twilio-Signature"))
	if err != nil {
		return false
	}
	var all, first strings.Builder
	for _, name := range sorted(form) {
		first.WriteString(name + form.Get(name))
		for _, value := range slices.Compact(slices.Sorted(slices.Values(form[name]))) {
			all.WriteString(name + value)
		}
	}
	for _, address := range spellings(u, n.URL) {
		for _, fields := range []string{first.String(), all.String()} {
			mac := hmac.New(sha1.New, []byte(t.token.Reveal()))
			mac.Write([]byte(address + fields))
			if hmac.Equal(mac.Sum(nil), given) {
				return true
			}
		}
	}
	return false
}

// spellings gives an address as it was told, without its port, and with the one that goes without saying.
func spellings(u *url.URL, told string) []string {
	host, port := u.Hostname(), map[string]string{"https": "443", "http": "80"}[u.Scheme]
	if host == "" || port == "" || !strings.Contains(told, u.Host) {
		return []string{told}
	}
	bare := host
	if strings.Contains(host, ":") {
		bare = "[" + host + "]"
	}
	with := net.JoinHostPort(host, port)
	if u.Port() != "" {
		with = u.Host
	}
	return []string{told, strings.Replace(told, u.Host, bare, 1), strings.Replace(told, u.Host, with, 1)}
}
