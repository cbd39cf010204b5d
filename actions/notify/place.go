package notify

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"shopbell/actions"
)

// A place is what an account means: a service, and where there. Nothing of its address may be shown: all of it may be secret.
type place struct {
	service *service
	url     *url.URL // in shoutrrr's notation, or a webhook's own with http or https
	api     *url.URL // instead of the service's usual place; nil for that
}

// hooked tells whether the address is a webhook's own.
func (p *place) hooked() bool { return p.url.Scheme == "https" || p.url.Scheme == "http" }

// base gives where the API is, without a slash at its end.
func (p *place) base(scheme, host string) string {
	if p.api != nil {
		return strings.TrimRight(p.api.String(), "/")
	}
	return scheme + "://" + host
}

// hook gives a webhook's own address, at the account's api if it names one.
func (p *place) hook() string {
	if p.api == nil {
		return p.url.String()
	}
	moved := *p.url
	moved.Scheme, moved.Host = p.api.Scheme, p.api.Host
	return moved.String()
}

// secrets are the parts of the address that must not be shown, and the whole.
func (p *place) secrets() []actions.Secret {
	parts := []string{p.url.String(), strings.TrimPrefix(p.url.RequestURI(), "/"), p.url.RawQuery, p.url.User.String()}
	if secret, ok := p.url.User.Password(); ok {
		parts = append(parts, secret, p.url.User.Username()+":"+secret)
	}
	if !p.hooked() {
		parts = append(parts, p.url.User.Username())
	}
	if !p.service.shown {
		parts = append(append(parts, p.url.Path), strings.Split(p.url.Path, "/")...)
	}
	for _, values := range p.url.Query() {
		parts = append(parts, values...)
	}
	var list []actions.Secret
	for _, part := range parts {
		list = append(list, actions.Secret(part))
	}
	return list
}

// errAddress is told in place of what goes wrong in reading an address, for any of it may be secret.
var errAddress = errors.New("url is not an address of a service: see the table of `shopbell actions notify`")

// placeOf reads an account.
func placeOf(a Account) (*place, error) {
	p := &place{}
	var err error
	if a.API != "" {
		if p.api, err = url.Parse(a.API); err != nil || p.api.Scheme != "https" && p.api.Scheme != "http" || p.api.Host == "" || p.api.User != nil || p.api.RawQuery != "" {
			return nil, errors.New("api is not an http or https URL, such as https://ntfy.example.com")
		}
	}
	if a.URL == "" {
		return p, p.assemble(a)
	}
	if a.Token != "" || a.To != "" || a.User != "" {
		return nil, errors.New("want either url, or service with token and to")
	}
	if p.url, err = url.Parse(strings.TrimSpace(a.URL.Reveal())); err != nil || p.url.Host == "" {
		return nil, errAddress
	}
	name := p.url.Scheme
	switch host := strings.ToLower(p.url.Hostname()); {
	case !p.hooked():
	case a.Service != "":
		name = a.Service
	case host == "discord.com" || host == "discordapp.com":
		name = "discord"
	case host == "chat.googleapis.com":
		name = "googlechat"
	default:
		return nil, errors.New("url does not say which service it is: add `service`, such as teams or mattermost")
	}
	return p, p.serve(name, a.Service)
}

// serve finds the service by its name. wanted is what the account calls it, if it does.
func (p *place) serve(name, wanted string) error {
	all := services()
	i := slices.IndexFunc(all, func(s *service) bool { return s.name == name })
	switch {
	case i < 0:
		return errAddress
	case wanted != "" && wanted != name:
		return fmt.Errorf("service is %s, and url is an address of %s", wanted, name)
	case p.hooked() && !all[i].hooks:
		return fmt.Errorf("%s is not reached by a webhook's URL: see the table of `shopbell actions notify`", name)
	}
	p.service = all[i]
	return nil
}

// assemble writes an account without a url in shoutrrr's notation.
func (p *place) assemble(a Account) error {
	if a.Service == "" {
		return errors.New("want url, or service with token and to")
	}
	host, path := "", ""
	if p.api != nil {
		host, path = p.api.Host, strings.TrimRight(p.api.Path, "/")
	}
	missing := func(keys ...string) error {
		have := map[string]string{"token": a.Token.Reveal(), "to": a.To, "user": a.User, "api": a.API}
		for _, key := range keys {
			if have[key] == "" {
				return fmt.Errorf("%s is missing: %s needs %s", key, a.Service, strings.Join(keys, ", "))
			}
		}
		return nil
	}
	token := a.Token.Reveal()
	var err error
	switch a.Service {
	case "telegram":
		err = missing("token", "to")
		id, secret, _ := strings.Cut(token, ":")
		p.url = &url.URL{Scheme: a.Service, User: url.UserPassword(id, secret), Host: a.Service, RawQuery: url.Values{"chats": {a.To}}.Encode()}
	case "ntfy":
		err = missing("to")
		p.url = &url.URL{Scheme: a.Service, Host: or(host, "ntfy.sh"), Path: "/" + a.To}
		if token != "" {
			p.url.User = url.UserPassword(a.User, token)
		}
	case "pushover":
		err = missing("token", "to")
		p.url = &url.URL{Scheme: a.Service, User: url.UserPassword("shoutrrr", token), Host: a.To}
	case "gotify":
		err = missing("token", "api")
		p.url = &url.URL{Scheme: a.Service, Host: host, Path: path + "/" + token}
	case "zulip":
		err = missing("user", "token", "to", "api")
		p.url = &url.URL{Scheme: a.Service, User: url.UserPassword(a.User, token), Host: host, RawQuery: url.Values{"stream": {a.To}}.Encode()}
	default:
		err = fmt.Errorf("url is missing: %s is reached by the URL of a webhook", a.Service)
	}
	if err != nil {
		return err
	}
	return p.serve(a.Service, "")
}

func or(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
