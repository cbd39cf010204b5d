package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"shopbell/actions"
)

// An Answer is what a provider said.
type Answer struct {
	Status  int
	Header  http.Header
	Body    []byte // at most MaxBody; known secrets in it are replaced by "[secret]"
	Partial error  // why Body is not all there was: longer than MaxBody, or broken off; nil when it is whole
	host    string
}

// The reasons why a body is not whole.
var (
	ErrLong = errors.New("the answer is longer than 1 MiB")
	ErrCut  = errors.New("the answer broke off")
)

// read takes in an answer, within bounds.
func (c *Client) read(r *http.Response) *Answer {
	defer r.Body.Close()
	a := &Answer{Status: r.StatusCode, Header: r.Header, host: Host(r.Request)}
	if r.ContentLength == 0 {
		return a
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	switch {
	case err != nil:
		a.Partial = ErrCut
	case len(body) > MaxBody:
		a.Partial = ErrLong
		body = body[:MaxBody]
		// What is read to its end leaves a connection that can be used again. An answer that goes on costs it.
		_, _ = io.CopyN(io.Discard, r.Body, maxDrain)
	}
	if a.Body = c.mask.Bytes(body); a.Partial != nil {
		a.Body = c.mask.End(a.Body)
	}
	return a
}

// Err sorts the answer by its status: nil for 2xx, else an error with its outcome, with the wait that the provider asks
// for, and with the beginning of what it said. Rows that are given come before the usual ones, see [Sort].
func (a *Answer) Err(rows ...Row) error {
	outcome, blame := Sort(a.Status, rows...)
	switch outcome {
	case actions.OutcomeOK:
		return nil
	case actions.OutcomeSkip:
		return actions.Skip(a.words())
	case actions.OutcomePermanent:
		return actions.Permanent(blame, errors.New(a.words()))
	case actions.OutcomeUnknown:
		return actions.Unknown(errors.New(a.words()))
	}
	if a.Status == http.StatusTooManyRequests {
		return actions.Throttled(a.Wait(), errors.New(a.words()))
	}
	return actions.RetryAfter(a.Wait(), errors.New(a.words()))
}

// Wait gives the time for which the provider wants to be left alone; 0 when it did not say.
func (a *Answer) Wait() time.Duration {
	return RetryAfter(a.Header.Get("Retry-After"), time.Now())
}

// words says what came back, in one line.
func (a *Answer) words() string {
	text := fmt.Sprintf("%s answered %d", a.host, a.Status)
	if name := http.StatusText(a.Status); name != "" {
		text += " " + name
	}
	if 300 <= a.Status && a.Status < 400 {
		text += ", and redirects are not followed"
	}
	if said := actions.Excerpt(a.Body); said != "" {
		text += ": " + said
	}
	return text
}
