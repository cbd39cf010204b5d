package engine

import (
	"bytes"
	"slices"
	"strings"

	"shopbell/event"
	"shopbell/rules"
)

// add counts an event, and what the new rules make of it beside the current ones. Events come in order of arrival.
func (b *backtest) add(past *pastEvent) {
	if b.out.Events == 0 {
		b.out.First = past.Received
	}
	b.out.Events++
	b.out.Last = past.Received
	if past.why != "" {
		b.unjudged[past.why]++
	}
	switch {
	case past.unheard:
		b.out.Unheard++
		return
	case past.input == nil:
		return
	case past.why == "":
		b.out.Judged++
	}
	if past.profile == (event.Store{}) {
		b.faceless++
	}
	for side := range past.verdicts {
		past.verdicts[side] = slices.DeleteFunc(past.verdicts[side], func(v verdict) bool { return b.acted(side, &v, past) })
	}
	for i := range past.verdicts[sideNow] {
		now := &past.verdicts[sideNow][i]
		b.compare(past, now.Rule.ID(), now, find(past.verdicts[sideNew], now.Rule.ID()))
	}
	for i := range past.verdicts[sideNew] {
		later := &past.verdicts[sideNew][i]
		if find(past.verdicts[sideNow], later.Rule.ID()) == nil {
			b.compare(past, later.Rule.ID(), nil, later)
		}
	}
}

// acted tells whether a rule that acts once for each subject has done so, by the events of the trial.
func (b *backtest) acted(side int, v *verdict, past *pastEvent) bool {
	if !v.Once || v.runs() == 0 || past.Subject == "" {
		return false
	}
	key := onceKey{v.Rule.ID(), past.Source, past.Store, past.Type, past.Subject}
	if b.once[side][key] {
		return true
	}
	b.once[side][key] = true
	return false
}

// compare counts how a rule's runs for an event differ.
func (b *backtest) compare(past *pastEvent, id string, now, later *verdict) {
	f := b.findings[id]
	if f == nil {
		return
	}
	before, after := now.runs(), later.runs()
	f.Before, f.After = f.Before+before, f.After+after
	erred := now != nil && now.Verdict == rules.Errs
	if erred {
		f.ErrorsNow++
	}
	if later != nil && later.Verdict == rules.Errs {
		f.ErrorsNew++
		if !erred {
			f.Failing++
			b.keep(f, Example{Sort: SortFailing, Event: bare(past.Record), Error: later.Err.Error()}, f.Failing)
		}
	}
	for i := range max(before, after) {
		x := Example{Event: bare(past.Record), Item: i}
		switch {
		case i >= before:
			f.New++
			x.Sort = SortNew
			x.After = b.shown(f.New, later, i, past)
			b.keep(f, x, f.New)
		case i >= after:
			f.Gone++
			x.Sort = SortGone
			x.Before = b.shown(f.Gone, now, i, past)
			b.keep(f, x, f.Gone)
		case f.Edit == EditChanged && !sayTheSame(now.said[i], later.said[i]):
			f.Changed++
			x.Sort, x.Before, x.After = SortChanged, now.said[i], later.said[i]
			b.keep(f, x, f.Changed)
		}
	}
}

// shown gives what a run says, when it is to be shown.
func (b *backtest) shown(n int, v *verdict, run int, past *pastEvent) []Message {
	if n > b.trial.Show {
		return nil
	}
	b.render(v, past.input)
	return v.said[run]
}

// keep keeps an example while there are not enough of its sort.
func (b *backtest) keep(f *RuleFinding, x Example, n int) {
	if n <= b.trial.Show {
		f.Examples = append(f.Examples, x)
	}
}

func bare(r Record) Record {
	r.Body, r.Data, r.Entity = nil, nil, nil
	return r
}

// sayTheSame tells whether what goes out is the same. Why something cannot be rendered is compared without its place in
// the file.
func sayTheSame(a, b []Message) bool {
	return slices.EqualFunc(a, b, func(a, b Message) bool {
		return a.Step == b.Step && a.Action == b.Action && a.Account == b.Account && a.Mode == b.Mode && a.Skipped == b.Skipped &&
			bytes.Equal(a.Params, b.Params) && withoutPlace(a.Error) == withoutPlace(b.Error)
	})
}

// withoutPlace takes file, line and column off an error.
func withoutPlace(text string) string {
	if _, rest, ok := strings.Cut(text, ": "); ok {
		return rest
	}
	return text
}
