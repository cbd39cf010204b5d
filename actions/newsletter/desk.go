package newsletter

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"shopbell/actions"
	"shopbell/actions/web"
)

// slots is how many calls are made at once through one account: less than the 10 connections that Mailchimp allows for a key,
// so that somebody else can use it too.
const slots = 8

// A desk makes the calls of one account.
type desk struct {
	service service
	client  *web.Client
	api     string           // without a slash at its end
	header  http.Header      // of every request
	hide    []actions.Secret // what of the header must not be shown, beside the key itself
	slots   chan struct{}
}

// A call is one request.
type call struct {
	method, path string // the path is escaped, and may have a query
	body         any    // sent as JSON; nil for none
	// once says that a second one may mail the customer again, and that nothing shows whether the first was carried out.
	once bool
}

// ask makes a call. When there is an answer it is given with the error too. An unknown outcome of what may be repeated is
// one to be tried again.
func (d *desk) ask(ctx context.Context, c call) (*web.Answer, error) {
	select {
	case d.slots <- struct{}{}:
		defer func() { <-d.slots }()
	case <-ctx.Done():
		return nil, actions.RetryAfter(0, fmt.Errorf("%d calls to %s are under way, and none ended in time", slots, d.service.name))
	}
	r, err := d.request(ctx, c)
	if err != nil {
		return nil, err
	}
	answer, err := d.client.Do(r)
	if err != nil {
		return nil, c.repeatable(err)
	}
	return answer, c.repeatable(d.sorted(c, answer))
}

func (d *desk) request(ctx context.Context, c call) (*http.Request, error) {
	var body []byte
	if c.body != nil {
		var err error
		if body, err = json.Marshal(c.body); err != nil {
			return nil, actions.Permanent(actions.BlameRequest, err)
		}
	}
	r, err := http.NewRequestWithContext(ctx, c.method, d.api+c.path, bytes.NewReader(body))
	if err != nil {
		return nil, actions.Permanent(actions.BlameAccount, errors.New("api is not a URL"))
	}
	r.Header = d.header.Clone()
	if body == nil {
		r.Header.Del("Content-Type")
	}
	return r, nil
}

// repeatable makes an unknown outcome one to be tried again, if the call may be repeated.
func (c call) repeatable(err error) error {
	if err != nil && !c.once && actions.OutcomeOf(err).Outcome == actions.OutcomeUnknown {
		return actions.RetryAfter(0, err)
	}
	return err
}

// sorted sorts an answer: by the service's verdicts, and then by its status. nil is 2xx.
func (d *desk) sorted(c call, a *web.Answer) error {
	if 200 <= a.Status && a.Status <= 299 {
		return nil
	}
	code, words := d.service.problem(a.Body)
	wait := a.Wait()
	if a.Status == http.StatusTooManyRequests {
		wait = max(wait, resetOf(a.Header))
	}
	v, found := judge(d.service.verdicts, a.Status, code, words, c.once)
	if !found {
		v.outcome, v.blame = web.Sort(a.Status)
	}
	text := fmt.Sprintf("%s answered %d", d.service.name, a.Status)
	if name := http.StatusText(a.Status); name != "" {
		text += " " + name
	}
	for _, more := range []string{v.words, actions.Excerpt([]byte(words))} {
		if more != "" {
			text += ": " + more
		}
	}
	err := v.err(errors.New(text), wait)
	if answer := actions.OutcomeOf(err); answer.Outcome == actions.OutcomeRetry && (a.Status == http.StatusTooManyRequests || code == notJSON && a.Status == http.StatusForbidden) {
		return actions.Throttled(answer.Wait, err)
	}
	return err
}

// resetOf reads the header in which Brevo says for how many seconds it wants to be left alone. A moment, as others write
// there, is no number of seconds that anybody would wait.
func resetOf(h http.Header) time.Duration {
	value := h.Get("X-Sib-Ratelimit-Reset")
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds > float64(time.Now().Unix()/2) {
		value = time.Unix(int64(min(seconds, 1e11)), 0).UTC().Format(http.TimeFormat)
	}
	return web.RetryAfter(value, time.Now())
}

// read takes an answer of 2xx apart.
func (d *desk) read(a *web.Answer, into any) error {
	if a.Partial == nil && json.Unmarshal(a.Body, into) == nil {
		return nil
	}
	return d.stranger()
}

// stranger says that something answered 2xx that is not the service, or not all of it. Only calls that may be repeated are read.
func (d *desk) stranger() error {
	return actions.RetryAfter(0, fmt.Errorf("the answer is not one of %s's", d.service.name))
}
