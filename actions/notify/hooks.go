package notify

import (
	"errors"
	"net/http"
	"strings"

	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/googlechat"
	mattermostlib "github.com/nicholas-fedor/shoutrrr/pkg/services/chat/mattermost"
	rocketlib "github.com/nicholas-fedor/shoutrrr/pkg/services/chat/rocketchat"

	"shopbell/actions"
	"shopbell/actions/web"
)

// The services that are one webhook each.
var (
	mattermost = service{name: "mattermost", hooks: true, style: style{most: 16_000, mark: "**",
		plain: func(text string) string { return quiet(markdown(text)) }}, open: openMattermost}
	rocketChat = service{name: "rocketchat", hooks: true, style: style{most: 5000, mark: "*",
		plain: func(text string) string { return quiet(strings.ReplaceAll(text, "](", "]"+nothing+"(")) }}, open: openRocketChat}
	googleChat = service{name: "googlechat", hooks: true, shown: true, style: style{most: 4096, bytes: true, mark: "*",
		plain: func(text string) string { return strings.ReplaceAll(text, "<", "<"+nothing) }}, open: openGoogleChat}
)

func openMattermost(p *place) (*way, error) {
	var c mattermostlib.Config
	hook := p.hook()
	if !p.hooked() {
		if c.SetURL(p.url) != nil || c.Token == "" {
			return nil, errors.New("url is not one of Mattermost's: it is mattermost://HOST/TOKEN, or the webhook's own URL with `service: mattermost`")
		}
		scheme := "https"
		if c.DisableTLS {
			scheme = "http"
		}
		hook = p.base(scheme, c.Host) + "/hooks/" + c.Token
	}
	return &way{
		compose: func(m message) (request, error) {
			body := mattermostlib.JSON{Text: m.whole, UserName: c.UserName, Channel: c.Channel}
			body.SetIcon(c.Icon)
			return jsonPost(hook, body, nil)
		},
		judge: func(a *web.Answer) (string, error) {
			return "", plainHook(a, "Mattermost", func(said string) bool { return said == "ok" }, "web.incoming_webhook.invalid", "web.incoming_webhook.channel",
				"web.incoming_webhook.disabled")
		},
		secrets: []actions.Secret{actions.Secret(c.Token)},
	}, nil
}

func openRocketChat(p *place) (*way, error) {
	var c rocketlib.Config
	hook := p.hook()
	if !p.hooked() {
		if c.SetURL(p.url) != nil || c.TokenA == "" || c.TokenB == "" {
			return nil, errors.New("url is not one of Rocket.Chat's: it is rocketchat://HOST/TOKENA/TOKENB, or the webhook's own URL with `service: rocketchat`")
		}
		hook = p.base("https", p.url.Host) + "/hooks/" + c.TokenA + "/" + c.TokenB
	}
	return &way{
		compose: func(m message) (request, error) {
			return jsonPost(hook, rocketlib.JSON{Text: m.whole, UserName: c.UserName, Channel: c.Channel}, nil)
		},
		judge: func(a *web.Answer) (string, error) {
			return "", plainHook(a, "Rocket.Chat", func(said string) bool { return strings.Contains(said, `"success":true`) }, "channel", "integration", "not-allowed")
		},
		secrets: []actions.Secret{actions.Secret(c.TokenA), actions.Secret(c.TokenB)},
	}, nil
}

// plainHook sorts the answer of a webhook. At 400 it may say one of the signs, which tell that the webhook is wrong and not the message.
func plainHook(a *web.Answer, name string, taken func(string) bool, signs ...string) error {
	said := strings.TrimSpace(string(a.Body))
	if a.Status == http.StatusBadRequest {
		for _, sign := range signs {
			if strings.Contains(said, sign) {
				return ours(a)
			}
		}
	}
	if err := a.Err(places[:]...); err != nil {
		return err
	}
	if a.Partial != nil || !taken(said) {
		return odd(name)
	}
	return nil
}

func openGoogleChat(p *place) (*way, error) {
	var c googlechat.Config
	if c.SetURL(p.url) != nil || c.Key == "" || c.Token == "" {
		return nil, errors.New("url is not a webhook of Google Chat, such as https://chat.googleapis.com/v1/spaces/ID/messages?key=…&token=…")
	}
	hook := *p
	moved := *p.url
	if !p.hooked() {
		moved.Scheme = "https"
	}
	hook.url = &moved
	address := hook.hook()
	return &way{
		compose: func(m message) (request, error) { return jsonPost(address, googlechat.JSON{Text: m.whole}, nil) },
		judge: func(a *web.Answer) (string, error) {
			if err := a.Err(places[:]...); err != nil {
				return "", err
			}
			var said struct {
				Name string `json:"name"`
			}
			if !read(a, &said) || said.Name == "" {
				return "", odd("Google Chat")
			}
			return actions.Excerpt([]byte(said.Name)), nil
		},
		secrets: []actions.Secret{actions.Secret(c.Key), actions.Secret(c.Token)},
	}, nil
}
