package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"shopbell/actions"
	"shopbell/engine"
	"shopbell/rules"
)

// storyWidth is how wide the text of an explanation is at most, in characters; a longer word stands alone.
const storyWidth = 100

// A teller prints paragraphs, each line below the first further to the right.
type teller struct{ w io.Writer }

// say prints a paragraph that begins with mark at a place, its other lines below the first one's text.
func (t teller) say(indent int, mark, text string) {
	lead := strings.Repeat(" ", indent) + mark
	at := utf8.RuneCountInString(lead)
	column := at
	fmt.Fprint(t.w, lead)
	for i, word := range strings.Fields(plain(text)) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column+1+n > storyWidth:
			fmt.Fprint(t.w, "\n", strings.Repeat(" ", at))
			column = at
		default:
			fmt.Fprint(t.w, " ")
			column++
		}
		fmt.Fprint(t.w, word)
		column += n
	}
	fmt.Fprintln(t.w)
}

func printStory(w io.Writer, s engine.Story) {
	t := teller{w}
	for i, e := range s.Events {
		if i > 0 {
			fmt.Fprintln(w)
		}
		t.event(e)
	}
	for _, note := range s.Notes {
		fmt.Fprintln(w)
		t.say(0, "", note)
	}
}

func (t teller) event(e engine.EventStory) {
	r := e.Record
	head := fmt.Sprintf("event %d: %s", r.Seq, r.Type)
	if e.Given {
		head = "an event of a file: " + r.Type
	}
	if r.State == engine.EventRefused {
		head = fmt.Sprintf("event %d: a refused notification", r.Seq)
	}
	if r.Subject != "" {
		head += " of " + r.Subject
	}
	t.say(0, "", head)
	if !e.Given {
		t.say(2, "came      ", fmt.Sprintf("%s from source %s%s%s", clock(r.Received), r.Source, word(", store ", r.Store), word(", with id ", r.ID)))
	}
	if len(e.Words) > 0 {
		t.say(2, "became    ", strings.Join(e.Words, " "))
	}
	if len(e.Unasked) > 0 {
		t.say(2, "listening ", strings.Join(e.Unasked, ", "))
	}
	for _, rule := range e.Rules {
		t.rule(rule, e.Runs)
	}
	if e.More > 0 {
		fmt.Fprintln(t.w)
		t.say(2, "", fmt.Sprintf("%s more that listen did not fire; --rule NAME tells of one.", counted(e.More, "rule")))
	}
	if len(e.Deaf) > 0 {
		fmt.Fprintln(t.w)
		t.say(2, "", "not asked:")
		for _, rule := range e.Deaf {
			t.say(4, "", fmt.Sprintf("%s: %s.", rule.ID, rule.Now.Sentence))
			t.runs(rule.Runs, e.Runs)
		}
		if e.MoreDeaf > 0 {
			t.say(4, "", fmt.Sprintf("and %s more.", counted(e.MoreDeaf, "rule")))
		}
	}
}

func word(before, text string) string {
	if text == "" {
		return ""
	}
	return before + text
}

// rule prints one rule: what it did, why, its clauses where they tell more, and its runs.
func (t teller) rule(s engine.RuleStory, runs []engine.RunStory) {
	fmt.Fprintln(t.w)
	x := s.Now
	if s.Old != nil {
		x = s.Old
	}
	t.say(2, "", fmt.Sprintf("rule %s: %s", s.ID, ruleWords(s, x)))
	if x != nil {
		mark := "why     "
		fired := s.Then == engine.ThenFired && x.Verdict == rules.Passes // what it read is not all recorded
		if s.Old == nil && (s.Changed || fired || s.Then == engine.ThenAbsent || s.Then == engine.ThenUnknown) {
			mark = "today   " // nobody knows what it would have said then
		}
		t.why(mark, x)
		if d := x.Decider; d != nil {
			t.say(4, "where   ", fmt.Sprintf("%s:%d:%d", d.File, d.Line, d.Column))
		}
		t.besides(x)
	}
	if s.Old != nil && s.Now != nil {
		t.say(4, "today   ", fmt.Sprintf("it %s: %s", verdictToday(s.Now), s.Now.Sentence))
	}
	if len(s.Words) > 0 {
		t.say(4, "note    ", strings.Join(s.Words, " "))
	}
	t.runs(s.Runs, runs)
}

