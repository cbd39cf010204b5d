package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"shopbell/rules"
)

// rules tells what each rule of the event's store and type makes of it: those that fired first, then those that could not
// be decided, then near misses.
func (t *teller) rules(ctx context.Context, one *EventStory, in *rules.Input) error {
	var listening []*rules.Rule
	for _, rule := range t.set.Rules() {
		switch {
		case !t.meant(rule):
		case rule.Hears(in.Event.Source, in.Event.Type):
			if x, deaf := t.deaf(rule, in); deaf {
				t.addDeaf(one, rule, x)
			} else {
				listening = append(listening, rule)
			}
		case t.question.Rule != "":
			x := t.explainer.Explain(rule, in)
			t.addDeaf(one, rule, x)
		}
	}
	asked := 0
	for _, rule := range listening {
		had := runsOf(one.Runs, rule.ID())
		if asked >= storyAsked && len(had) == 0 && rule.Decide(in).Verdict == rules.Passes {
			one.More++ // it would take long to take them all apart
			continue
		}
		asked++
		s, err := t.rule(ctx, one, rule, in, had)
		if err != nil {
			return err
		}
		one.Rules = append(one.Rules, s)
	}
	if err := t.gone(ctx, one, in); err != nil {
		return err
	}
	slices.SortStableFunc(one.Rules, func(a, b RuleStory) int { return cmp.Compare(rank(a), rank(b)) })
	kept := map[int]int{}
	one.Rules = slices.DeleteFunc(one.Rules, func(s RuleStory) bool {
		kept[rank(s)]++
		over := rank(s) > 0 && kept[rank(s)] > storyRules
		if over {
			one.More++
		}
		return over
	})
	return nil
}

// deaf tells whether a rule that listens to the type is not asked about the event, and why.
func (t *teller) deaf(rule *rules.Rule, in *rules.Input) (rules.Explanation, bool) {
	if rule.Enabled() && !in.Event.Self && (len(rule.Stores()) == 0 || slices.Contains(rule.Stores(), in.Event.Store)) {
		return rules.Explanation{}, false
	}
	x := t.explainer.Explain(rule, in)
	return x, x.Verdict == rules.Ignores
}

func (t *teller) addDeaf(one *EventStory, rule *rules.Rule, x rules.Explanation) {
	if len(one.Deaf) == storyDeaf {
		one.MoreDeaf++
		return
	}
	s := storyOf(rule)
	s.Now = &x
	for _, u := range runsOf(one.Runs, rule.ID()) {
		s.Then, s.Runs = ThenFired, append(s.Runs, u.ID)
	}
	one.Deaf = append(one.Deaf, s)
}

func storyOf(rule *rules.Rule) RuleStory {
	return RuleStory{ID: rule.ID(), Revision: rule.Revision, File: rule.File, Line: rule.Line}
}

// rank gives the order in which rules are told of: those that fired, that could not be decided, that hold, that nearly
// hold, and the others.
func rank(s RuleStory) int {
	x := s.Old
	if x == nil {
		x = s.Now
	}
	switch {
	case len(s.Runs) > 0:
		return 0
	case s.Then == ThenErred || x != nil && x.Verdict == rules.Errs:
		return 1
	case x != nil && x.Verdict != rules.Passes && x.Verdict != rules.Ignores:
		return 2
	case x != nil && x.Near:
		return 3
	}
	return 4
}

func runsOf(runs []RunStory, rule string) (of []RunStory) {
	for _, u := range runs {
		if u.Rule == rule {
			of = append(of, u)
		}
	}
	return of
}

// rule tells what one rule makes of an event, and what it made of it then.
func (t *teller) rule(ctx context.Context, one *EventStory, rule *rules.Rule, in *rules.Input, had []RunStory) (RuleStory, error) {
	s := storyOf(rule)
	x := t.explainer.Explain(rule, in)
	s.Now = &x
	if lacks := t.lacks(one, rule, x, in); lacks != "" {
		s.Now, s.Words = nil, append(s.Words, lacks)
	} else if x.Profile && in.Store.Currency == "" && in.Store.Name == "" {
		why := "which no rule had read, so it is not recorded"
		if one.Given {
			why = "which the file does not give"
		}
		s.Words = append(s.Words, "Its condition reads the store's profile, "+why+": it is left empty here.")
	}
	if one.Given {
		return s, nil
	}
	for _, u := range had {
		s.Runs = append(s.Runs, u.ID)
	}
	if len(had) > 0 {
		s.Then = ThenFired
		if was := had[len(had)-1].Revision; was != rule.Revision {
			s.Changed = true
			s.Words = append(s.Words, fmt.Sprintf("It was written otherwise when it fired (revision %s).", was))
			t.byOld(ctx, &s, was, in)
		}
		return s, nil
	}
	if why, ok := undecidedBy(one.Record.Note, rule.ID()); ok {
		s.Then = ThenErred
		if s.Now == nil || s.Now.Verdict != rules.Errs {
			s.Words = append(s.Words, "It could not be decided then: "+why+".")
		}
		return s, nil
	}
	return s, t.before(ctx, one, &s, rule, in)
}

// undecidedBy finds in an event's note why a rule could not be decided.
func undecidedBy(note, rule string) (why string, ok bool) {
	_, why, ok = strings.Cut(note, "rule "+rule+undecided)
	why, _, _ = strings.Cut(why, "; rule ")
	return strings.TrimSuffix(why, "."), ok
}

