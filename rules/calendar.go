package rules

import (
	"time"
)

func calendarFunctions() []Function {
	return []Function{
		{
			Name: "daysBetween", Signature: "daysBetween(from, to)",
			Doc:   "How many days of the store's calendar one time is after another: 0 on the same day, 1 on the next, below zero before.",
			least: 2, most: 2, params: []form{anything}, gives: number, reads: true, run: runDaysBetween,
			Examples: []Example{{`daysBetween("2026-11-20", "2026-12-01")`, "11"}, {`daysBetween("2026-11-20T22:30:00Z", "2026-11-20T23:30:00Z")`, "1"}},
		},
		{
			Name: "hoursBetween", Signature: "hoursBetween(from, to)", Doc: "How many hours one time is after another, with a fraction.",
			least: 2, most: 2, params: []form{anything}, gives: number, reads: true, run: runHoursBetween,
			Examples: []Example{{`hoursBetween("2026-11-20 08:00", "2026-11-20 09:30")`, "1.5"}},
		},
		{
			Name: "before", Signature: "before(time, than)", Doc: "True when a time is earlier than another, however they are written.",
			least: 2, most: 2, params: []form{anything}, gives: flag, reads: true, run: runBefore,
			Examples: []Example{{`before("2026-11-20 23:30:00 +0000", "2026-11-21T00:31:00+01:00")`, "true"}},
		},
		{
			Name: "after", Signature: "after(time, than)", Doc: "True when a time is later than another, however they are written.",
			least: 2, most: 2, params: []form{anything}, gives: flag, reads: true, run: runAfter,
			Examples: []Example{{`after(1795217400, "2026-11-20")`, "true"}},
		},
		{
			Name: "addDays", Signature: "addDays(time, days)",
			Doc:   "The same time of day so many days later in the store's calendar, or earlier, with a number below zero.",
			least: 2, most: 2, params: []form{anything, number}, gives: moment, reads: true, run: runAddDays,
			Examples: []Example{{`day(addDays("2026-11-20", 14))`, "4 December 2026"}},
		},
		{
			Name: "addMonths", Signature: "addMonths(time, months)",
			Doc:   "The same day so many months later or earlier. Where that month is shorter, it is its last day.",
			least: 2, most: 2, params: []form{anything, number}, gives: moment, reads: true, run: runAddMonths,
			Examples: []Example{{`day(addMonths("2026-01-31", 1))`, "28 February 2026"}},
		},
		{
			Name: "addWorkdays", Signature: "addWorkdays(time, days)",
			Doc:   "The same time of day so many working days later or earlier. Saturdays and Sundays do not count; holidays do.",
			least: 2, most: 2, params: []form{anything, number}, gives: moment, reads: true, run: runAddWorkdays,
			Examples: []Example{{`day(addWorkdays("2026-11-20", 3), "Monday, 2 January")`, "Wednesday, 25 November"}},
		},
	}
}

// two reads two arguments as times.
func (s *scope) two(name string, args []any) (a, b time.Time, err error) {
	if a, err = s.time(name, args[0]); err == nil {
		b, err = s.time(name, args[1])
	}
	return a, b, err
}

func runDaysBetween(s *scope, args []any) (any, error) {
	from, to, err := s.two("daysBetween", args)
	if err != nil {
		return nil, err
	}
	return dayNumber(to) - dayNumber(from), nil
}

// dayNumber counts the days of a calendar, whatever the clocks did on them.
func dayNumber(t time.Time) int {
	y, m, d := t.Date()
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60))
}

func runHoursBetween(s *scope, args []any) (any, error) {
	from, to, err := s.two("hoursBetween", args)
	if err != nil {
		return nil, err
	}
	seconds := float64(to.Unix()-from.Unix()) + float64(to.Nanosecond()-from.Nanosecond())/1e9
	return seconds / 3600, nil
}

func runBefore(s *scope, args []any) (any, error) {
	a, b, err := s.two("before", args)
	return a.Before(b), err
}

func runAfter(s *scope, args []any) (any, error) {
	a, b, err := s.two("after", args)
	return a.After(b), err
}

// moved reads a time and by how many steps to move it.
func (s *scope) moved(name, unit string, most int, args []any) (time.Time, int, error) {
	t, err := s.time(name, args[0])
	if err != nil {
		return t, 0, err
	}
	n, err := wholeBetween(args[1], -most, most, unit)
	return t, n, err
}

func runAddDays(s *scope, args []any) (any, error) {
	t, n, err := s.moved("addDays", "days", 1_000_000, args)
	if err != nil {
		return nil, err
	}
	return within(t.AddDate(0, 0, n))
}

func runAddMonths(s *scope, args []any) (any, error) {
	t, n, err := s.moved("addMonths", "months", 100_000, args)
	if err != nil {
		return nil, err
	}
	y, m, d := t.Date()
	last := time.Date(y, m+time.Month(n)+1, 0, 0, 0, 0, 0, time.UTC) // the day before the first of the month after
	return within(time.Date(last.Year(), last.Month(), min(d, last.Day()), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location()))
}

func runAddWorkdays(s *scope, args []any) (any, error) {
	t, n, err := s.moved("addWorkdays", "days", 10_000, args)
	if err != nil {
		return nil, err
	}
	step := 1
	if n < 0 {
		step = -1
	}
	weeks := max(0, n*step/5-1) // on whatever day a week begins, five of its days count
	days := 7 * weeks * step
	for left := n*step - 5*weeks; left > 0; {
		days += step
		if on := (int(t.Weekday()) + days%7 + 7) % 7; on != int(time.Saturday) && on != int(time.Sunday) {
			left--
		}
	}
	return within(t.AddDate(0, 0, days))
}
