package demo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"unicode/utf8"
)

// A Text is a text message as the phone's owner sees it.
type Text struct {
	From, To, Body string
}

// twilioAPI is as much of Twilio's API as a text message needs. It answers as Twilio does: a message, or an error with a code.
type twilioAPI struct {
	inbox *Inbox
	n     atomic.Int64
}

// ServeHTTP implements [http.Handler].
func (a *twilioAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	user, password, _ := r.BasicAuth()
	text := &Text{From: r.PostFormValue("From"), To: r.PostFormValue("To"), Body: r.PostFormValue("Body")}
	switch {
	case r.Method != http.MethodPost || r.URL.Path != "/2010-04-01/Accounts/"+twilioSID+"/Messages.json":
		twilioError(w, http.StatusNotFound, 20404, "The requested resource was not found")
	case user != twilioSID || password != twilioToken:
		twilioError(w, http.StatusUnauthorized, 20003, "Authenticate")
	case len(text.To) < 8 || text.To[0] != '+':
		twilioError(w, http.StatusBadRequest, 21211, "Invalid 'To' Phone Number")
	case text.Body == "":
		twilioError(w, http.StatusBadRequest, 21602, "Message body is required")
	case utf8.RuneCountInString(text.Body) > 1600:
		twilioError(w, http.StatusBadRequest, 21617, "The concatenated message body exceeds the 1600 character limit")
	default:
		a.inbox.Add(Message{Text: text})
		twilioAnswer(w, http.StatusCreated, map[string]any{
			"sid": fmt.Sprintf("SM%032x", a.n.Add(1)), "status": "queued", "error_code": nil, "num_segments": "0", "to": text.To, "from": text.From,
		})
	}
}

func twilioError(w http.ResponseWriter, status, code int, message string) {
	twilioAnswer(w, status, map[string]any{"code": code, "message": message, "more_info": "https://www.twilio.com/docs/errors/" + strconv.Itoa(code), "status": status})
}

func twilioAnswer(w http.ResponseWriter, status int, answer map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // the caller may be gone
}
