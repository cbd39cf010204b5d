package sms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"shopbell/actions"
	"shopbell/actions/web"
)

// gateway sends to whatever takes a text by one HTTP request, which the account describes. What it holds is checked when the
// account is opened, so that filling it cannot fail.
type gateway struct {
	client  *web.Client
	account Account
	method  string
	headers map[string]string // with canonical names
	lands   actions.Landing   // of what is put into Body
	kind    string            // Content-Type
	id      []string          // the way to the id in an answer
}

func openGateway(env actions.Env, a Account) (way, error) {
	g := &gateway{account: a, method: a.Method, headers: map[string]string{}}
	if g.method == "" {
		g.method = http.MethodPost
	}
	if a.ID != "" {
		g.id = strings.Split(a.ID, ".")
	}
	for name, value := range a.Headers {
		canonical := http.CanonicalHeaderKey(name)
		if !headerName.MatchString(name) || strings.ContainsAny(string(value), "\r\n\x00") {
			return nil, fmt.Errorf("headers: %q cannot be the name of a header, or its value cannot be one's", shorten(name))
		}
		if _, twice := g.headers[canonical]; twice {
			return nil, fmt.Errorf("headers: %s is there twice", canonical)
		}
		g.headers[canonical] = string(value)
	}
	for _, check := range []func() error{g.checkURL, g.checkBody, g.checkHoles, g.checkAnswer} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	g.client = web.New(web.Options{Env: env, Secrets: g.secrets()})
	return g, nil
}

func (g *gateway) checkURL() error {
	filled, err := url.Parse(g.fill(g.account.URL, actions.URL, message{to: "+1", text: "x", key: "k"}))
	begin, _, _ := strings.Cut(g.account.URL, "{")
	host, err2 := url.Parse(begin)
	switch {
	case err != nil, err2 != nil, filled.Scheme != "http" && filled.Scheme != "https", filled.Hostname() == "":
		return errors.New("url is not an http or https URL")
	case host.Host != filled.Host:
		return errors.New("url: the host is fixed, and nothing can stand for it")
	case filled.User != nil:
		return errors.New("url: a user name or password belongs into headers, as Authorization")
	}
	return nil
}

// checkBody finds the body's type, and how values are encoded there.
func (g *gateway) checkBody() error {
	a, given := g.account, 0
	for _, has := range []bool{a.JSON != nil, a.Form != nil, a.Body != ""} {
		if has {
			given++
		}
	}
	switch {
	case given > 1:
		return errors.New("json, form and body exclude each other: a request has one body")
	case given > 0 && g.method == http.MethodGet:
		return errors.New("a GET request has no body: put {to} and {text} into url")
	case a.JSON != nil:
		g.kind = jsonType
	case a.Form != nil:
		g.kind = formType
	case a.Body != "":
		g.kind = "text/plain; charset=utf-8"
		if said := g.headers["Content-Type"]; said != "" {
			g.kind = said
		}
		media, _, err := mime.ParseMediaType(g.kind)
		if g.lands = landing(media); err != nil || g.lands == "none" {
			return errors.New("body: its Content-Type must be one of JSON, XML, a web form or plain text, so that it is known how values are encoded in it")
		}
		return nil
	}
	if given > 0 && g.headers["Content-Type"] != "" {
		return errors.New("headers: Content-Type is that of json or form already")
	}
	return nil
}

// landing says how a value is encoded in a text of some type.
func landing(media string) actions.Landing {
	switch {
	case media == jsonType, strings.HasSuffix(media, "+json"):
		return actions.JSON
	case media == "application/xml", media == "text/xml", strings.HasSuffix(media, "+xml"):
		return actions.HTML
	case media == formType:
		return actions.URL
	case media == "text/plain":
		return actions.Plain
	}
	return "none"
}

// checkHoles refuses names in braces that stand for nothing, and requests that say nothing or to nobody.
func (g *gateway) checkHoles() error {
	var used []string
	for _, text := range g.texts() {
		for _, found := range hole.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(holes(), found[1]) {
				return fmt.Errorf("{%s} stands for nothing: what can stand for something are {%s}", shorten(found[1]), strings.Join(holes(), "}, {"))
			}
			used = append(used, found[1])
		}
	}
	for name, has := range map[string]bool{"from": g.account.From != "", "api_key": g.account.APIKey != "", "api_secret": g.account.APISecret != ""} {
		if slices.Contains(used, name) && !has {
			return fmt.Errorf("{%s} is used, and %s is missing", name, name)
		}
	}
	if !slices.Contains(used, "to") && !slices.Contains(used, "to_digits") || !slices.Contains(used, "text") {
		return errors.New("the request must hold {to} or {to_digits}, and {text}: without them it says nothing, or to nobody")
	}
	return nil
}

