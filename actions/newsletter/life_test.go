package newsletter_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"shopbell/actions"
)

func providers() []string { return []string{"mailchimp", "brevo", "klaviyo", "mailerlite", "listmonk"} }

func hasTags(provider string) bool { return provider == "mailchimp" || provider == "mailerlite" }

// step carries out a step as the engine does: what is to be tried again is, until there is an end.
func (w *town) step(provider, params string) (actions.Result, actions.Answer) {
	w.t.Helper()
	out := open(w.t, provider, w.url)
	for try := 1; ; try++ {
		result, err := out.Send(w.t.Context(), actions.Call[json.RawMessage]{Key: "key-1", Try: try, Params: json.RawMessage(params)})
		if got := actions.OutcomeOf(err); got.Outcome != actions.OutcomeRetry || try == 12 {
			w.mu.Lock() // what the provider wrote is the caller's to read
			defer w.mu.Unlock()
			return result, got
		}
	}
}

const ada = `{"email":"Ada@Example.com","list":"7"`

// TestLife holds what a subscriber sees, at each provider: asked once, then on the list, then gone, and never taken back.
func TestLife(t *testing.T) {
	for _, provider := range providers() {
		t.Run(provider, func(t *testing.T) {
			w := newTown(t, provider)
			subscribe := ada + `,"consent":true}`
			want := func(what string, state string, outcomes ...actions.Outcome) func(actions.Result, actions.Answer) {
				return func(result actions.Result, answer actions.Answer) {
					t.Helper()
					if result["state"] != state || !slices.Contains(outcomes, answer.Outcome) {
						t.Errorf("%s: got %v, %+v", what, result, answer)
					}
				}
			}
			want("first", "pending", actions.OutcomeOK)(w.step(provider, subscribe))
			if w.mails != 1 || w.status != "pending" {
				t.Errorf("%d mails, %s", w.mails, w.status)
			}
			w.status = "subscribed" // the person has confirmed
			result, answer := w.step(provider, subscribe)
			// This Mailchimp's answers tell no time.
			if state := result["state"]; state != "already" && !(provider == "mailchimp" && state == "subscribed") {
				t.Errorf("again: got %v, %+v", result, answer)
			}
			if w.mails != 1 || w.status != "subscribed" {
				t.Errorf("again: %d mails, %s", w.mails, w.status)
			}
			if hasTags(provider) {
				want("tag", "tagged", actions.OutcomeOK)(w.step(provider, ada+`,"action":"tag","tags":["8","9"]}`))
				if !slices.Equal(w.tags, []string{"8", "9"}) {
					t.Errorf("tags %q", w.tags)
				}
			}
			want("leave", "unsubscribed", actions.OutcomeOK)(w.step(provider, ada+`,"action":"unsubscribe"}`))
			for _, again := range []string{subscribe, ada + `,"consent":true,"double_opt_in":false}`, ada + `,"consent":true,"name":"Ada","fields":{"a":1}}`} {
				want("come back", "suppressed", actions.OutcomeSkip)(w.step(provider, again))
			}
			if w.status != "left" || w.damage != "" || w.mails != 1 {
				t.Errorf("%s: %s, %d mails", w.damage, w.status, w.mails)
			}
		})
	}
}

// TestAtOnce holds the way without a mail.
func TestAtOnce(t *testing.T) {
	for _, provider := range providers() {
		w := newTown(t, provider)
		w.double = false
		for range 2 {
			result, answer := w.step(provider, ada+`,"consent":true,"double_opt_in":false}`)
			if s := result["state"]; answer.Blame != "" || s != "subscribed" && s != "already" {
				t.Errorf("%s: got %v, %+v", provider, result, answer)
			}
		}
		if w.status != "subscribed" || w.mails != 0 || w.damage != "" {
			t.Errorf("%s: %s, %d mails, %s", provider, w.status, w.mails, w.damage)
		}
	}
}

// TestTrouble holds that, whichever answer is lost and whichever call fails, nobody is asked to confirm twice, and what is not
// held for a person ends as if nothing had happened.
func TestTrouble(t *testing.T) {
	for _, provider := range providers() {
		for kind := range 8 {
			lost, known, double := kind&1 > 0, kind&2 > 0, kind&4 > 0
			for call := 1; ; call++ {
				w := newTown(t, provider)
				w.known, w.double, w.fail = known, double, call // there is a contact, on no list
				if lost {
					w.fail, w.lose = 0, call
				}
				t.Run(fmt.Sprintf("%s, lost %v, known %v, double %v, call %d", provider, lost, known, double, call), func(t *testing.T) {
					w.t = t
					w.survive(provider, lost, double)
				})
				if w.calls < call {
					break
				}
			}
		}
	}
}

func (w *town) survive(provider string, lost, double bool) {
	tags, wanted, mails := "", "subscribed", 0
	if hasTags(provider) {
		tags = `,"tags":["8"]`
	}
	if double {
		wanted, mails = "pending", 1
	}
	result, answer := w.step(provider, fmt.Sprintf(`%s,"consent":true,"double_opt_in":%v%s}`, ada, double, tags))
	if w.damage != "" || w.mails > mails {
		w.t.Errorf("%s, %d mails", w.damage, w.mails)
	}
	if answer.Outcome == actions.OutcomeUnknown {
		if !double || !lost && provider != "listmonk" {
			w.t.Errorf("it is held for nothing: %+v", answer)
		}
		return
	}
	if answer.Outcome != actions.OutcomeOK && answer.Outcome != actions.OutcomeSkip || w.status != wanted || w.mails != mails {
		w.t.Errorf("got %v, %+v, with %d mails, and the person is %q", result, answer, w.mails, w.status)
	}
	if tags != "" && len(w.tags) == 0 {
		w.t.Error("no tags")
	}
}
