package cloudcarttest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// CloudCart's own bounds and words.
const (
	timeout     = 5 * time.Second // to connect, to read, and altogether
	maxTries    = 6
	laterBy     = time.Minute // the first try of an order event with two receivers
	unsubscribe = "please unsubscribe me"
)

// A Doer sends a request; [http.Client] is one, and [Handler] gives one without a network.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: (&net.Dialer{Timeout: timeout}).DialContext},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Gap tells how long after so many failed tries the next follows: 120, 180, 240, 300 and 360 seconds. more is false when
// the webhook is switched off instead.
func Gap(tries int) (wait time.Duration, more bool) {
	if tries < 1 || tries >= maxTries {
		return 0, false
	}
	return time.Duration(tries+1) * time.Minute, true
}

// Deactivates tells whether a status switches a webhook off at once.
func Deactivates(status int) bool {
	switch status {
	case 400, 401, 403, 404, 405, 406, 410, 411:
		return true
	}
	return false
}

// A Delivery is one try to send a webhook.
type Delivery struct {
	Hook   string // id
	Event  string
	Try    int // from 1
	At     time.Time
	Status int    // 0 when there was no answer
	Error  string // why there was none
}

// A delivery is a webhook on its way.
type delivery struct {
	hook  string
	event string
	body  []byte
	tries int
	due   time.Time
}

// happened queues the webhooks of an event. s is locked.
func (s *Store) happened(collection, what string, r *Resource) {
	event := collections()[collection] + "." + what
	var to []*hook
	for _, h := range s.hooks {
		if h.active && h.event == event {
			to = append(to, h)
		}
	}
	entity := plain(r)
	if collection == "orders" {
		entity = s.nested(r)
	}
	body, _ := json.Marshal([]any{stripped(entity)}) // the store holds nothing that JSON cannot
	due := time.Now()
	if collection == "orders" && len(to) > 1 {
		due = due.Add(laterBy)
	}
	for _, h := range to {
		s.queue = append(s.queue, &delivery{hook: h.id, event: event, body: body, due: due})
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run sends webhooks as they fall due, until ctx is done.
func (s *Store) Run(ctx context.Context) { s.send(ctx, true) }

// Settle sends webhooks as they fall due, until nothing is left to send or ctx is done. That may take 20 minutes.
func (s *Store) Settle(ctx context.Context) { s.send(ctx, false) }

func (s *Store) send(ctx context.Context, forever bool) {
	for ctx.Err() == nil {
		d, wait := s.nextDue()
		switch {
		case d != nil && wait <= 0:
			s.try(ctx, d)
			continue
		case d == nil && !forever:
			return
		case d == nil:
			wait = time.Hour
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-s.wake:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// nextDue gives the webhook that is due first, and takes it out of the queue if it is due now.
func (s *Store) nextDue() (*delivery, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		return nil, 0
	}
	first := 0
	for i, d := range s.queue {
		if d.due.Before(s.queue[first].due) {
			first = i
		}
	}
	d := s.queue[first]
	wait := time.Until(d.due)
	if wait <= 0 {
		s.queue = slices.Delete(s.queue, first, first+1)
	}
	return d, wait
}

// find gives a webhook by its id; nil when it was deleted. s is locked.
func (s *Store) find(id string) *hook {
	if i := slices.IndexFunc(s.hooks, func(h *hook) bool { return h.id == id }); i >= 0 {
		return s.hooks[i]
	}
	return nil
}

// try makes one attempt, and decides what becomes of the webhook.
func (s *Store) try(ctx context.Context, d *delivery) {
	s.mu.Lock()
	h := s.find(d.hook)
	if h == nil || !h.active {
		s.mu.Unlock()
		return
	}
	h.used++
	address, key, headers := h.url, s.options.Key, h.headers
	s.mu.Unlock()

	d.tries++
	at := time.Now()
	status, text, err := s.post(ctx, address, key, headers, d.body)

	s.mu.Lock()
	defer s.mu.Unlock()
	entry := Delivery{Hook: d.hook, Event: d.event, Try: d.tries, At: at, Status: status}
	if err != nil {
		entry.Error, text = err.Error(), err.Error()
	}
	s.log = append(s.log, entry)
	if status == http.StatusOK {
		return
	}
	if h = s.find(d.hook); h == nil {
		return
	}
	var unknown *net.DNSError
	wait, more := Gap(d.tries)
	switch {
	case strings.Contains(text, unsubscribe):
		s.hooks = slices.DeleteFunc(s.hooks, func(other *hook) bool { return other == h })
	case Deactivates(status), errors.As(err, &unknown) && unknown.IsNotFound, !more:
		h.active = false
		s.alerts = append(s.alerts, fmt.Sprintf("The Webhook (%s - %s) has been deactivated: %s", h.event, h.url, text))
	default:
		d.due = time.Now().Add(wait)
		s.queue = append(s.queue, d)
	}
}

// post sends a webhook and reads the answer, all within 5 seconds.
func (s *Store) post(ctx context.Context, address, key string, headers map[string]any, body []byte) (status int, text string, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	for name, value := range headers {
		request.Header.Set(name, fmt.Sprint(value))
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-CloudCart-ApiKey", key)
	response, err := s.options.Deliver.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	read, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err != nil {
		return 0, "", err
	}
	return response.StatusCode, response.Status + " " + string(read), nil
}

// Log tells of every try so far, in order.
func (s *Store) Log() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

// Alerts tells what the merchant was told: of each webhook that was switched off, with the receiver's answer.
func (s *Store) Alerts() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.alerts)
}
