package notify

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	lib "github.com/nicholas-fedor/shoutrrr/pkg/services/push/pushover"

	"shopbell/actions"
	"shopbell/actions/web"
)

var pushover = service{name: "pushover", style: style{most: 1024, titled: true, linked: true}, open: openPushover}

func openPushover(p *place) (*way, error) {
	var c lib.Config
	if c.SetURL(p.url) != nil || c.Priority < -2 || c.Priority > 1 {
		return nil, errors.New("url is not one of Pushover's: it is pushover://shoutrrr:TOKEN@USERKEY")
	}
	base := p.base("https", "api.pushover.net")
	who := url.Values{"token": {c.Token}, "user": {c.User}}
	if len(c.Devices) > 0 {
		who.Set("device", strings.Join(c.Devices, ","))
	}
	return &way{
		compose: func(m message) (request, error) {
			form := url.Values{"message": {m.text}}
			for key, values := range who {
				form[key] = values
			}
			if title := or(m.title, c.Title); title != "" {
				form.Set("title", title)
			}
			if m.link != "" {
				if len(m.link) > 512 {
					return request{}, errors.New("the link is longer than Pushover takes")
				}
				form.Set("url", m.link)
			}
			switch level := map[string]string{"low": "-1", "normal": "0", "high": "1", "urgent": "2"}[m.priority]; {
			case level == "2": // rings until somebody has seen it
				form.Set("retry", "60")
				form.Set("expire", "3600")
				fallthrough
			case level != "":
				form.Set("priority", level)
			case c.Priority != 0:
				form.Set("priority", strconv.Itoa(int(c.Priority)))
			}
			return formPost(base+"/1/messages.json", form), nil
		},
		judge:   judgePushover,
		test:    func() *request { r := formPost(base+"/1/users/validate.json", who); return &r }(),
		says:    saysPushover,
		secrets: []actions.Secret{actions.Secret(c.Token), actions.Secret(c.User)},
	}, nil
}

func formPost(url string, form url.Values) request {
	return request{http.MethodPost, url, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, []byte(form.Encode())}
}

// pushoverSaid is what Pushover answers. Which of the fields is wrong, it says beside its words.
type pushoverSaid struct {
	Status  int    `json:"status"`
	Request string `json:"request"`
	Token   string `json:"token"`
	User    string `json:"user"`
	Device  string `json:"device"`
}

func judgePushover(a *web.Answer) (string, error) {
	var said pushoverSaid
	known := read(a, &said)
	switch {
	case a.Status == http.StatusTooManyRequests: // the month's messages are used up
		wait := a.Wait()
		if at, err := strconv.ParseInt(a.Header.Get("X-Limit-App-Reset"), 10, 64); err == nil && wait == 0 {
			wait = min(max(time.Until(time.Unix(at, 0)), 0), 24*time.Hour)
		}
		return "", actions.RetryAfter(wait, a.Err())
	case a.Status == http.StatusBadRequest && (said.Token != "" || said.User != "" || said.Device != ""):
		return "", ours(a)
	case a.Err(places[:]...) != nil:
		return "", a.Err(places[:]...)
	case !known || said.Status != 1:
		return "", odd("Pushover")
	}
	return said.Request, nil
}

func saysPushover(a *web.Answer) (string, error) {
	var said pushoverSaid
	if !read(a, &said) || said.Status != 1 {
		return "", odd("Pushover")
	}
	return "knows the app and the user", nil
}
