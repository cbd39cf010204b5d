package newsletter_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"shopbell/actions"
	"shopbell/actions/newsletter"
)

// may tells whether a step may be repeated when nobody knows how far it has come.
func may(t *testing.T, provider, params string) bool {
	t.Helper()
	out := open(t, provider, "http://127.0.0.1:1")
	return actions.Repeats(newsletter.Action, out, actions.Call[json.RawMessage]{Key: "key-1", Try: 1, Params: json.RawMessage(params)})
}

// TestRepeats holds which steps are tried again after a crash, at each provider, and which are held for a person.
func TestRepeats(t *testing.T) {
	all := providers()
	for _, test := range []struct {
		step string
		at   []string // the providers where it may be repeated
	}{
		{ada + `,"consent":true}`, []string{"mailchimp", "mailerlite"}},
		{ada + `,"action":"subscribe","double_opt_in":true}`, []string{"mailchimp", "mailerlite"}},
		{ada + `,"consent":true,"double_opt_in":false}`, []string{"mailchimp", "brevo", "mailerlite", "listmonk"}},
		{ada + `,"consent":false}`, all},
		{ada + `,"action":"tag","tags":["8"]}`, all},
		{ada + `,"action":"unsubscribe"}`, []string{"mailchimp", "brevo", "mailerlite", "listmonk"}},
		{`{"email":"ada@example.com","action":"unsubscribe"}`, all},
		{`{"email":7}`, nil},
	} {
		for _, provider := range all {
			if got, want := may(t, provider, test.step), slices.Contains(test.at, provider); got != want {
				t.Errorf("%s: %s: got %v", provider, test.step, got)
			}
		}
	}
}

// TestKilled ends the program after each call of a step, before its answer came or after. Where the step may be repeated, the next try
// ends as if nothing had happened, and nobody is asked to confirm twice.
func TestKilled(t *testing.T) {
	for _, provider := range providers() {
		for _, step := range []string{`,"consent":true}`, `,"consent":true,"double_opt_in":false}`, `,"action":"tag","tags":["8"]}`, `,"action":"unsubscribe"}`} {
			if step = ada + step; !may(t, provider, step) {
				continue
			}
			for _, before := range []string{"", "subscribed"} {
				whole := newTown(t, provider)
				whole.begins(step, before)
				whole.step(provider, step)
				for call := 1; call <= whole.calls; call++ {
					t.Run(fmt.Sprintf("%s, %s, was %q, call %d", provider, step, before, call), func(t *testing.T) {
						w := newTown(t, provider)
						w.begins(step, before)
						w.killed(provider, step, call)
						w.survived(provider, step, whole)
					})
				}
			}
		}
	}
}

// begins says how the person stands before a step.
func (w *town) begins(step, status string) {
	var p struct {
		Confirm *bool `json:"double_opt_in"`
	}
	_ = json.Unmarshal([]byte(step), &p)
	w.double = p.Confirm == nil || *p.Confirm
	w.known, w.status = status != "", status
}

// killed begins a step, and ends in the middle of a call: what that has done is done.
func (w *town) killed(provider, step string, call int) {
	ctx, kill := context.WithCancel(w.t.Context())
	defer kill()
	w.after = func() {
		if w.calls == call {
			kill()
			panic(http.ErrAbortHandler)
		}
	}
	_, _ = open(w.t, provider, w.url).Send(ctx, actions.Call[json.RawMessage]{Key: "key-1", Try: 1, Params: json.RawMessage(step)})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.after = nil
}

// survived has the next program try again, and compares with a step that nothing came between.
func (w *town) survived(provider, step string, whole *town) {
	w.t.Helper()
	result, err := open(w.t, provider, w.url).Send(w.t.Context(), actions.Call[json.RawMessage]{Key: "key-1", Try: 2, Params: json.RawMessage(step)})
	if got := actions.OutcomeOf(err); got.Outcome != actions.OutcomeOK && got.Outcome != actions.OutcomeSkip {
		w.t.Errorf("got %v, %+v: %v", result, got, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.status != whole.status || w.mails != whole.mails || w.damage != "" || !slices.Equal(w.tags, whole.tags) {
		w.t.Errorf("the person is %q with %q after %d mails, %s; without a kill %q with %q after %d", w.status, w.tags, w.mails, w.damage, whole.status, whole.tags, whole.mails)
	}
}
