package engine

import "testing"

func TestNames(t *testing.T) {
	for _, c := range []struct {
		text, recipient string
		want            bool
	}{
		{"ann@example.com", "ann@example.com", true},
		{"Ann <Ann@Example.COM>", "ann@example.com", true},
		{"joann@example.com", "ann@example.com", false},
		{"ann@example.com.evil", "ann@example.com", false},
		{"ann@example.community", "ann@example.com", false},
		{"Write to ann@example.com.", "ann@example.com", true},
		{"mail.ann@example.com", "ann@example.com", false},
		{"a\nann@example.com\nb", "ann@example.com", true},
		{"+49 170 1234567", "+491701234567", true},
		{"+491701234567", "0170 123 45 67", true},
		{"+491701234567", "1234", false},
		{"order 491701234567", "+491701234567", false}, // a number of something else
		{"+4917012345678", "+491701234567", false},
		{"", "ann@example.com", false},
		{"#sales", "#sales", true},
	} {
		if got := names(c.text, c.recipient); got != c.want {
			t.Errorf("%q names %q: %v", c.text, c.recipient, got)
		}
	}
}
