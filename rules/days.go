package rules

import (
	"time"

	"shopbell/locale"
)

func timeFunctions() []Function {
	return []Function{
		{
			Name: "day", Signature: "day(time, layout?, language?)",
			Doc: "A time in the store's time zone as text, in the store's language or the one named. Without a layout it is the day as people write it there; " +
				"a layout is an example of Monday, 2 January 2006, 15:04:05: \"02.01.2006 15:04\", \"Monday\", \"2 Jan\".",
			least: 1, most: 3, params: []form{anything, text, text}, gives: text, reads: true, run: runDay,
			Examples: []Example{
				{`day("2026-11-20T23:30:00Z")`, "21 November 2026"}, {`day("2026-11-20T23:30:00Z", "02.01.2006 15:04")`, "21.11.2026 00:30"},
				{`day("2026-11-20T23:30:00Z", "Monday, 2 January", "fr")`, "samedi, 21 novembre"},
			},
		},
		{
			Name: "timeOfDay", Signature: "timeOfDay(time)",
			Doc:   "The time of day in the store's time zone, with hours from 00 to 23. Texts of it compare as times do.",
			least: 1, most: 1, params: []form{anything}, gives: text, reads: true, run: inZone("timeOfDay", func(t time.Time) any { return t.Format("15:04") }),
			Examples: []Example{{`timeOfDay("2026-11-20T23:30:00Z")`, "00:30"}, {`timeOfDay("2026-11-20T23:30:00Z") < "08:00"`, "true"}},
		},
		{
			Name: "hour", Signature: "hour(time)", Doc: "The hour of the day in the store's time zone, from 0 to 23.",
			least: 1, most: 1, params: []form{anything}, gives: number, reads: true, run: inZone("hour", func(t time.Time) any { return t.Hour() }),
			Examples: []Example{{`hour("2026-11-20T08:30:00Z")`, "9"}},
		},
		{
			Name: "weekday", Signature: "weekday(time)",
			Doc:   "The day of the week in the store's time zone, always in English, so that a condition holds in every store. For a message, write day(time, \"Monday\").",
			least: 1, most: 1, params: []form{anything}, gives: text, reads: true,
			values:   []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"},
			run:      inZone("weekday", func(t time.Time) any { return t.Weekday().String() }),
			Examples: []Example{{`weekday("2026-11-20T23:30:00Z")`, "Saturday"}},
		},
		{
			Name: "unix", Signature: "unix(time)", Doc: "A time as whole seconds since 1970.",
			least: 1, most: 1, params: []form{anything}, gives: number, reads: true, run: inZone("unix", func(t time.Time) any { return int(t.Unix()) }),
			Examples: []Example{{`unix("2026-11-20T23:30:00Z")`, "1795217400"}},
		},
		{
			Name: "date", Signature: "date(time, layout?)",
			Doc: "A time, in the store's time zone, out of what platforms write: \"2026-11-20T23:30:00Z\", \"2026-11-20 23:30:00 +0000\", \"2026-11-20\", seconds or milliseconds since 1970. " +
				"What has no zone is meant in the store's. A layout says how other text is written. Times can be compared, subtracted, and moved by duration(\"2h\").",
			least: 1, most: 2, params: []form{anything, text}, gives: moment, reads: true, run: runDate,
			Examples: []Example{
				{`date("2026-11-20 23:30:00 +0000")`, "2026-11-21T00:30:00+01:00"}, {`date(1795217400000)`, "2026-11-21T00:30:00+01:00"},
				{`date("20.11.2026", "02.01.2006") + duration("90m")`, "2026-11-20T01:30:00+01:00"},
			},
		},
	}
}

// inZone makes a function of what it gives of a time in the store's zone.
func inZone(name string, give func(t time.Time) any) func(s *scope, args []any) (any, error) {
	return func(s *scope, args []any) (any, error) {
		t, err := s.time(name, args[0])
		if err != nil {
			return nil, err
		}
		return give(t), nil
	}
}

func runDay(s *scope, args []any) (any, error) {
	t, err := s.time("day", args[0])
	if err != nil {
		return nil, err
	}
	language, err := languageOf(args, 2, s.store.Language)
	if err != nil {
		return nil, err
	}
	names := locale.CalendarOf(language)
	layout, ok := optional[string](args, 1)
	if !ok {
		layout = names.Layout()
	}
	if len(layout) > maxLayout {
		return nil, errLayout
	}
	return names.Format(t, layout), nil
}

func runDate(s *scope, args []any) (any, error) {
	layout, ok := optional[string](args, 1)
	if !ok {
		return s.time("date", args[0])
	}
	written, isText := plainer(args[0]).(string)
	switch {
	case !isText:
		return nil, wants("date", "text when there is a layout", args[0])
	case len(layout) > maxLayout:
		return nil, errLayout
	case len(written) > 2*maxLayout:
		return nil, unlike(written, layout)
	}
	t, err := time.ParseInLocation(layout, written, s.location())
	if err != nil {
		return nil, unlike(written, layout)
	}
	return within(t.In(s.location()))
}
