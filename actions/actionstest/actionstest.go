// Package actionstest is the exam that every kind of action sits:
//
//	func TestExam(t *testing.T) {
//		actionstest.Run(t, slack.Action, actionstest.Bench{
//			Account: func(address string) string { return `{"token":"` + actionstest.Secret + `", "api":"http://` + address + `/api/"}` },
//			Params:  func(string) string { return `{"channel":"#x","text":"hello"}` },
//			HTTP:    &actionstest.HTTP{Body: `{"ok":true,"ts":"1.2"}`, Statuses: …},
//		})
//	}
//
// It plays the provider: one that answers with every status, repeats what it was sent, hangs, drips, breaks off, talks rubbish,
// talks for ever, sends elsewhere, or is not there. What does not apply to a kind is said in [Bench.Exempt], with the reason.
package actionstest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shopbell/actions"
)

// Secret is what a [Bench] puts wherever its account has a secret. Nothing that a kind says may hold it.
const Secret = "hush-8d1f0c5e7b2a94"

// Key is the idempotency key of the exam's steps.
const Key = "exam-key_01"

// A Bench says how a kind is examined.
type Bench struct {
	// Account gives an account as JSON, for a provider that listens at an address such as 127.0.0.1:4711; "" for none.
	Account func(address string) string
	// Params gives the parameters of a good step as JSON.
	Params func(address string) string
	// HTTP says how the provider speaks HTTP; nil when it does not.
	HTTP *HTTP
	// Liars are providers, by name, that speak the kind's own protocol and repeat what secrets they are sent. Those
	// of HTTP need not be given.
	Liars map[string]func(net.Conn)
	// Exempt says which exams do not apply, and why.
	Exempt map[string]string
}

// exam is one of the exams. All are in [exams].
type exam struct {
	name string
	run  func(*testing.T, *candidate)
}

// exams lists them, in the order in which they are sat.
func exams() []exam {
	return []exam{
		{"example", example},
		{"statuses", statuses},
		{"same key", sameKey},
		{"repeats", repeats},
		{"refused", refused},
		{"context", heedsContext},
		{"bounds", bounds},
		{"faults", faults},
		{"secrets", secrets},
	}
}

// Run puts a kind through every exam, save those that are exempt.
func Run(t *testing.T, kind *actions.Kind, b Bench) {
	t.Helper()
	known := make(map[string]bool)
	for _, e := range exams() {
		known[e.name] = true
		t.Run(e.name, func(t *testing.T) {
			if why, exempt := b.Exempt[e.name]; exempt {
				if why == "" {
					t.Error("exempt without a reason")
				}
				t.Log("does not apply:", why)
				return
			}
			e.run(t, &candidate{kind: kind, bench: b})
		})
	}
	for name := range b.Exempt {
		if !known[name] {
			t.Errorf("exempt from %q: there is no such exam, there are %q", name, slices.Sorted(maps.Keys(known)))
		}
	}
}

// candidate is the kind under exam.
type candidate struct {
	kind  *actions.Kind
	bench Bench
}

// said is all that came of one send.
type said struct {
	result actions.Result
	err    error
	answer actions.Answer
	log    string
	took   time.Duration
}

// all is everything said, for a search.
func (s said) all(t *testing.T) string {
	t.Helper()
	text, err := json.Marshal(s.result)
	if err != nil {
		t.Fatalf("the result is not plain: %v", err)
	}
	parts := []string{string(text), fmt.Sprintf("%v", s.result), s.log}
	for err := s.err; err != nil; err = errors.Unwrap(err) {
		parts = append(parts, fmt.Sprintf("%v %+v %#v", err, err, err))
	}
	return strings.Join(parts, "\n")
}

// send opens the account at an address and sends the bench's step once.
func (c *candidate) send(ctx context.Context, t *testing.T, address string) said {
	t.Helper()
	out, log := c.open(t, c.config(address))
	begun := time.Now()
	result, err := out.Send(ctx, actions.Call[json.RawMessage]{Key: Key, Try: 1, Params: json.RawMessage(c.bench.Params(address))})
	return said{result: result, err: err, answer: actions.OutcomeOf(err), log: log(), took: time.Since(begun)}
}

// config gives the bench's account; nil for none.
func (c *candidate) config(address string) json.RawMessage {
	if c.bench.Account == nil || c.bench.Account(address) == "" {
		return nil
	}
	return json.RawMessage(c.bench.Account(address))
}

// open opens an account, with a log that can be read.
func (c *candidate) open(t *testing.T, config json.RawMessage) (out actions.Outlet, log func() string) {
	t.Helper()
	record := &recorder{}
	env := actions.Env{
		Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")},
		Log:   slog.New(slog.NewJSONHandler(record, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	out, err := c.kind.Open(env, config)
	if err != nil {
		t.Fatalf("the account does not open: %v", err)
	}
	return out, record.String
}

// AnswerOf is what an error says of one step: not whether others are to rest too, and which part of an account is to blame.
func AnswerOf(err error) actions.Answer {
	a := actions.OutcomeOf(err)
	a.Pause, a.Part = false, ""
	return a
}

// recorder keeps what is logged.
type recorder struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements [io.Writer].
func (r *recorder) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.Write(p)
}

// String gives all that was written.
func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.String()
}
