package newsletter_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A town is a simulated provider with one list and one person, at its worst: each call that can mail the person again does.
type town struct {
	t      *testing.T
	url    string
	double bool // the list asks people to confirm, at a provider where the list decides

	mu     sync.Mutex
	known  bool   // there is a contact of that address
	status string // on the list: "", pending, subscribed or left
	tags   []string
	mails  int    // that asked to confirm
	damage string // what must never happen
	calls  int
	lose   int    // the answer to this call, from 1, is lost
	fail   int    // this call, from 1, is not carried out, and the answer says so
	after  func() // is called after each call, before it is answered; may be nil
}

func newTown(t *testing.T, provider string) *town {
	t.Helper()
	w := &town{t: t, double: true}
	serve := map[string]func(string, []byte) (int, string){
		"mailchimp": w.mailchimp, "brevo": w.brevo, "klaviyo": w.klaviyo, "mailerlite": w.mailerlite, "listmonk": w.listmonk,
	}[provider]
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.calls++; w.calls == w.fail {
			rw.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		status, said := serve(r.Method+" "+r.URL.Path, body)
		if w.after != nil {
			w.after()
		}
		if w.calls == w.lose {
			panic(http.ErrAbortHandler)
		}
		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, said)
	}))
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

func (w *town) ask() { w.status, w.known, w.mails = "pending", true, w.mails+1 }

// hurt notes that somebody who left was taken back.
func (w *town) hurt() {
	if w.status == "left" {
		w.damage = "who had left was taken back"
	}
}

func (w *town) mailchimp(to string, body []byte) (int, string) {
	var in struct {
		Status string `json:"status"`
		New    string `json:"status_if_new"`
		Tags   []struct{ Name string }
	}
	_ = json.Unmarshal(body, &in)
	member := func() (int, string) {
		word := map[string]string{"left": "unsubscribed"}[w.status]
		if word == "" {
			word = w.status
		}
		return 200, fmt.Sprintf(`{"id":"m1","status":%q}`, word)
	}
	switch method, _, _ := strings.Cut(to, " "); {
	case method == "POST" && strings.HasSuffix(to, "/tags"):
		if w.status == "left" {
			w.damage = "who had left was tagged"
		}
		for _, tag := range in.Tags {
			if !slices.Contains(w.tags, tag.Name) {
				w.tags = append(w.tags, tag.Name)
			}
		}
		return 204, ""
	case method == "PUT" && in.Status != "":
		w.damage = "status was sent"
	case method == "PUT" && in.New == "pending" && w.status == "pending", method == "PUT" && in.New == "pending" && w.status == "":
		w.ask()
	case method == "PUT" && w.status == "":
		w.status = in.New
	case w.status == "":
		return 404, `{"title":"Resource Not Found"}`
	case method == "PATCH":
		w.status = "left"
	}
	return member()
}

func (w *town) brevo(to string, body []byte) (int, string) {
	var in struct {
		Blacklisted *bool `json:"emailBlacklisted"`
		Unlink      []int `json:"unlinkListIds"`
	}
	_ = json.Unmarshal(body, &in)
	switch {
	case strings.HasPrefix(to, "GET ") && (!w.known || w.status == "pending"): // not there until confirmed
		return 404, `{"code":"document_not_found","message":"Contact does not exist"}`
	case strings.HasPrefix(to, "GET "):
		lists := map[string]string{"left": `"listIds":[],"listUnsubscribed":[7]`, "subscribed": `"listIds":[7]`}[w.status]
		if lists == "" {
			lists = `"listIds":[]`
		}
		return 200, `{"id":5,"emailBlacklisted":false,` + lists + `}`
	case to == "POST /v3/contacts/doubleOptinConfirmation":
		w.hurt()
		w.ask()
		return 204, ""
	case strings.HasPrefix(to, "PUT ") && !w.known:
		return 404, `{"code":"document_not_found"}`
	case strings.HasPrefix(to, "PUT "):
		w.status = "left"
		return 204, ""
	}
	if in.Blacklisted != nil {
		w.damage = "emailBlacklisted was sent"
	}
	w.hurt()
	w.known, w.status = true, "subscribed"
	return 201, `{"id":5}`
}

