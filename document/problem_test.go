package document

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestProblemText(t *testing.T) {
	long := strings.Repeat("a", 300) + "é" + strings.Repeat("b", 300)
	for name, test := range map[string]struct {
		problem Problem
		want    string
	}{
		"whole file":     {Problem{File: "r.yaml", Message: "it is gone"}, "r.yaml: it is gone\n"},
		"caret":          {Problem{File: "r.yaml", Line: 2, Column: 3, Message: "no", Hint: "Yes.", Source: "  x"}, "r.yaml:2:3: no\n |   x\n | ..^\n Yes.\n"},
		"tab":            {Problem{File: "r.yaml", Line: 1, Column: 2, Message: "no", Source: "\tx"}, "r.yaml:1:2: no\n |  x\n | .^\n"},
		"terminal codes": {Problem{File: "r.yaml", Line: 1, Column: 1, Message: "no", Source: "\x1b[2Jx\u009b"}, "r.yaml:1:1: no\n |  [2Jx \n | ^\n"},
		"long line": {Problem{File: "r.yaml", Line: 1, Column: 301, Message: "no", Source: long},
			"r.yaml:1:301: no\n | " + strings.Repeat("a", 79) + "é" + strings.Repeat("b", 80) + "\n | " + strings.Repeat(".", 79) + "^\n"},
		"very long line": {Problem{File: "r.yaml", Line: 1, Column: 10_001, Message: "no", Source: strings.Repeat("a", 10_000) + "é"},
			"r.yaml:1:10001: no\n | " + strings.Repeat("a", 79) + "é\n | " + strings.Repeat(".", 79) + "^\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.problem.String(); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// A file of one very long line would be repeated with each of its problems.
func TestProblemJSON(t *testing.T) {
	for length, kept := range map[int]bool{10: true, longestSource: true, longestSource + 1: false} {
		text, err := json.Marshal([]Problem{{File: "r.yaml", Line: 1, Column: 1, Message: "no", ID: "unknown-key", Source: strings.Repeat("x", length)}})
		if err != nil {
			t.Fatal(err)
		}
		var back []Problem
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if (back[0].Source != "") != kept || back[0].ID != "unknown-key" || back[0].Message != "no" {
			t.Errorf("of %d bytes comes %s", length, text)
		}
	}
}

func TestAfter(t *testing.T) {
	f, _ := Parse("t.yaml", []byte("a: é # b\nb: "+strings.Repeat("ü", longLine)+"\n"))
	for at, want := range map[Position]string{{1, 4}: "é # ", {1, 8}: "b", {1, 99}: "", {1, 0}: "a: é", {9, 1}: "", {2, 3}: " üüü"} {
		if got := f.After(at, 4); got != want {
			t.Errorf("after %v is %q, want %q", at, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	for word, want := range map[string]string{"evnt": "event", "totla": "total", "x": "", "Event": "event", strings.Repeat("event", 50): ""} {
		if got, _ := Nearest(word, []string{"event", "total", strings.Repeat("event", 50) + "s"}); got != want {
			t.Errorf("near %.20q is %q, want %q", word, got, want)
		}
	}
}
