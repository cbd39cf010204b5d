package demo

import (
	"slices"
	"sync"
	"time"
)

// inboxSize is how many messages an inbox keeps; older ones are forgotten.
const inboxSize = 500

// A Message is one that reached its reader: a mail, a message in Slack or a text on a phone. The fields of the others are zero.
type Message struct {
	ID int64 // order of arrival, from 1
	At time.Time

	Mail  *Mail
	Slack *Post
	Text  *Text
}

// An Inbox holds what was sent. Its methods may be called by many goroutines at once.
type Inbox struct {
	mu        sync.Mutex
	messages  []Message // oldest first
	lastID    int64
	listeners map[chan struct{}]bool
}

// newInbox makes an empty inbox.
func newInbox() *Inbox { return &Inbox{listeners: map[chan struct{}]bool{}} }

// Add puts a message in, with its number and time.
func (b *Inbox) Add(m Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lastID++
	m.ID, m.At = b.lastID, time.Now()
	b.messages = append(b.messages, m)
	if len(b.messages) > inboxSize {
		b.messages = slices.Delete(b.messages, 0, len(b.messages)-inboxSize)
	}
	for listener := range b.listeners {
		select {
		case listener <- struct{}{}:
		default: // it has not looked since the last signal
		}
	}
}

// Messages gives the newest messages, newest first.
func (b *Inbox) Messages(limit int) []Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	newest := slices.Clone(b.messages[max(0, len(b.messages)-limit):])
	slices.Reverse(newest)
	return newest
}

// Find gives one message; false when it is not there.
func (b *Inbox) Find(id int64) (Message, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.messages {
		if m.ID == id {
			return m, true
		}
	}
	return Message{}, false
}

// Clear forgets all messages.
func (b *Inbox) Clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.messages = nil
}

// Changes gives a signal after messages have come in, coalesced. stop ends it.
func (b *Inbox) Changes() (changed <-chan struct{}, stop func()) {
	listener := make(chan struct{}, 1)
	b.mu.Lock()
	b.listeners[listener] = true
	b.mu.Unlock()
	return listener, func() {
		b.mu.Lock()
		delete(b.listeners, listener)
		b.mu.Unlock()
	}
}
