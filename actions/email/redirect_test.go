package email

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestRedirect(t *testing.T) {
	for name, c := range map[string]struct {
		params string
		want   []string // parts of what becomes of it
		not    []string
	}{
		"text": {`{"to":"anna@example.com","cc":["ben@example.com"],"bcc":"eve@example.com","subject":"Hi","text":"Hello"}`,
			[]string{`"to":["me@example.com"]`, `It is for anna@example.com, with a copy to ben@example.com, with a copy that nobody sees to eve@example.com.\n\nHello`}, []string{`"cc"`, `"bcc"`}},
		"html": {`{"to":"<b>@example.com","subject":"Hi","html":"<html><BODY class=x><p>Hello</p></body></html>"}`,
			[]string{"\\u003cBODY class=x\\u003e\\u003cp style", "\\u0026lt;b\\u0026gt;@example.com"}, []string{`"text"`}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Action.Redirect(json.RawMessage(c.params), "me@example.com")
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range c.want {
				if !strings.Contains(string(got), part) {
					t.Errorf("%s\nlacks %s", got, part)
				}
			}
			for _, part := range c.not {
				if strings.Contains(string(got), part) {
					t.Errorf("%s\nhas %s", got, part)
				}
			}
			if err := Action.Check(got); err != nil {
				t.Errorf("what it becomes cannot be sent: %v", err)
			}
		})
	}
	for _, to := range []string{"", "#sales", "me@example.com, you@example.com", "+491701234567"} {
		if Action.CanRedirect(to) == nil {
			t.Errorf("a message can go to %q", to)
		}
	}
}
