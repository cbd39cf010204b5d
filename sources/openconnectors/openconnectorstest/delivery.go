package openconnectorstest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"shopbell/sources/openconnectors"
)

// maxRetries is how often a notification is sent again.
const maxRetries = 9

// RetryAfter tells how long the platform waits before it sends a notification for the nth time again: 2 to the power of 2n
// seconds, which is 4, 16, 64 … 262144. more is false when the subscription is deactivated instead.
func RetryAfter(n int) (wait time.Duration, more bool) {
	if n < 1 || n > maxRetries {
		return 0, false
	}
	return time.Second << (2 * n), true
}

// A Delivery is one notification, and what became of it so far.
type Delivery struct {
	ID        int
	Instance  int
	Event     string // id of the event that it is of
	Body      []byte
	Tries     int
	Status    int // of the last answer; 0 when there was none
	Delivered bool
	Queued    bool      // kept for good: the subscription is deactivated
	Due       time.Time // of the next try
}

// Request makes the request that delivers a body to an instance's callback.
func (p *Platform) Request(ctx context.Context, instanceID int, body []byte) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.options.Callback, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Elements-Webhook-Id", strconv.Itoa(instanceID))
	p.mu.Lock()
	key := p.options.SignatureKey
	if i := p.instances[instanceID]; i != nil && i.SignatureKey != "" {
		key = i.SignatureKey
	}
	p.mu.Unlock()
	if key != "" {
		request.Header.Set(openconnectors.SignatureHeader, openconnectors.Sign(p.options.Algorithm, key, body))
	}
	return request, nil
}

// Deliver posts every notification that is due, one after the other, each once, and gives how many it tried.
func (p *Platform) Deliver(ctx context.Context) (tried int, err error) {
	for _, d := range p.due() {
		request, err := p.Request(ctx, d.Instance, d.Body)
		if err != nil {
			return tried, err
		}
		status := 0
		if response, err := p.client.Do(request); err == nil {
			status = response.StatusCode
			_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)) // the status alone counts
			response.Body.Close()
		} else if ctx.Err() != nil {
			return tried, ctx.Err()
		}
		tried++
		p.settle(d, status)
	}
	return tried, nil
}

// due gives what is to be sent now, in order of making.
func (p *Platform) due() (ready []*Delivery) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.options.Now()
	for _, i := range p.instances {
		for _, d := range i.queue {
			if !d.Delivered && !d.Queued && !i.stopped && !d.Due.After(now) {
				ready = append(ready, d)
			}
		}
	}
	slices.SortFunc(ready, func(a, b *Delivery) int { return a.ID - b.ID })
	return ready
}

// settle notes an answer, and when the next try is.
func (p *Platform) settle(d *Delivery, status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	d.Tries++
	d.Status, d.Delivered = status, status >= 200 && status < 300
	if d.Delivered {
		return
	}
	wait, more := RetryAfter(d.Tries)
	if more {
		d.Due = p.options.Now().Add(wait)
		return
	}
	d.Queued = true
	p.instances[d.Instance].stopped = true
}

// Due gives when the next try is; ok is false when nothing is left to send.
func (p *Platform) Due() (at time.Time, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, i := range p.instances {
		for _, d := range i.queue {
			if !d.Delivered && !d.Queued && !i.stopped && (!ok || d.Due.Before(at)) {
				at, ok = d.Due, true
			}
		}
	}
	return at, ok
}

// Deliveries gives copies of all notifications of an instance, in order of making.
func (p *Platform) Deliveries(instanceID int) []Delivery {
	p.mu.Lock()
	defer p.mu.Unlock()
	var found []Delivery
	for _, d := range p.instances[instanceID].queue {
		found = append(found, *d)
	}
	return found
}

// Deactivated tells whether the subscription of an instance was deactivated: its events are kept, and sent no more.
func (p *Platform) Deactivated(instanceID int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.instances[instanceID].stopped
}

// Activate makes a deactivated subscription send again, with what was queued.
func (p *Platform) Activate(instanceID int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := p.instances[instanceID]
	i.stopped = false
	for _, d := range i.queue {
		if d.Queued {
			d.Queued, d.Tries, d.Due = false, 0, p.options.Now()
		}
	}
}
