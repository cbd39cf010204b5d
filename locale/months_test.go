package locale

import (
	"strings"
	"testing"
	"time"
)

// Every language has twelve months and seven days, and a layout in which Go finds a day, a month and a year.
func TestCalendars(t *testing.T) {
	english := CalendarOf("en")
	for _, language := range strings.Fields("de fr es it nl pt pl ru uk bg cs sk da sv nb no nn fi et lv lt hu ro el tr hr sl sr ca ja zh ko he ar id vi th mk sq") {
		c := CalendarOf(language)
		for words, want := range map[string]int{c.months: 12, c.shortMonths: 12, c.weekdays: 7, c.shortWeekdays: 7} {
			parts := strings.Split(words, "|")
			if len(parts) != want {
				t.Errorf("%s has %d words in %q, want %d", language, len(parts), words, want)
			}
			for _, word := range parts {
				if word == "" || word != strings.TrimSpace(word) {
					t.Errorf("%s: %q is no word", language, word)
				}
			}
		}
		for month := range 12 {
			on := time.Date(2026, time.Month(month+1), 28, 0, 0, 0, 0, time.UTC)
			got := c.Format(on, c.layout)
			if !strings.Contains(got, nth(c.months, month)) || !strings.Contains(got, "28") || !strings.Contains(got, "2026") || strings.Contains(got, "January") {
				t.Errorf("%s writes %s as %q", language, on.Format(time.DateOnly), got)
			}
			if english.Format(on, "2006-01-02 15:04") != c.Format(on, "2006-01-02 15:04") {
				t.Errorf("%s writes digits in another way", language)
			}
		}
	}
	// January 1, 2023 was a Sunday.
	for i, want := range []string{"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"} {
		if got := CalendarOf("de").Format(time.Date(2023, 1, 1+i, 0, 0, 0, 0, time.UTC), "Monday"); got != want {
			t.Errorf("day %d is %s, want %s", i, got, want)
		}
	}
}
