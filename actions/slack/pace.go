package slack

import (
	"context"
	"fmt"
	"sync"
	"time"

	"shopbell/actions"
)

// Slack takes about one message a second for each channel, and tolerates short bursts.
const (
	between = time.Second
	// patience is how long a try waits for its turn. A longer wait is not a try's to spend: it is told when to come back.
	patience = 3 * time.Second
	// forgetAfter is when a turn that nobody came back for is forgotten.
	forgetAfter = time.Hour
)

// pace spaces the messages of one account, for each channel on its own.
type pace struct {
	mu    sync.Mutex
	queue map[string]*queue // by channel, as it was written or as its id
	ids   map[string]string // id of a channel by its name, as answers told
}

// queue is who waits for one channel.
type queue struct {
	next time.Time            // when the next turn is
	turn map[string]time.Time // of who was told to come back, by the step's key
}

// enter waits until a message may go to a channel. A long wait is an error that says when to come back; the turn is kept for the
// key, so that coming back once is enough however many wait.
func (p *pace) enter(ctx context.Context, channel, key string) error {
	wait := p.reserve(channel, key, time.Now())
	if wait <= 0 {
		return nil
	}
	deadline, bound := ctx.Deadline()
	if wait > patience || bound && time.Until(deadline) < 2*wait {
		p.keep(channel, key, time.Now().Add(wait))
		return actions.RetryAfter(wait, fmt.Errorf("one message a second is what Slack takes for a channel, and others come first: it is this one's turn in %s", wait.Round(time.Second)))
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return actions.RetryAfter(0, fmt.Errorf("the try was stopped while it waited for its turn: %w", ctx.Err()))
	}
}

// reserve takes a turn and gives how long it is until then.
func (p *pace) reserve(channel, key string, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := p.of(channel)
	if at, kept := q.turn[key]; kept {
		delete(q.turn, key)
		return at.Sub(now)
	}
	at := now
	if q.next.After(now) {
		at = q.next
	}
	q.next = at.Add(between)
	return at.Sub(now)
}

// keep keeps a turn for who was told to come back.
func (p *pace) keep(channel, key string, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := p.of(channel)
	if q.turn == nil {
		q.turn = map[string]time.Time{}
	}
	q.turn[key] = at
}

// hold leaves a channel alone for as long as Slack asks.
func (p *pace) hold(channel string, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := time.Now().Add(wait); wait > 0 && p.of(channel).next.Before(until) {
		p.of(channel).next = until
	}
}

// known learns the id of a channel that was written by its name, so that both are one queue.
func (p *pace) known(channel, id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if channel == id || id == "" || p.ids[channel] == id {
		return
	}
	if p.ids == nil {
		p.ids = map[string]string{}
	}
	byName, byID := p.of(channel), p.of(id)
	delete(p.queue, channel)
	p.ids[channel] = id
	if byName.next.After(byID.next) {
		byID.next = byName.next
	}
	for key, at := range byName.turn {
		if byID.turn == nil {
			byID.turn = map[string]time.Time{}
		}
		byID.turn[key] = at
	}
}

// of gives the queue of a channel. Queues with nobody in them are dropped now and then. The mutex is held.
func (p *pace) of(channel string) *queue {
	if id, ok := p.ids[channel]; ok {
		channel = id
	}
	if q, ok := p.queue[channel]; ok {
		return q
	}
	const many = 256
	if len(p.queue) >= many {
		p.sweep(time.Now())
	}
	if p.queue == nil {
		p.queue = map[string]*queue{}
	}
	q := &queue{}
	p.queue[channel] = q
	return q
}

func (p *pace) sweep(now time.Time) {
	for name, q := range p.queue {
		for key, at := range q.turn {
			if now.Sub(at) > forgetAfter {
				delete(q.turn, key)
			}
		}
		if len(q.turn) == 0 && q.next.Before(now) {
			delete(p.queue, name)
		}
	}
}