// lacks says what is missing that a rule reads; "" when all is there.
func (t *teller) lacks(one *EventStory, rule *rules.Rule, x rules.Explanation, in *rules.Input) string {
	origin := t.world.Sources[in.Event.Source]
	if !x.Entity || in.Entity != nil || one.Record.Gone || !origin.ReadsBack || origin.Catalog == nil {
		return ""
	}
	typ, ok := origin.Catalog.Lookup(in.Event.Type)
	switch {
	case !ok || !typ.Readable || typ.Noun == "":
		return ""
	case one.Given:
		return fmt.Sprintf("It reads %s, and the file does not have it: give it as entity, as the platform's API tells it.", typ.Noun)
	}
	return fmt.Sprintf("It reads %s, which was not read back when the event came, or is not kept any more: what it would say cannot be told.", typ.Noun)
}

// byOld explains by a revision that is not in use any more.
func (t *teller) byOld(ctx context.Context, s *RuleStory, revision string, in *rules.Input) {
	old := t.revision(ctx, s.ID, revision)
	if old == nil || s.Now == nil {
		return
	}
	x := t.explainer.Explain(old, in)
	s.Old = &x
}

// before tells what a rule that has no run of an event said of it then.
func (t *teller) before(ctx context.Context, one *EventStory, s *RuleStory, rule *rules.Rule, in *rules.Input) error {
	came := one.Record.Received
	then, err := t.annals.at(ctx, s.ID, came)
	if err != nil {
		return err
	}
	switch {
	case !then.known:
		s.Then = ThenUnknown
		if !strings.HasPrefix(one.Record.Note, nobodyListens) {
			s.Words = append(s.Words, "It did not fire then; whether it was there, and read as it does now, is not known.")
			return nil
		}
		s.Then = ThenAbsent
	case then.revision == "":
		s.Then = ThenAbsent
		came := "first read"
		if then.again {
			came = "taken away before, and read again"
		}
		if !then.since.IsZero() {
			came += " on " + then.since.UTC().Format(time.DateTime+" UTC")
		}
		s.Words = append(s.Words, fmt.Sprintf("This rule was not there when the event came: it was %s. Today it %s.", came, would(s.Now)))
	case then.revision != rule.Revision:
		s.Then, s.Changed = ThenPassed, true
		words := "It was written otherwise when the event came"
		if at := t.annals.since(ctx, s.ID); !at.IsZero() {
			words += ": its text of today is of " + at.UTC().Format(time.DateTime+" UTC")
		}
		if t.byOld(ctx, s, then.revision, in); s.Old == nil {
			words += ", and the one before is not kept"
		}
		s.Words = append(s.Words, words+".")
	default:
		s.Then = ThenPassed
	}
	if s.Then == ThenPassed && !s.Changed && s.Now != nil && (s.Now.Verdict == rules.Fires || s.Now.Verdict == rules.Otherwise) {
		return t.silent(ctx, one, s, rule)
	}
	return nil
}

func would(x *rules.Explanation) string {
	switch {
	case x == nil:
		return "may say anything, for what it reads was not recorded"
	case x.Verdict == rules.Otherwise:
		return "would do the steps of its else"
	case x.Verdict == rules.Fires:
		return "would fire"
	case x.Verdict == rules.Errs:
		return "could not be decided"
	}
	return "would not fire"
}

// silent says why a rule whose condition holds has not fired: it acts once for each subject, or what differs is not
// recorded.
func (t *teller) silent(ctx context.Context, one *EventStory, s *RuleStory, rule *rules.Rule) error {
	r := one.Record
	if rule.Once(r.Source, r.Type) && r.Subject != "" {
		list, err := t.ledger.Events(ctx, EventFilter{Source: r.Source, Store: r.Store, Type: r.Type, Subject: r.Subject, Limit: 100})
		if err != nil {
			return err
		}
		for _, other := range slices.Backward(list) {
			if other.Seq == r.Seq {
				continue
			}
			runs, err := t.ledger.Runs(ctx, RunFilter{Event: other.Seq, Rule: s.ID, Limit: 1})
			if err != nil {
				return err
			}
			if len(runs) > 0 {
				s.Words = append(s.Words, fmt.Sprintf("Its condition holds, but %s says that something is new, and of that a rule acts once for each subject: it did so for event %d (run %d).", r.Type, other.Seq, runs[0].ID))
				return nil
			}
		}
	}
	s.Words = append(s.Words, "By what is recorded it would fire, and it did not: something else was so when the event came.")
	return nil
}

// gone tells of rules that fired and are not there any more.
func (t *teller) gone(ctx context.Context, one *EventStory, in *rules.Input) error {
	for _, u := range one.Runs {
		there := func(s RuleStory) bool { return s.ID == u.Rule }
		if i := slices.IndexFunc(one.Rules, there); i >= 0 || slices.ContainsFunc(one.Deaf, there) {
			if i >= 0 && !slices.Contains(one.Rules[i].Runs, u.ID) {
				one.Rules[i].Runs = append(one.Rules[i].Runs, u.ID)
			}
			continue
		}
		_, name, ok := strings.Cut(u.Rule, "/")
		if t.question.Rule != "" && t.question.Rule != u.Rule && !(ok && t.question.Rule == name) {
			continue
		}
		s := RuleStory{ID: u.Rule, Revision: u.Revision, Then: ThenFired, Runs: []int64{u.ID}}
		s.Words = []string{"It fired then, and is not among the rules of today that listen to this."}
		if old := t.revision(ctx, u.Rule, u.Revision); old != nil {
			x := t.explainer.Explain(old, in)
			s.Old, s.File, s.Line = &x, old.File, old.Line
		}
		one.Rules = append(one.Rules, s)
	}
	return nil
}