func (w *town) klaviyo(to string, _ []byte) (int, string) {
	switch to {
	case "GET /api/profiles":
		if !w.known {
			return 200, `{"data":[]}`
		}
		consent := map[string]string{"left": "UNSUBSCRIBED", "subscribed": "SUBSCRIBED"}[w.status]
		return 200, `{"data":[{"id":"p1","attributes":{"subscriptions":{"email":{"marketing":{"consent":"` + consent + `"}}}}}]}`
	case "GET /api/lists/7/profiles":
		if w.status == "subscribed" {
			return 200, `{"data":[{"id":"p1"}]}`
		}
		return 200, `{"data":[]}`
	case "GET /api/lists/7":
		if w.double {
			return 200, `{"data":{"attributes":{"opt_in_process":"double_opt_in"}}}`
		}
		return 200, `{"data":{"attributes":{"opt_in_process":"single_opt_in"}}}`
	case "POST /api/profile-subscription-bulk-delete-jobs":
		w.known, w.status = true, "left"
		return 202, ""
	case "POST /api/profile-subscription-bulk-create-jobs":
		w.hurt()
		if w.double {
			w.ask()
		} else {
			w.known, w.status = true, "subscribed"
		}
		return 202, ""
	}
	return 404, ""
}

func (w *town) mailerlite(to string, body []byte) (int, string) {
	var in struct {
		Status string
		Groups []string
	}
	_ = json.Unmarshal(body, &in)
	word := func() string {
		return map[string]string{"left": "unsubscribed", "pending": "unconfirmed", "subscribed": "active"}[w.status]
	}
	switch {
	case strings.HasPrefix(to, "DELETE "), strings.HasPrefix(to, "PUT "):
		w.status = "left"
	case strings.HasPrefix(to, "GET ") && w.status == "":
		return 404, `{"message":"Resource not found."}`
	case strings.HasPrefix(to, "POST "):
		if in.Status != "" && w.status != "" {
			w.damage = "the status of somebody who is known was changed"
		}
		for _, g := range in.Groups {
			if g != "7" && !slices.Contains(w.tags, g) {
				w.tags = append(w.tags, g)
			}
		}
		switch {
		case in.Status == "unconfirmed" || w.status == "pending":
			w.ask()
		case w.status == "":
			w.status = "subscribed"
		}
	}
	return 200, fmt.Sprintf(`{"data":{"id":"31","status":%q,"groups":[{"id":"7"}]}}`, word())
}

func (w *town) listmonk(to string, body []byte) (int, string) {
	var in struct {
		Preconfirm bool `json:"preconfirm_subscriptions"`
		Action     string
		Status     string
	}
	_ = json.Unmarshal(body, &in)
	optin := map[bool]string{true: "double", false: "single"}[w.double]
	person := func() string {
		lists := ""
		if word := map[string]string{"left": "unsubscribed", "pending": "unconfirmed", "subscribed": "confirmed"}[w.status]; word != "" {
			lists = fmt.Sprintf(`{"id":7,"subscription_status":%q,"optin":%q}`, word, optin)
		}
		return `{"id":3,"email":"ada@example.com","status":"enabled","lists":[` + lists + `]}`
	}
	switch {
	case to == "GET /api/subscribers" && w.known:
		return 200, `{"data":{"results":[{"id":4,"email":"xada@example.com","status":"blocklisted"},` + person() + `]}}`
	case to == "GET /api/subscribers":
		return 200, `{"data":{"results":[]}}`
	case to == "POST /api/subscribers" && w.known:
		return 409, `{"message":"E-mail already exists."}`
	case to == "POST /api/subscribers":
		if w.known, w.status = true, "subscribed"; w.double && !in.Preconfirm {
			w.ask()
		}
		return 200, `{"data":` + person() + `}`
	case to == "PUT /api/subscribers/lists" && in.Action == "add":
		w.hurt()
		w.status = map[string]string{"unconfirmed": "pending", "confirmed": "subscribed"}[in.Status]
	case to == "PUT /api/subscribers/lists", to == "PUT /api/subscribers/3/blocklist":
		w.status = "left"
	case to == "POST /api/subscribers/3/optin":
		w.ask()
	}
	return 200, `{"data":true}`
}
