package cli

import (
	"fmt"
	"io"
	"strings"

	"shopbell/rules"
)

// printReport prints the outcome of tests for people. whole says that all tests were run, so that what no test has seen can
// be told.
func printReport(w io.Writer, r *rules.Report, whole bool) {
	t := teller{w}
	for _, one := range r.Results {
		word := "PASS"
		if !one.Passed {
			word = "FAIL"
		}
		t.say(0, word+"  ", one.Name)
		for _, f := range one.Findings {
			printFinding(t, &one, &f)
		}
	}
	if len(r.Results) > 0 {
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "%s, %d passed, %d failed\n", counted(len(r.Results), "test"), r.Passed, r.Failed)
	if whole {
		printCoverage(t, r.Coverage)
	}
}

func at(p *rules.Place) string {
	if p.Column == 0 {
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

func printFinding(t teller, one *rules.Result, f *rules.Finding) {
	place := at(&one.Place)
	if f.Expected != nil {
		place = at(f.Expected)
	}
	did := ""
	if f.Found != nil {
		did = fmt.Sprintf(" by rule %s (%s)", f.Rule, at(f.Found))
	}
	switch f.Kind {
	case rules.Differs:
		t.say(6, "", place+": expected -, done +"+did)
	case rules.Missing:
		t.say(6, "", place+": expected, and not done")
	case rules.Extra:
		t.say(6, "", place+": done"+did+", and not expected")
	case rules.Failing:
		t.say(6, "", place+": an error that is not expected")
	case rules.Sound:
		t.say(6, "", place+": an error that is expected, and did not come")
	}
	for _, line := range f.Lines {
		fmt.Fprintln(t.w, strings.TrimRight("        "+line.Sign+" "+plain(line.Text), " "))
	}
	for _, why := range f.Why {
		t.say(8, "why ", why)
	}
}

// printCoverage tells of what no test has seen.
func printCoverage(t teller, all []rules.RuleCoverage) {
	tested, clauses, seen := 0, 0, 0
	for _, r := range all {
		if !r.Untested() {
			tested++
		}
		for _, c := range r.Clauses {
			clauses++
			if c.True && c.False {
				seen++
			}
		}
	}
	fmt.Fprintf(t.w, "%d of %s tested; %d of %s seen true and false\n", tested, counted(len(all), "rule"), seen, counted(clauses, "clause"))
	for _, r := range all {
		switch {
		case r.Untested() && r.Passed+r.Errors == 0:
			t.say(2, "", at(&r.Place)+": rule "+r.Rule+" has no test")
			continue
		case r.Untested():
			t.say(2, "", at(&r.Place)+": in no test does rule "+r.Rule+" do anything")
		}
		for _, c := range r.Clauses {
			missing := ""
			switch {
			case !c.True && !c.False:
				missing = " is reached in no test"
			case !c.True:
				missing = " is true in no test"
			case !c.False:
				missing = " is false in no test"
			default:
				continue
			}
			t.say(2, "", at(&c.Place)+": "+c.Text+missing)
		}
	}
}