func (g *gateway) checkAnswer() error {
	for _, status := range g.account.Success {
		if status < 200 || status > 299 {
			return fmt.Errorf("success: %d is no status of success, which are 200 to 299", status)
		}
	}
	if slices.Contains(g.id, "") {
		return errors.New("id is not a way into the answer, such as messages.0.id")
	}
	return nil
}

// secrets are what of an account may be one: its keys, and what stands in the request as it is.
func (g *gateway) secrets() []actions.Secret {
	secrets := []actions.Secret{g.account.APIKey, g.account.APISecret}
	add := func(text string, least int) {
		if len(text) >= least && !hole.MatchString(text) {
			secrets = append(secrets, actions.Secret(text))
		}
	}
	for _, text := range g.texts() {
		add(text, 0)
		for word := range strings.FieldsSeq(text) { // a token behind the word Bearer
			add(word, wordy)
		}
	}
	if u, err := url.Parse(g.account.URL); err == nil {
		for _, values := range u.Query() {
			for _, value := range values {
				add(value, 0)
			}
		}
		for part := range strings.SplitSeq(u.Path, "/") {
			add(part, wordy)
		}
	}
	return secrets
}

// wordy is how long words of a language rarely are, in bytes.
const wordy = 12

// texts are all that an account's request is made of.
func (g *gateway) texts() []string {
	texts := []string{g.account.URL, g.account.Body}
	for _, value := range g.headers {
		texts = append(texts, value)
	}
	for _, value := range g.account.Form {
		texts = append(texts, string(value))
	}
	walk(map[string]any(g.account.JSON), func(text string) any { texts = append(texts, text); return text })
	return texts
}

// send implements [way].
func (g *gateway) send(ctx context.Context, m message) (receipt, error) {
	body, err := g.body(m)
	if err != nil {
		return receipt{}, err
	}
	r, err := request(ctx, g.method, g.fill(g.account.URL, actions.URL, m), g.kind, body)
	if err != nil {
		return receipt{}, err
	}
	for name, value := range g.headers {
		r.Header.Set(name, g.fill(value, actions.Header, m))
	}
	answer, err := g.client.Do(r)
	if err != nil {
		return receipt{}, err
	}
	if err := answer.Err(rows()...); err != nil {
		return receipt{}, err
	}
	if g.account.Success != nil && !slices.Contains(g.account.Success, answer.Status) {
		return receipt{}, actions.Unknown(fmt.Errorf("the gateway answered %d, which the account does not call success: %s", answer.Status, actions.Excerpt(answer.Body)))
	}
	if g.id == nil {
		return receipt{}, nil
	}
	id, ok := pick(answer, g.id)
	if !ok {
		return receipt{}, errStranger("the gateway")
	}
	return receipt{id: id}, nil
}

// body makes a request's body. Values are put into JSON and into a form before these are written, so they cannot leave their
// place.
func (g *gateway) body(m message) (string, error) {
	switch {
	case g.account.JSON != nil:
		text, err := json.Marshal(walk(map[string]any(g.account.JSON), func(text string) any { return g.fill(text, actions.Plain, m) }))
		if err != nil {
			return "", actions.Permanent(actions.BlameAccount, errors.New("json cannot be written as JSON"))
		}
		return string(text), nil
	case g.account.Form != nil:
		form := url.Values{}
		for name, value := range g.account.Form {
			form.Set(name, g.fill(string(value), actions.Plain, m))
		}
		return form.Encode(), nil
	}
	return g.fill(g.account.Body, g.lands, m), nil
}

// pick finds the id in an answer of JSON.
func pick(a *web.Answer, path []string) (string, bool) {
	decoder := json.NewDecoder(strings.NewReader(string(a.Body)))
	decoder.UseNumber()
	var at any
	if a.Partial != nil || decoder.Decode(&at) != nil {
		return "", false
	}
	for _, step := range path {
		switch in := at.(type) {
		case map[string]any:
			at = in[step]
		case []any:
			n, err := strconv.Atoi(step)
			if err != nil || n < 0 || n >= len(in) {
				return "", false
			}
			at = in[n]
		default:
			return "", false
		}
	}
	switch id := at.(type) {
	case string:
		return excerpt(id), id != ""
	case json.Number:
		return id.String(), true
	}
	return "", false
}
