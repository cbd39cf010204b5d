package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"shopbell/event"
	"shopbell/rules"
)

// event tells of one event of the ledger.
func (t *teller) event(ctx context.Context, r Record) (EventStory, error) {
	one := EventStory{Record: r}
	one.Words = t.became(r)
	if err := t.runs(ctx, &one); err != nil {
		return one, err
	}
	in, err := t.recorded(ctx, &r)
	if err != nil {
		one.Words = append(one.Words, "What it says cannot be read: "+err.Error()+".")
		return one, nil
	}
	t.leftOut(ctx, &one, in)
	if !wasAsked(r) {
		t.unasked(&one)
		return one, nil
	}
	return one, t.rules(ctx, &one, in)
}

// given tells of an event that is not in the ledger.
func (t *teller) given() (EventStory, error) {
	g := t.question.Given
	r := Record{Event: g.Event, Entity: g.Entity, Gone: g.Gone}
	one := EventStory{Record: r, Given: true, Words: []string{"It is not in the ledger: this is what the rules of today would make of it."}}
	origin, ok := t.world.Sources[g.Source]
	if !ok {
		return one, &Misasked{fmt.Sprintf("there is no source %q", clip(g.Source, 100)), "Give source as the config names it."}
	}
	if origin.Catalog == nil {
		return one, &Misasked{fmt.Sprintf("source %s has no event types", g.Source), ""}
	}
	typ, ok := origin.Catalog.Lookup(g.Type)
	if !ok {
		return one, &Misasked{fmt.Sprintf("source %s has no event type %q", g.Source, clip(g.Type, 100)), "shopbell events types lists those that there are."}
	}
	one.Record.Type = typ.Name // not another spelling of it
	in := &rules.Input{Event: &one.Record.Event, Store: g.Profile}
	in.Store.ID = g.Store
	err := decodeInto(in, one.Record, g.Was)
	if err != nil {
		return one, &Misasked{err.Error(), "data, entity and was are JSON objects."}
	}
	if in.Was == nil {
		in.Was = claimedBefore(g.Data)
	}
	t.explainer.NoWas = "the file does not say how it was before; give it as was"
	return one, t.rules(context.Background(), &one, in)
}

func decodeInto(in *rules.Input, r Record, was []byte) (err error) {
	if len(r.Data) > 0 {
		if in.Data, err = event.Decode(r.Data); err != nil {
			return fmt.Errorf("data: %w", err)
		}
	}
	if r.Entity != nil {
		if in.Entity, err = event.DecodeObject(r.Entity); err != nil {
			return fmt.Errorf("entity: %w", err)
		}
	}
	if len(was) > 0 {
		if in.Was, err = event.DecodeObject(was); err != nil {
			return fmt.Errorf("was: %w", err)
		}
	}
	return nil
}

// recorded gives what rules saw of an event, as far as it is recorded, and tells the explainer why there is no `was`.
func (t *teller) recorded(ctx context.Context, r *Record) (*rules.Input, error) {
	t.explainer.NoWas = ""
	in := &rules.Input{Event: &r.Event}
	var err error
	if in.Store, _, err = profileThen(ctx, t.ledger, r); err != nil {
		return in, err
	}
	if err := decodeInto(in, *r, nil); err != nil {
		return in, err
	}
	if r.Prev == 0 {
		in.Was = claimedBefore(r.Data)
		return in, nil
	}
	before, err := t.ledger.Event(ctx, r.Prev)
	if errors.Is(err, ErrNone) || err == nil && before.Entity == nil {
		t.explainer.NoWas = "the reading before is not kept any more"
		return in, nil
	}
	if err == nil {
		in.Was, err = event.DecodeObject(before.Entity)
	}
	return in, err
}

// wasAsked tells whether an event came as far as to be shown to rules.
func wasAsked(r Record) bool {
	switch r.State {
	case EventPlanned:
		return true
	case EventUnmatched:
		return r.Note == "" || r.Entity != nil || r.Gone || strings.Contains(r.Note, undecided) || strings.HasPrefix(r.Note, nobodyListens)
	}
	return false
}

// What notes say, by which explanations tell what happened.
const (
	undecided     = " could not be decided: "
	nobodyListens = "no rule listens to "
)

