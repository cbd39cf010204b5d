package notify

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	lib "github.com/nicholas-fedor/shoutrrr/pkg/services/push/ntfy"

	"shopbell/actions"
	"shopbell/actions/web"
)

var ntfy = service{name: "ntfy", style: style{most: 4096, bytes: true, titled: true, linked: true}, open: openNtfy}

// ntfyMessage is published as JSON, for a title in a header can hold only ASCII.
type ntfyMessage struct {
	Topic    string   `json:"topic"`
	Message  string   `json:"message"`
	Title    string   `json:"title,omitempty"`
	Priority int      `json:"priority,omitempty"`
	Click    string   `json:"click,omitempty"`
	Tags     []string `json:"tags,omitempty"`
	Icon     string   `json:"icon,omitempty"`
	Email    string   `json:"email,omitempty"`
}

func openNtfy(p *place) (*way, error) {
	c := lib.Config{Scheme: "https", Priority: lib.Priority.Default, Cache: true, Firebase: true}
	if c.SetURL(p.url) != nil || c.Topic == "" || c.Host == "" || c.Scheme != "https" && c.Scheme != "http" {
		return nil, errors.New("url is not one of ntfy's: it is ntfy://ntfy.sh/TOPIC, or ntfy://USER:PASSWORD@HOST/TOPIC")
	}
	if c.DisableTLSVerification {
		return nil, errors.New("disabletlsverification is not heeded: who listens in would have the password")
	}
	if c.DisableTLS {
		c.Scheme = "http"
	}
	header := map[string]string{}
	switch {
	case c.Username != "":
		header["Authorization"] = "Basic " + base64.StdEncoding.EncodeToString([]byte(c.Username+":"+c.Password))
	case c.Password != "":
		header["Authorization"] = "Bearer " + c.Password
	}
	if !c.Cache {
		header["Cache"] = "no"
	}
	if !c.Firebase {
		header["Firebase"] = "no"
	}
	base := p.base(c.Scheme, c.Host)
	auth := map[string]string{}
	if way, ok := header["Authorization"]; ok {
		auth["Authorization"] = way
	}
	return &way{
		compose: func(m message) (request, error) {
			body := ntfyMessage{Topic: c.Topic, Message: m.text, Title: or(m.title, c.Title), Click: or(m.link, c.Click), Tags: c.Tags, Icon: c.Icon, Email: c.Email,
				Priority: map[string]int{"low": 2, "high": 4, "urgent": 5, "normal": 3}[m.priority]}
			if m.priority == "" && c.Priority != lib.Priority.Default {
				body.Priority = int(c.Priority)
			}
			return jsonPost(base+"/", body, header)
		},
		judge:   judgeNtfy,
		test:    &request{method: http.MethodGet, url: base + "/" + url.PathEscape(c.Topic) + "/auth", header: auth},
		says:    saysNtfy,
		secrets: []actions.Secret{actions.Secret(header["Authorization"]), actions.Secret(c.Password), actions.Secret(c.Topic)},
	}, nil
}

func judgeNtfy(a *web.Answer) (string, error) {
	if err := a.Err(places[:]...); err != nil {
		return "", err
	}
	var said struct {
		ID json.RawMessage `json:"id"`
	}
	if !read(a, &said) || len(said.ID) == 0 {
		return "", odd("ntfy")
	}
	return text(said.ID), nil
}

func saysNtfy(a *web.Answer) (string, error) {
	var said struct {
		Success bool `json:"success"`
	}
	if !read(a, &said) || !said.Success {
		return "", odd("ntfy")
	}
	return "may use the topic", nil
}
