package ecwidtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Ecwid's own bounds.
const (
	connectTimeout  = 3 * time.Second
	responseTimeout = 10 * time.Second
	blockAfter      = 14 * 24 * time.Hour // of nothing but failures
	logLength       = 500
)

// SenderOptions say how webhooks are sent. URL and Secret are needed.
type SenderOptions struct {
	URL       string            // of the receiver, without eventtype
	Secret    string            // the app's client secret
	Header    http.Header       // static headers that Ecwid's support has set for the app; added to the others
	Transport http.RoundTripper // nil means a new one with Ecwid's time-outs
	Parallel  int               // at once; 0 means 1, so that first tries arrive in order
	Unordered bool              // any waiting webhook may be sent next, as Ecwid warns
	Doubled   bool              // every delivered webhook is sent once more
	Lost      float64           // share of webhooks that are never sent, from 0 to 1
	Delay     time.Duration     // the longest wait before the first try; each webhook waits some part of it
	Seed      uint64            // of the disorder; 0 means another every time
}

// A Sender posts webhooks to one receiver, again and again as Ecwid does. All methods may be called at once.
type Sender struct {
	options SenderOptions
	client  *http.Client
	ctx     context.Context // of requests; done when Close gives up
	cancel  context.CancelFunc
	wake    chan struct{} // tells loop that waiting has changed; holds one
	done    chan struct{} // closed when loop has ended

	mu      sync.Mutex
	random  *rand.Rand
	waiting []*delivery // not sent, or to be sent again; in order of Send
	active  int         // requests under way
	log     []*delivery // newest last
	failing time.Time   // since when nothing was delivered; zero when the last try was
	blocked bool
	closed  bool
	idle    []chan struct{} // closed when nothing is due now
}

// NewSender starts a sender. Close ends it.
func NewSender(o SenderOptions) *Sender {
	if o.Transport == nil {
		o.Transport = &http.Transport{DialContext: (&net.Dialer{Timeout: connectTimeout}).DialContext,
			ResponseHeaderTimeout: responseTimeout, MaxIdleConnsPerHost: 8}
	}
	o.Parallel = max(o.Parallel, 1)
	s := &Sender{options: o, random: newRandom(o.Seed),
		wake: make(chan struct{}, 1), done: make(chan struct{})}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.client = &http.Client{Transport: o.Transport, Timeout: connectTimeout + responseTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	go s.loop()
	return s
}

// Send queues a webhook. It does not wait. A closed or blocked sender drops it.
func (s *Sender) Send(n Notice) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := &delivery{Delivery: Delivery{Notice: n}, body: Notification(n), due: time.Now()}
	s.log = append(s.log, d)
	if len(s.log) > logLength {
		s.log = slices.Delete(s.log, 0, len(s.log)-logLength)
	}
	if s.options.Delay > 0 {
		d.due = d.due.Add(time.Duration(s.random.Int64N(int64(s.options.Delay))))
	}
	if s.closed || s.blocked || s.random.Float64() < s.options.Lost {
		d.Dropped = true
		return
	}
	s.waiting = append(s.waiting, d)
	s.signal()
}

// Log tells of the last 500 webhooks, newest last.
func (s *Sender) Log() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	log := make([]Delivery, len(s.log))
	for i, d := range s.log {
		log[i] = d.Delivery
	}
	return log
}

// Blocked tells whether Ecwid has given the receiver up, after two weeks of failures.
func (s *Sender) Blocked() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.blocked
}

// Idle waits until nothing is under way and nothing is due now; later tries may be left.
func (s *Sender) Idle(ctx context.Context) error {
	s.mu.Lock()
	if !s.busy(time.Now()) {
		s.mu.Unlock()
		return nil
	}
	idle := make(chan struct{})
	s.idle = append(s.idle, idle)
	s.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close sends what is due now, waits for it, drops what would be tried later, and ends the sender. When ctx is done
// first, requests under way are cut off.
func (s *Sender) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	now := time.Now()
	s.waiting = slices.DeleteFunc(s.waiting, func(d *delivery) bool {
		d.Dropped = d.due.After(now)
		return d.Dropped
	})
	s.signal()
	s.mu.Unlock()
	defer s.cancel()
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
		s.cancel()
		<-s.done
		return ctx.Err()
	}
}

// signal wakes loop up. s is locked.
func (s *Sender) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *Sender) busy(now time.Time) bool {
	return s.active > 0 || slices.ContainsFunc(s.waiting, func(d *delivery) bool { return !d.due.After(now) })
}

// loop starts requests as they fall due, until the sender is closed and nothing is left.
func (s *Sender) loop() {
	defer close(s.done)
	for {
		s.mu.Lock()
		d, wait := s.next(time.Now())
		if d == nil && !s.busy(time.Now()) {
			for _, idle := range s.idle {
				close(idle)
			}
			s.idle = nil
			if s.closed {
				s.mu.Unlock()
				return
			}
		}
		s.mu.Unlock()
		if d != nil {
			go s.try(d)
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-s.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// next takes a webhook that is due, or tells how long there is none. s is locked.
func (s *Sender) next(now time.Time) (*delivery, time.Duration) {
	const long = 24 * time.Hour
	if s.active >= s.options.Parallel {
		return nil, long
	}
	var ready []int
	wait := long
	for i, d := range s.waiting {
		if left := d.due.Sub(now); left > 0 {
			wait = min(wait, left)
		} else {
			ready = append(ready, i)
		}
	}
	if len(ready) == 0 {
		return nil, wait
	}
	i := ready[0]
	if s.options.Unordered {
		i = ready[s.random.IntN(len(ready))]
	}
	d := s.waiting[i]
	s.waiting = slices.Delete(s.waiting, i, i+1)
	s.active++
	if d.first.IsZero() {
		d.first = now
	}
	return d, 0
}

// try posts one webhook and decides what comes next.
func (s *Sender) try(d *delivery) {
	status, err := s.post(d)
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.signal()
	s.active--
	if d.again {
		return
	}
	d.Tries++
	d.Status, d.Error, d.Next = status, "", time.Time{}
	if err != nil {
		d.Error = err.Error()
	}
	now := time.Now()
	if Delivered(status) {
		d.Delivered, s.failing = true, time.Time{}
		if s.options.Doubled {
			s.waiting = append(s.waiting, &delivery{Delivery: Delivery{Notice: d.Notice}, body: d.body, due: now, again: true})
		}
		return
	}
	s.failed(d, now)
}

func (s *Sender) post(d *delivery) (int, error) {
	address, err := Address(s.options.URL, d.Type)
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(s.ctx, http.MethodPost, address, bytes.NewReader(d.body))
	if err != nil {
		return 0, err
	}
	request.Header = Headers(d.Notice, s.options.Secret)
	for name, values := range s.options.Header {
		for _, value := range values {
			request.Header.Add(name, value) // a custom header of the same name is sent beside the default one
		}
	}
	response, err := s.client.Do(request)
	if err != nil {
		return 0, fmt.Errorf("no answer: %w", err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)) // the status alone counts
	return response.StatusCode, nil
}
