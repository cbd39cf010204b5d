package newsletter

import (
	"slices"
	"strings"
	"testing"

	"shopbell/actions"
)

// TestVerdicts holds that every row of every table says what it must, and that none is hidden by one above it.
func TestVerdicts(t *testing.T) {
	for _, s := range services() {
		for i, v := range s.verdicts {
			switch {
			case !slices.Contains([]string{"doc", "spec", "3p", "mem"}, v.source):
				t.Errorf("%s: row %d does not say where it is known from: %q", s.name, i, v.source)
			case (v.outcome == actions.OutcomePermanent) != (v.blame != ""):
				t.Errorf("%s: row %d: %s with blame %q", s.name, i, v.outcome, v.blame)
			case v.outcome == actions.OutcomeOK || v.outcome == "":
				t.Errorf("%s: row %d: a failure is %q", s.name, i, v.outcome)
			case v.status == 0 && v.code == "" || 200 <= v.status && v.status < 400:
				t.Errorf("%s: row %d fits too much", s.name, i)
			case v.says != strings.ToLower(v.says):
				t.Errorf("%s: row %d: %q is never found in lower case", s.name, i, v.says)
			}
			code, status := v.code, v.status
			if code == "" {
				code = "any"
			}
			if status == 0 {
				status = 400
			}
			// Compared by position: a verdict of the same content from another row would do no harm, and yet be one too many.
			for j, other := range s.verdicts[:i] {
				if _, hides := judge([]verdict{other}, status, code, v.says, v.once); hides && (other.status == v.status || v.status == 0) {
					t.Errorf("%s: row %d is never reached: row %d fits all that it fits", s.name, i, j)
				}
			}
		}
	}
}

// TestStatusFirst holds that no word of a provider makes something final that its status says to try again.
func TestStatusFirst(t *testing.T) {
	for _, s := range services() {
		for _, v := range s.verdicts {
			for _, status := range []int{408, 425, 429, 500, 502, 503, 504} {
				if got, found := judge(s.verdicts, status, v.code, v.says, false); found && got.outcome != actions.OutcomeRetry {
					t.Errorf("%s: %d %s is %s", s.name, status, v.code, got.outcome)
				}
			}
		}
	}
}