// why prints what decided: each clause in a line of its own, where it took all of them.
func (t teller) why(mark string, x *rules.Explanation) {
	if !whole(x) {
		t.say(4, mark, x.Sentence)
		return
	}
	for _, c := range x.Clauses {
		t.say(4, mark, c.Sentence)
		mark = "and     "
	}
}

// whole tells whether it took all clauses to settle a condition.
func whole(x *rules.Explanation) bool {
	return len(x.Clauses) > 1 && (x.Verdict == rules.Fires && !x.Any || x.Verdict == rules.Passes && x.Any)
}

// besides prints the clauses that did not decide.
func (t teller) besides(x *rules.Explanation) {
	if whole(x) || len(x.Clauses) < 2 {
		return
	}
	for _, c := range x.Clauses {
		if !strings.HasSuffix(c.Sentence, x.Decider.Sentence) { // that is what decided, or has it in it
			t.say(4, "besides ", c.Sentence)
		}
	}
}

func ruleWords(s engine.RuleStory, x *rules.Explanation) string {
	near := ""
	if x != nil && x.Near && (s.Old != nil || !s.Changed) {
		near = ", a near miss: all but one clause holds"
	}
	switch s.Then {
	case engine.ThenFired:
		if x != nil && x.Verdict == rules.Otherwise {
			return "did the steps of its else"
		}
		return "fired"
	case engine.ThenErred:
		return "could not be decided"
	case engine.ThenAbsent:
		return "was not there" + near
	case engine.ThenUnknown, engine.ThenPassed:
		if x != nil && x.Verdict == rules.Errs {
			return "could not be decided"
		}
		return "did not fire" + near
	}
	if x == nil {
		return "cannot be told"
	}
	return verdictToday(x) + near
}

func verdictToday(x *rules.Explanation) string {
	switch x.Verdict {
	case rules.Fires:
		return "would fire"
	case rules.Passes:
		return "would not fire"
	case rules.Otherwise:
		return "would do the steps of its else"
	case rules.Errs:
		return "could not be decided"
	case rules.Ignores:
		return "is not asked"
	}
	return string(x.Verdict)
}

// runs prints the runs of a rule: each step, each try, each answer.
func (t teller) runs(ids []int64, all []engine.RunStory) {
	for _, u := range all {
		if !slices.Contains(ids, u.ID) {
			continue
		}
		again, item := "", ""
		if u.Replay > 0 {
			again = fmt.Sprintf(", made when the event was matched again (%d)", u.Replay)
		}
		if u.Item > 0 {
			item = fmt.Sprintf(" for item %d", u.Item+1)
		}
		t.say(4, "run     ", fmt.Sprintf("%d%s is %s%s: %s", u.ID, item, u.State, again, runWords(u.Run)))
		for i, s := range u.Steps {
			t.step(i, s, u.Left[i])
		}
	}
}

func (t teller) step(i int, s engine.Step, left string) {
	text := fmt.Sprintf("%d %s%s: %s", i+1, s.Action, word(" through account ", accountOf(s)), outcomeWords(s))
	if left != "" {
		text += ": " + left
	}
	t.say(6, "step  ", text)
	if len(s.Params) > 0 {
		label := "params "
		switch {
		case s.Outcome == actions.OutcomeOK:
			label = "sent   "
		case s.Mode != "" && s.Outcome == actions.OutcomeSkip:
			label = "unsent "
		}
		t.say(8, label, cut(readable(s.Params), 300))
	}
	for n, try := range s.Tries {
		t.say(8, "try    ", fmt.Sprintf("%d at %s: %s%s", n+1, clock(try.At), try.Outcome, word(", ", try.Note)))
	}
	if s.Delivery != nil {
		t.say(8, "then   ", deliveryWords(s.Delivery))
	}
	if s.Repeated > 0 {
		t.say(8, "note   ", fmt.Sprintf("repeated %d times although an earlier try may have reached the receiver", s.Repeated))
	}
}

// accountOf names the account of a step that has one of another name than its action.
func accountOf(s engine.Step) string {
	if s.Account == s.Action {
		return ""
	}
	return s.Account
}

func cut(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}
