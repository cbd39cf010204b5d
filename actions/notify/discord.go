package notify

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	lib "github.com/nicholas-fedor/shoutrrr/pkg/services/chat/discord"

	"shopbell/actions"
	"shopbell/actions/web"
)

var discord = service{name: "discord", hooks: true, style: style{most: 2000, plain: markdown, mark: "**"}, open: openDiscord}

// discordMessage is what a webhook takes. No mention in it rings anybody.
type discordMessage struct {
	Content  string `json:"content"`
	Username string `json:"username,omitempty"`
	Avatar   string `json:"avatar_url,omitempty"`
	Mentions struct {
		Parse []string `json:"parse"`
	} `json:"allowed_mentions"`
}

func openDiscord(p *place) (*way, error) {
	var c lib.Config
	if p.hooked() {
		parts := strings.Split(strings.Trim(p.url.Path, "/"), "/")
		if len(parts) < 3 || parts[len(parts)-3] != "webhooks" {
			return nil, errors.New("url is not a webhook of Discord, such as https://discord.com/api/webhooks/ID/TOKEN")
		}
		c.WebhookID, c.Token, c.ThreadID = parts[len(parts)-2], parts[len(parts)-1], p.url.Query().Get("thread_id")
	} else if c.SetURL(p.url) != nil || c.JSON {
		return nil, errors.New("url is not one of Discord's: it is discord://TOKEN@ID, or the webhook's own URL")
	}
	own, err := url.Parse(lib.CreateAPIURLFromConfig(&c))
	if err != nil || own.Host == "" {
		return nil, errAddress
	}
	query := own.Query()
	query.Set("wait", "true") // so that the answer tells what became of it
	own.RawQuery = ""
	if p.api != nil {
		own.Scheme, own.Host = p.api.Scheme, p.api.Host
	}
	return &way{
		compose: func(m message) (request, error) {
			body := discordMessage{Content: m.whole, Username: c.Username, Avatar: c.Avatar}
			body.Mentions.Parse = []string{}
			return jsonPost(own.String()+"?"+query.Encode(), body, nil)
		},
		judge:   judgeDiscord,
		test:    &request{method: http.MethodGet, url: own.String()},
		says:    saysDiscord,
		secrets: []actions.Secret{actions.Secret(c.Token), actions.Secret(own.Path)},
	}, nil
}

func judgeDiscord(a *web.Answer) (string, error) {
	var said struct {
		ID    json.RawMessage `json:"id"`
		Retry float64         `json:"retry_after"` // seconds
	}
	known := read(a, &said)
	switch {
	case a.Status == http.StatusTooManyRequests && a.Wait() == 0 && 0 < said.Retry && said.Retry < 86400:
		return "", actions.RetryAfter(time.Duration(said.Retry*float64(time.Second)), a.Err())
	case a.Err(places[:]...) != nil:
		return "", a.Err(places[:]...)
	case a.Status == http.StatusNoContent:
		return "", nil
	case !known || len(said.ID) == 0:
		return "", odd("Discord")
	}
	return text(said.ID), nil
}

func saysDiscord(a *web.Answer) (string, error) {
	var said struct {
		Name string `json:"name"`
	}
	if !read(a, &said) || said.Name == "" {
		return "", odd("Discord")
	}
	return "is the webhook " + said.Name, nil
}
