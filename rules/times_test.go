package rules_test

import (
	"strings"
	"testing"

	"shopbell/event"
)

// The forms in which the platforms send a time all mean the same moment.
func TestFormsOfTime(t *testing.T) {
	shop := event.Store{Timezone: "Europe/Berlin", Language: "en"}
	for _, form := range []string{
		`"2026-11-20T23:30:00Z"`, `"2026-11-21T00:30:00+01:00"`, `"2026-11-20T23:30:00.000Z"`, `"2026-11-20 23:30:00 +0000"`,
		`"2026-11-20 18:30:00 -0500"`, `"2026-11-20T18:30:00-0500"`, `"2026-11-21 00:30:00"`, `"2026-11-21T00:30:00"`, `"2026-11-21 00:30"`,
		`"2026-11-20 23:30:00Z"`, `"2026-11-20 23:30:00 UTC"`, `"Fri, 20 Nov 2026 23:30:00 GMT"`, `"Fri, 20 Nov 2026 23:30:00 +0000"`,
		`"2026-11-21 00:30:00 CET"`, `1795217400`, `1795217400.0`, `1795217400000`, `"1795217400"`, `"1795217400000"`, `event.created`, `event.data.at`,
	} {
		if got := evaluate(t, `date(`+form+`)`, shop); got != "2026-11-21T00:30:00+01:00" {
			t.Errorf("%s is %s", form, got)
		}
	}
}

func TestTimes(t *testing.T) {
	for _, test := range []struct{ zone, language, code, want string }{
		{"Europe/Berlin", "de", `day("2026-11-02")`, "2. November 2026"},
		{"Europe/Berlin", "de-AT", `day("2026-03-02", "Mon, 2. Jan 06")`, "Mo, 2. März 26"},
		{"", "fr", `day("2026-02-02")`, "2 février 2026"},
		{"", "es", `day("2026-02-02")`, "2 de febrero de 2026"},
		{"", "pt-BR", `day("2026-02-02", "Monday")`, "segunda-feira"},
		{"", "ru", `day("2026-02-02")`, "2 февраля 2026 г."},
		{"", "pl", `day("2026-11-02")`, "2 listopada 2026"},
		{"", "hu", `day("2026-11-02")`, "2026. november 2."},
		{"", "ja", `day("2026-11-02")`, "2026年11月2日"},
		{"", "zh-TW", `day("2026-11-02")`, "2026年11月2日"},
		{"", "no", `day("2026-11-02")`, "2. november 2026"},
		{"", "en-US", `day("2026-11-02")`, "November 2, 2026"},
		{"", "tlh", `day("2026-11-02")`, "2 November 2026"},
		{"", "de", `day("2026-11-02", "Monument Janet Mon Jan")`, "Monument Janet Mo Nov."},
		{"", "de", `day("2026-11-02T15:04:05.5Z", "15:04:05.000 Z07:00")`, "15:04:05.500 Z"},
		{"America/New_York", "en", `day(event.created, nil, "fr")`, "20 novembre 2026"},
		{"America/New_York", "en", `timeOfDay(event.created)`, "18:30"},
		{"Asia/Tokyo", "en", `hour(event.created)`, "8"},
		{"Asia/Tokyo", "ja", `weekday(event.created)`, "Saturday"},
		{"America/New_York", "en", `weekday(event.created)`, "Friday"},
		{"America/New_York", "en", `daysBetween(event.created, "2026-11-21T05:00:00Z")`, "1"},
		{"America/New_York", "en", `daysBetween("2026-11-01", "2026-03-08")`, "-238"},
		{"Europe/Berlin", "en", `daysBetween("2026-03-28 12:00", "2026-03-29 12:00")`, "1"},
		{"Europe/Berlin", "en", `hoursBetween("2026-03-28 12:00", "2026-03-29 12:00")`, "23"},
		{"Europe/Berlin", "en", `string(addDays("2026-03-28 12:00", 1))`, "2026-03-29T12:00:00+02:00"},
		{"Europe/Berlin", "en", `addDays("2024-02-28", 1) | day()`, "29 February 2024"},
		{"Europe/Berlin", "en", `day(addMonths("2026-03-31", -1))`, "28 February 2026"},
		{"Europe/Berlin", "en", `day(addMonths("2024-02-29", 12))`, "28 February 2025"},
		{"Europe/Berlin", "en", `day(addWorkdays("2026-11-20", 1), "Monday")`, "Monday"},
		{"Europe/Berlin", "en", `day(addWorkdays("2026-11-21", 1), "Monday 2")`, "Monday 23"},
		{"Europe/Berlin", "en", `day(addWorkdays("2026-11-22", -1), "Monday 2")`, "Friday 20"},
		{"Europe/Berlin", "en", `day(addWorkdays("2026-11-20", 10), "Monday 2")`, "Friday 4"},
		{"Europe/Berlin", "en", `day(addWorkdays("2026-11-21", 0), "Monday 2")`, "Saturday 21"},
		{"Europe/Berlin", "en", `before("2026-11-20", event.created) and not after("2026-11-20", event.created)`, "true"},
		{"Europe/Berlin", "en", `before(event.created, event.created) or after(event.created, event.created)`, "false"},
		{"Europe/Berlin", "en", `date(order.createDate) > event.created - duration("1h")`, "true"},
		{"Europe/Berlin", "en", `date("2026-11-21") - date("2026-11-20") == duration("24h")`, "true"},
		{"Europe/Berlin", "en", `date("20/11/26", "02/01/06") | day("2 Jan")`, "20 Nov"},
		{"Pacific/Auckland", "en", `weekday(order.createDate) in ["Saturday", "Sunday"] and hour(order.createDate) >= 9`, "true"},
	} {
		if got := evaluate(t, test.code, event.Store{Timezone: test.zone, Language: test.language}); got != test.want {
			t.Errorf("%s in %s, %s: %q, want %q", test.code, test.zone, test.language, got, test.want)
		}
	}
}

