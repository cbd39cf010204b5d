package newsletter

import (
	"encoding/json"
	"strings"
	"time"

	"shopbell/actions"
)

// notJSON is the code of an answer that is no JSON object: it comes from something before the service.
const notJSON = "(no JSON)"

// A verdict says what a failure means. The status comes first: one that says to try again is overruled only by name.
type verdict struct {
	status  int    // 0 means any from 400 to 499 but 408, 425 and 429
	code    string // "" means any
	says    string // what the words must hold, in lower case; "" for anything
	once    bool   // only for calls that must not be repeated blindly
	outcome actions.Outcome
	blame   actions.Blame // of a permanent outcome
	part    string        // of the account that is to blame; "" for all of it
	wait    time.Duration // of a retry, when the service does not say
	words   string        // what to do, for people; "" when the service says it
	source  string        // where this is known from: doc, spec (of the service's API or SDK), 3p (others) or mem (not checked)
}

// judge finds the first verdict that fits.
func judge(all []verdict, status int, code, words string, once bool) (verdict, bool) {
	words = strings.ToLower(words)
	for _, v := range all {
		fits := v.status == status || v.status == 0 && 400 <= status && status <= 499 && status != 408 && status != 425 && status != 429
		if fits && (v.code == "" || strings.EqualFold(v.code, code)) && strings.Contains(words, v.says) && (once || !v.once) {
			return v, true
		}
	}
	return verdict{}, false
}

// err makes the error that a verdict stands for.
func (v verdict) err(err error, wait time.Duration) error {
	switch v.outcome {
	case actions.OutcomeSkip:
		return actions.Skip(err.Error())
	case actions.OutcomePermanent:
		if v.part != "" {
			return actions.PermanentPart(v.part, err)
		}
		return actions.Permanent(v.blame, err)
	case actions.OutcomeUnknown:
		return actions.Unknown(err)
	}
	return actions.RetryAfter(max(wait, v.wait), err)
}

// object reads a JSON object as far as its fields have the types asked for; it is false for anything else.
func object(body []byte, into any) bool {
	body = []byte(strings.TrimSpace(string(body)))
	if len(body) == 0 || body[0] != '{' || !json.Valid(body) {
		return false
	}
	_ = json.Unmarshal(body, into) // a field of another type stays empty, and the others are there
	return true
}
