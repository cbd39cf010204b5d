package notify

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	lib "github.com/nicholas-fedor/shoutrrr/pkg/services/push/gotify"

	"shopbell/actions"
	"shopbell/actions/web"
)

var gotify = service{name: "gotify", style: style{most: 20_000, titled: true, linked: true}, open: openGotify}

// openGotify keeps the token out of the address of a message, where proxies would log it.
func openGotify(p *place) (*way, error) {
	var c lib.Config
	if c.SetURL(p.url) != nil || c.Host == "" || c.Token == "" {
		return nil, errors.New("url is not one of Gotify's: it is gotify://HOST/TOKEN")
	}
	if c.InsecureSkipVerify {
		return nil, errors.New("insecureskipverify is not heeded: who listens in would have the token")
	}
	c.UseHeader = true
	scheme := "https"
	if c.DisableTLS {
		scheme = "http"
	}
	base := p.base(scheme, c.Host+strings.TrimRight(c.Path, "/"))
	address := base + "/message"
	return &way{
		compose: func(m message) (request, error) {
			body := lib.MessageRequest{Message: m.text, Title: or(m.title, c.Title), Priority: c.Priority, Extras: map[string]any{}}
			if level, ok := map[string]int{"low": 2, "normal": 5, "high": 8, "urgent": 10}[m.priority]; ok {
				body.Priority = level
			}
			if m.link != "" {
				body.Extras["client::notification"] = map[string]any{"click": map[string]any{"url": m.link}}
			}
			return jsonPost(address, body, map[string]string{"X-Gotify-Key": c.Token})
		},
		judge:   judgeGotify,
		test:    &request{method: http.MethodGet, url: base + "/version"},
		says:    saysGotify,
		secrets: []actions.Secret{actions.Secret(c.Token)},
	}, nil
}

func judgeGotify(a *web.Answer) (string, error) {
	if err := a.Err(places[:]...); err != nil {
		return "", err
	}
	var said struct {
		ID json.RawMessage `json:"id"`
	}
	if !read(a, &said) || len(said.ID) == 0 {
		return "", odd("Gotify")
	}
	return text(said.ID), nil
}

// saysGotify tells what can be known without a message: the token of an app opens nothing else.
func saysGotify(a *web.Answer) (string, error) {
	var said struct {
		Version string `json:"version"`
	}
	if !read(a, &said) || said.Version == "" {
		return "", errors.New("the answer is not one of Gotify's: is there another server at this address?")
	}
	return "a Gotify of version " + said.Version + " is there; whether it takes the token is told by a message only", nil
}
