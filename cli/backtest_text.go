package cli

import (
	"fmt"
	"io"
	"time"

	"shopbell/engine"
)

// printFindings tells what a trial of rules comes to: the rules that would do anything else, and sums of the others.
func printFindings(w io.Writer, found engine.Findings) {
	t := teller{w}
	t.findings(found)
	same := 0
	for _, f := range found.Rules {
		if !f.Differs() && f.Edit == engine.EditNone {
			same++
			continue
		}
		fmt.Fprintln(w)
		t.finding(f)
	}
	switch {
	case same == len(found.Rules) && !found.Differs():
		fmt.Fprintln(w)
		t.say(0, "", fmt.Sprintf("Nothing differs: the new rules are those in use (%s).", counted(same, "rule")))
	case same > 0:
		fmt.Fprintln(w)
		t.say(0, "", fmt.Sprintf("The other %s unchanged, with the same runs.", isAre(same)))
	}
}

// isAre says how many rules are.
func isAre(n int) string {
	if n == 1 {
		return "rule is"
	}
	return fmt.Sprintf("%d rules are", n)
}

func (t teller) findings(found engine.Findings) {
	span := ""
	if found.Events > 0 {
		span = fmt.Sprintf(", from %s to %s", clock(found.First), clock(found.Last))
	}
	t.say(0, "", counted(found.Events, "event")+span)
	t.say(2, "judged    ", fmt.Sprint(found.Judged))
	if found.Unheard > 0 {
		t.say(2, "unheard   ", fmt.Sprintf("%d: no rule listens to them", found.Unheard))
	}
	for _, u := range found.Unjudged {
		t.say(2, "left out  ", fmt.Sprintf("%d: %s", u.Events, u.Why))
	}
}

func (t teller) finding(f engine.RuleFinding) {
	edit := map[engine.Edit]string{engine.EditNone: "the same", engine.EditChanged: "edited", engine.EditAdded: "added", engine.EditRemoved: "removed"}[f.Edit]
	t.say(0, "", fmt.Sprintf("rule %s: %s; %s, and %d before: %d new, %d gone, %d changed", f.ID, edit, counted(f.After, "run"), f.Before, f.New, f.Gone, f.Changed))
	if f.ErrorsNew+f.ErrorsNow > 0 {
		t.say(2, "errors    ", fmt.Sprintf("it cannot be evaluated for %s, and could not before for %d", counted(f.ErrorsNew, "event"), f.ErrorsNow))
	}
	for _, note := range f.Notes {
		t.say(2, "note      ", note)
	}
	for _, x := range f.Examples {
		t.example(x)
	}
}

func (t teller) example(x engine.Example) {
	e := x.Event
	text := fmt.Sprintf("event %d, %s%s of %s", e.Seq, e.Type, word(" of ", e.Subject), clock(e.Received))
	if x.Item > 0 {
		text += fmt.Sprintf(", item %d", x.Item)
	}
	t.say(2, fmt.Sprintf("%-10s", x.Sort), text)
	if x.Error != "" {
		t.say(4, "because   ", x.Error)
	}
	t.messages("before    ", x.Before, x.After)
	t.messages("after     ", x.After, x.Before)
}

// messages shows what one side says; the other's tell where it differs.
func (t teller) messages(mark string, said, other []engine.Message) {
	for i, m := range said {
		var beside []byte
		if i < len(other) {
			beside = other[i].Params
		}
		text := m.Action
		if m.Account != "" && m.Account != m.Action {
			text += " through account " + m.Account
		}
		if m.Mode != "" {
			text += fmt.Sprintf(" (%s)", m.Mode)
		}
		switch {
		case m.Error != "":
			text += " cannot be rendered: " + m.Error
		case m.Skipped:
			text += " is left out"
		default:
			text += " " + excerpt(readable(m.Params), readable(beside), 500)
		}
		t.say(4, mark, text)
		mark = "and       "
	}
}

// findingsForm is what backtest --json prints.
type findingsForm struct {
	Since    *time.Time     `json:"since"` // null for all
	Events   int            `json:"events"`
	First    *time.Time     `json:"first"`
	Last     *time.Time     `json:"last"`
	Judged   int            `json:"judged"`
	Unheard  int            `json:"unheard"`
	Unjudged []unjudgedForm `json:"unjudged"`
	Differs  bool           `json:"differs"`
	Rules    []findingForm  `json:"rules"`
}

type unjudgedForm struct {
	Why    string `json:"why"`
	Events int    `json:"events"`
}

type findingForm struct {
	ID           string        `json:"id"`
	File         string        `json:"file"`
	Line         int           `json:"line"`
	Edit         engine.Edit   `json:"edit"`
	Differs      bool          `json:"differs"`
	Before       int           `json:"before"`
	After        int           `json:"after"`
	New          int           `json:"new"`
	Gone         int           `json:"gone"`
	Changed      int           `json:"changed"`
	ErrorsBefore int           `json:"errors_before"`
	ErrorsAfter  int           `json:"errors_after"`
	Failing      int           `json:"failing"`
	Notes        []string      `json:"notes"`
	Examples     []exampleForm `json:"examples"`
}

type exampleForm struct {
	Sort     engine.Sort      `json:"sort"`
	Event    int64            `json:"event"`
	ID       string           `json:"id"`
	Source   string           `json:"source"`
	Store    string           `json:"store"`
	Type     string           `json:"type"`
	Subject  string           `json:"subject"`
	Received time.Time        `json:"received"`
	Item     int              `json:"item"`
	Before   []engine.Message `json:"before,omitempty"`
	After    []engine.Message `json:"after,omitempty"`
	Error    string           `json:"error,omitempty"`
}

func formOfFindings(found engine.Findings, since time.Time) findingsForm {
	return findingsForm{Since: moment(since), Events: found.Events, First: moment(found.First), Last: moment(found.Last), Judged: found.Judged,
		Unheard: found.Unheard, Differs: found.Differs(),
		Unjudged: forms(found.Unjudged, func(u engine.Unjudged) unjudgedForm { return unjudgedForm(u) }),
		Rules: forms(found.Rules, func(f engine.RuleFinding) findingForm {
			return findingForm{f.ID, f.File, f.Line, f.Edit, f.Differs(), f.Before, f.After, f.New, f.Gone, f.Changed, f.ErrorsNow, f.ErrorsNew, f.Failing,
				append([]string{}, f.Notes...), forms(f.Examples, formOfExample)}
		})}
}

func formOfExample(x engine.Example) exampleForm {
	e := x.Event
	return exampleForm{x.Sort, e.Seq, e.ID, e.Source, e.Store, e.Type, e.Subject, e.Received.UTC(), x.Item, x.Before, x.After, x.Error}
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
