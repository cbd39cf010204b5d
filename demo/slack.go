package demo

import (
	"encoding/json"
	"fmt"
	"html/template"
	"mime"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// A Post is a message in Slack as its reader sees it.
type Post struct {
	Channel string // as it was named: an id or #name
	Text    string // mrkdwn
	Blocks  []Block
	Thread  string // ts of the message that it answers
	TS      string // its own
}

// A Block is a part of a message with a layout. Kinds that a reader would not see as text are left out.
type Block struct {
	Type     string   `json:"type"`
	Text     *Words   `json:"text"`
	Fields   []*Words `json:"fields"`
	Elements []*Words `json:"elements"`
}

// Words are text inside of a block.
type Words struct {
	Type string `json:"type"` // mrkdwn or plain_text
	Text string `json:"text"`
}

// slackAPI is as much of Slack's Web API as a message needs. It answers as Slack does: 200, and ok or an error's name.
type slackAPI struct {
	inbox *Inbox
	n     atomic.Int64
}

// posted is what chat.postMessage takes, as JSON.
type posted struct {
	Channel string          `json:"channel"`
	Text    string          `json:"text"`
	Blocks  json.RawMessage `json:"blocks"`
	Thread  string          `json:"thread_ts"`
}

// ServeHTTP implements [http.Handler].
func (a *slackAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	answer := map[string]any{"ok": false}
	switch {
	case r.Method != http.MethodPost || r.URL.Path != "/api/chat.postMessage":
		answer["error"] = "unknown_method"
	case !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer xoxb-"):
		answer["error"] = "not_authed"
	default:
		answer = a.post(r)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(answer) // the caller may be gone
}

// post puts a message into the inbox.
func (a *slackAPI) post(r *http.Request) map[string]any {
	m, err := readPosted(r)
	post := &Post{Channel: m.Channel, Text: m.Text, Thread: m.Thread}
	if len(m.Blocks) > 0 && err == nil {
		err = json.Unmarshal(m.Blocks, &post.Blocks)
	}
	switch {
	case err != nil:
		return map[string]any{"ok": false, "error": "invalid_json"}
	case m.Channel == "":
		return map[string]any{"ok": false, "error": "channel_not_found"}
	case m.Text == "" && len(post.Blocks) == 0:
		return map[string]any{"ok": false, "error": "no_text"}
	}
	post.TS = fmt.Sprintf("%d.%06d", time.Now().Unix(), a.n.Add(1))
	a.inbox.Add(Message{Slack: post})
	return map[string]any{"ok": true, "channel": "C0DEMO", "ts": post.TS, "message": map[string]any{"text": m.Text, "ts": post.TS}}
}

// readPosted reads JSON or a form, as Slack takes both.
func readPosted(r *http.Request) (m posted, err error) {
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media == "application/json" {
		return m, json.NewDecoder(r.Body).Decode(&m)
	}
	if err := r.ParseForm(); err != nil {
		return m, err
	}
	return posted{r.Form.Get("channel"), r.Form.Get("text"), json.RawMessage(r.Form.Get("blocks")), r.Form.Get("thread_ts")}, nil
}

// Show gives the words as their reader sees them.
func (w *Words) Show() template.HTML {
	switch {
	case w == nil:
		return ""
	case w.Type == "plain_text":
		return template.HTML(template.HTMLEscapeString(w.Text))
	}
	return mrkdwn(w.Text)
}
