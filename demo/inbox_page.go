package demo

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"shopbell/server"
)

//go:embed pages
var files embed.FS

// shownMessages is how many messages the inbox shows.
const shownMessages = 50

// inboxPage shows mails and messages as their readers see them.
func (d *Demo) inboxPage() server.Page {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /inbox", func(w http.ResponseWriter, r *http.Request) {
		render(w, r, "Inbox", "inbox.html", map[string]any{"Messages": d.inbox.Messages(shownMessages), "Token": server.FormToken(r)})
	})
	mux.HandleFunc("GET /inbox/mail/{id}", d.mailBody)
	mux.HandleFunc("POST /inbox/clear", func(w http.ResponseWriter, r *http.Request) {
		d.inbox.Clear()
		http.Redirect(w, r, "/inbox", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /inbox/demo.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, files, "pages/demo.css")
	})
	return server.Page{Path: "/inbox", Title: "Inbox", Handler: mux, Changes: d.inbox.Changes}
}

// mailBody gives the HTML of a mail alone, for the frame that shows it. Like a mail reader it lets nothing run and
// loads nothing: the mail is a stranger's, and its page has an origin of its own.
func (d *Demo) mailBody(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	m, ok := d.inbox.Find(id)
	if err != nil || !ok || m.Mail == nil || m.Mail.HTML == "" {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'")
	h.Set("X-Frame-Options", "SAMEORIGIN")
	h.Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(m.Mail.HTML)) // the reader may be gone
}

// render shows a page of the demo inside the dashboard's frame.
func render(w http.ResponseWriter, r *http.Request, title, name string, data any) {
	t, err := template.New(name).Funcs(template.FuncMap{
		"mrkdwn": mrkdwn, "join": strings.Join, "ago": ago, "initial": initial,
		"clock": func(t time.Time) string { return t.Format("15:04:05") },
		"exact": func(t time.Time) string { return t.Format(time.RFC3339) },
	}).ParseFS(files, "pages/"+name)
	var content bytes.Buffer
	if err == nil {
		err = t.Execute(&content, data)
	}
	if err != nil {
		http.Error(w, "the page cannot be shown: "+err.Error(), http.StatusInternalServerError)
		return
	}
	server.Render(w, r, title, template.HTML(content.String())) // made by html/template
}

// ago says how long something is past.
func ago(t time.Time) string {
	switch d := time.Since(t); {
	case d < 5*time.Second:
		return "just now"
	case d < time.Minute:
		return strconv.Itoa(int(d/time.Second)) + " s ago"
	case d < time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + " min ago"
	}
	return t.Format("15:04")
}

// initial gives the first letter of a name, for its picture.
func initial(name string) string {
	for _, r := range strings.TrimLeft(name, `"'# `) {
		return strings.ToUpper(string(r))
	}
	return "?"
}
