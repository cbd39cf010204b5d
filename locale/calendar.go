package locale

import (
	"strings"
	"time"
)

// A Calendar is the names of months and days in a language, divided by bars, and how people write a day there. One
// without names is English.
type Calendar struct {
	layout                                       string
	months, shortMonths, weekdays, shortWeekdays string
}

// Layout is how people write a day, as an example of 2 January 2006.
func (c Calendar) Layout() string { return c.layout }

// Format writes a time as a layout says, with the names of the calendar's language.
func (c Calendar) Format(t time.Time, layout string) string {
	if c.months == "" {
		return t.Format(layout)
	}
	var b strings.Builder
	for layout != "" {
		at, length, name := c.nextName(t, layout)
		b.WriteString(t.Format(layout[:at]))
		b.WriteString(name)
		layout = layout[at+length:]
	}
	return b.String()
}

// nextName finds the first name of a month or a day that a layout asks for, where [time.Time.Format] finds it.
func (c Calendar) nextName(t time.Time, layout string) (at, length int, name string) {
	for i := range len(layout) {
		rest := layout[i:]
		switch {
		case strings.HasPrefix(rest, "January"):
			return i, len("January"), nth(c.months, int(t.Month())-1)
		case strings.HasPrefix(rest, "Monday"):
			return i, len("Monday"), nth(c.weekdays, int(t.Weekday()))
		case strings.HasPrefix(rest, "Jan") && !smallAt(rest, 3):
			return i, len("Jan"), nth(c.shortMonths, int(t.Month())-1)
		case strings.HasPrefix(rest, "Mon") && !smallAt(rest, 3):
			return i, len("Mon"), nth(c.shortWeekdays, int(t.Weekday()))
		}
	}
	return len(layout), 0, ""
}

func smallAt(s string, i int) bool { return i < len(s) && 'a' <= s[i] && s[i] <= 'z' }

// nth gives one of the words that bars divide.
func nth(words string, n int) string {
	for range n {
		_, words, _ = strings.Cut(words, "|")
	}
	word, _, _ := strings.Cut(words, "|")
	return word
}