func TestTimesRefused(t *testing.T) {
	for code, want := range map[string]string{
		`day(trim("tomorrow"))`:                          `"tomorrow" is not a time`,
		`day(trim("20261120"))`:                          `"20261120" is not a time`,
		`day(trim(""))`:                                  `"" is not a time`,
		`day(event.data.yes)`:                            "day wants a time, and got true",
		`date("2026-11-20 10:00:00 PST")`:                `names the time zone "PST", which is not known here`,
		`date(trim("2026-02-30"))`:                       `"2026-02-30" is not a time`,
		`date(1e18)`:                                     "is not a time: write seconds or milliseconds since 1970",
		`date("20.11.2026", "2006-01-02")`:               `"20.11.2026" is not written like "2006-01-02"; a layout is an example of 2 January 2006`,
		`date(5, "2006")`:                                "date wants text when there is a layout, and got a number",
		`addDays("2026-11-20", 1.5)`:                     "the number of days must be a whole one from -1000000 to 1000000",
		`addDays("9999-12-31", 1)`:                       "it is a time before the year 1 or after the year 9999",
		`addWorkdays("2026-11-20", 100000)`:              "the number of days must be a whole one from -10000 to 10000",
		`day(event.created, event.data.long)`:            "the layout of a time has at most 200 characters",
		`hoursBetween(event.created, trim("yesterday"))`: `"yesterday" is not a time`,
	} {
		if _, err := attempt(t, code, event.Store{Timezone: "Europe/Berlin"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", code, err, want)
		}
	}
}

// A day of the week that there is not is a problem at load, not a condition that is never true.
func TestWeekdayIsChecked(t *testing.T) {
	text := problems(t, `weekday(order.createDate) == "Sonntag"`)
	if !strings.Contains(text, `weekday(order.createDate) is never "Sonntag"`) || !strings.Contains(text, "It is one of Monday, Tuesday") {
		t.Error(text)
	}
}
