package notify

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	lib "github.com/nicholas-fedor/shoutrrr/pkg/services/chat/zulip"

	"shopbell/actions"
	"shopbell/actions/web"
)

var zulip = service{name: "zulip", style: style{most: 10_000, mark: "**",
	plain: func(text string) string {
		return around(text, func(part string) string { return escaped(part, "\\`*_[]#") })
	}}, open: openZulip}

func openZulip(p *place) (*way, error) {
	var c lib.Config
	if c.SetURL(p.url) != nil || c.Stream == "" {
		return nil, errors.New("url is not one of Zulip's: it is zulip://BOT%40HOST:KEY@HOST?stream=STREAM&topic=TOPIC")
	}
	if c.Topic == "" {
		c.Topic = "Shopbell"
	}
	base := p.base("https", p.url.Host)
	sign := map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(c.BotMail+":"+c.BotKey))}
	return &way{
		compose: func(m message) (request, error) {
			r := formPost(base+"/api/v1/messages", lib.CreatePayload(&c, m.whole))
			r.header["Authorization"] = sign["Authorization"]
			return r, nil
		},
		judge:   judgeZulip,
		test:    &request{method: http.MethodGet, url: base + "/api/v1/users/me", header: sign},
		says:    saysZulip,
		secrets: []actions.Secret{actions.Secret(c.BotKey), actions.Secret(sign["Authorization"]), actions.Secret(sign["Authorization"][len("Basic "):])},
	}, nil
}

func judgeZulip(a *web.Answer) (string, error) {
	var said struct {
		Result string          `json:"result"`
		Code   string          `json:"code"`
		ID     json.RawMessage `json:"id"`
		Wait   float64         `json:"retry-after"` // seconds
	}
	known := read(a, &said)
	switch {
	case a.Status == http.StatusTooManyRequests && a.Wait() == 0 && 0 < said.Wait && said.Wait < 86400:
		return "", actions.RetryAfter(time.Duration(said.Wait*float64(time.Second)), a.Err())
	case a.Status == http.StatusBadRequest && (said.Code == "STREAM_DOES_NOT_EXIST" || said.Code == "UNAUTHORIZED_PRINCIPAL" || said.Code == "USER_DEACTIVATED" ||
		said.Code == "REALM_DEACTIVATED" || said.Code == "INVALID_API_KEY"):
		return "", ours(a)
	case a.Err(places[:]...) != nil:
		return "", a.Err(places[:]...)
	case !known || said.Result != "success":
		return "", odd("Zulip")
	}
	return text(said.ID), nil
}

func saysZulip(a *web.Answer) (string, error) {
	var said struct {
		Name string `json:"full_name"`
	}
	if !read(a, &said) || said.Name == "" {
		return "", odd("Zulip")
	}
	return "is the bot " + said.Name, nil
}