// became says what became of an event, in sentences.
func (t *teller) became(r Record) []string {
	var words []string
	switch r.State {
	case EventPending:
		words = append(words, "It waits for its entity to be read back, so no rule has been asked yet.")
		if r.Tries > 0 {
			words = append(words, fmt.Sprintf("That was tried %s without success: %s.", often(r.Tries), strings.TrimSuffix(r.Note, ".")))
		}
	case EventUnconfirmed:
		words = append(words, "It was not confirmed, so no rule was asked: "+orWords(r.Note, "the platform does not know what it claims")+".")
	case EventRefused:
		words = append(words, "It was refused: "+orWords(r.Note, "nobody noted why")+". Nobody knows that it is true, so no rule was asked.")
	case EventFailed:
		words = append(words, fmt.Sprintf("No rule was asked: %s. Once the cause is mended: shopbell events replay %d.", orWords(r.Note, "its entity could not be read back"), r.Seq))
	case EventSeen:
		words = append(words, "It is no event: it keeps how the entity was when its store was connected.")
	case EventUnmatched:
		if r.Note != "" && !wasAsked(r) {
			words = append(words, "No rule was asked: "+r.Note+".")
		} else if strings.HasPrefix(r.Note, nobodyListens) {
			words = append(words, fmt.Sprintf("No rule listened to %s of store %s when it came.", r.Type, r.Store))
		} else {
			words = append(words, "No rule fired.")
		}
	}
	return append(words, marksOf(r)...)
}

// marksOf says what is special about an event.
func marksOf(r Record) (words []string) {
	for _, m := range []struct {
		is   bool
		word string
	}{
		{r.Self, "It tells of nothing but a change that we made ourselves."},
		{r.Polled, "It was found by polling; no webhook told of it."},
		{r.Stale && wasAsked(r), "It claims another state than the one that was read back: " + orWords(r.Note, "the platform is ahead of it") + "."},
		{r.Gone, "The platform confirmed that the entity is deleted."},
		{r.Replay == 1, "It was matched again once, by hand."},
		{r.Replay > 1, fmt.Sprintf("It was matched again %d times, by hand.", r.Replay)},
	} {
		if m.is {
			words = append(words, m.word)
		}
	}
	return words
}

func orWords(text, instead string) string {
	if text == "" {
		text = instead
	}
	return strings.TrimSuffix(text, ".")
}

func often(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// runs gathers the runs of an event, whole, in the order in which they were made.
func (t *teller) runs(ctx context.Context, one *EventStory) error {
	list, err := t.ledger.Runs(ctx, RunFilter{Event: one.Record.Seq, Limit: storyRuns})
	if err != nil {
		return err
	}
	slices.Reverse(list)
	for _, u := range list {
		if u, err = WholeRun(ctx, t.ledger, u.ID); errors.Is(err, ErrNone) {
			continue
		} else if err != nil {
			return err
		}
		one.Runs = append(one.Runs, RunStory{Run: u})
	}
	switch of := rulesOf(one.Runs); {
	case of == 0 && one.Record.State == EventPlanned:
		one.Words = slices.Insert(one.Words, 0, "A condition held, and nothing was done for it.")
	case of == 1:
		one.Words = slices.Insert(one.Words, 0, "One rule fired.")
	case of > 1:
		one.Words = slices.Insert(one.Words, 0, fmt.Sprintf("%d rules fired.", of))
	}
	return nil
}

func rulesOf(runs []RunStory) int {
	of := map[string]bool{}
	for _, u := range runs {
		of[u.Rule] = true
	}
	return len(of)
}

// leftOut says why steps were left out.
func (t *teller) leftOut(ctx context.Context, one *EventStory, in *rules.Input) {
	for i := range one.Runs {
		u := &one.Runs[i]
		for n, s := range u.Steps {
			if !s.Skipped {
				continue
			}
			rule := t.revision(ctx, u.Rule, u.Revision)
			if rule == nil {
				continue
			}
			before := u.Run
			before.Steps = u.Steps[:n]
			b, err := branchOf(&u.Run, rule, in)
			if err != nil {
				continue
			}
			if x := t.explainer.Step(rule, b, n, in, results(&before)); x.Verdict == rules.Passes {
				if u.Left == nil {
					u.Left = map[int]string{}
				}
				u.Left[n] = x.Sentence
			}
		}
	}
}

// revision gives a rule as it was, nil when that is not kept, or does not load any more.
func (t *teller) revision(ctx context.Context, id, hash string) *rules.Rule {
	if rule, ok := t.old[hash]; ok {
		return rule
	}
	for _, r := range t.set.Rules() {
		if r.Revision == hash && r.ID() == id {
			return r
		}
	}
	var rule *rules.Rule
	if kept, err := t.ledger.Revision(ctx, hash); err == nil {
		if rule, err = rules.Compile(kept.Text, kept.Directory, t.world); err != nil {
			rule = nil
		}
	}
	t.old[hash] = rule
	return rule
}

// unasked lists the rules that listen to an event that did not come so far.
func (t *teller) unasked(one *EventStory) {
	r := one.Record
	if r.State == EventRefused || r.State == EventSeen {
		return
	}
	for _, rule := range t.set.Rules() {
		if !rule.Enabled() || !t.meant(rule) || !rule.Hears(r.Source, r.Type) || len(rule.Stores()) > 0 && !slices.Contains(rule.Stores(), r.Store) {
			continue
		}
		if len(one.Unasked) == storyUnasked {
			one.Unasked = append(one.Unasked, "…")
			return
		}
		one.Unasked = append(one.Unasked, rule.ID())
	}
}
