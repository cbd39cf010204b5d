package engine

import (
	"cmp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"shopbell/event"
	"shopbell/rules"
)

// tried is what both sets of rules make of an event.
type tried struct {
	why      string // it cannot be judged, or not by rules that read its entity; "" when it can
	unheard  bool   // no rule listens
	verdicts [2][]verdict
	input    *rules.Input // nil when no rule was asked
}

// A verdict is what one rule makes of an event.
type verdict struct {
	rules.Decision
	said [][]Message // of each run; nil as long as nobody wants to know
}

// runs tells how many runs the rule starts.
func (v *verdict) runs() int {
	switch {
	case v == nil || v.Verdict == rules.Errs:
		return 0
	case v.Items == nil:
		return 1
	}
	return len(v.Items)
}

// judge shows events to both sets of rules, on all processors.
func (b *backtest) judge(bite []pastEvent) {
	workers := min(runtime.GOMAXPROCS(0), len(bite))
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := w; i < len(bite); i += workers {
				b.try(&bite[i])
			}
		})
	}
	all.Wait()
}

// try shows one event to both sets of rules.
func (b *backtest) try(past *pastEvent) {
	if past.why = unjudged(&past.Record); past.why != "" {
		return
	}
	need := b.need(&past.Record)
	if past.unheard = !need.Listens; past.unheard {
		return
	}
	if need.Entity {
		past.why = b.lacks(past)
	}
	in, err := inputOf(past, need)
	if err != nil {
		past.why = "what they say cannot be read any more"
		return
	}
	past.input = in
	lacking := past.why != ""
	now := b.trial.Current.Match(in)
	past.verdicts[sideNow] = b.verdicts(now, lacking)
	past.verdicts[sideNew] = b.verdicts(b.decideNew(now, in), lacking)
	for i := range past.verdicts[sideNow] {
		now := &past.verdicts[sideNow][i]
		if later := find(past.verdicts[sideNew], now.Rule.ID()); later != nil && b.edited(now.Rule) && now.runs() > 0 && later.runs() > 0 {
			b.render(now, in)
			b.render(later, in)
		}
	}
}

func (b *backtest) sets() [2]*rules.Set {
	return [2]*rules.Set{sideNow: b.trial.Current, sideNew: b.trial.New}
}

func (b *backtest) edited(r *rules.Rule) bool {
	f := b.findings[r.ID()]
	return f != nil && f.Edit == EditChanged
}

// need tells what either set wants to know of an event.
func (b *backtest) need(r *Record) (need rules.Need) {
	for _, set := range b.sets() {
		n := set.Need(r.Source, r.Store, r.Type)
		need.Listens, need.Data = need.Listens || n.Listens, need.Data || n.Data
		need.Entity, need.Profile = need.Entity || n.Entity, need.Profile || n.Profile
	}
	return need
}

// unjudged says why no rule can be asked about an event; "" when one can.
func unjudged(r *Record) string {
	switch {
	case r.State == EventPending:
		return "waiting for the entity to be read back"
	case r.State == EventUnconfirmed:
		return "not confirmed by the platform, so no rule may act on them"
	case r.State == EventRefused:
		return "refused, so no rule may act on them"
	case r.State == EventFailed && !strings.Contains(r.Note, undecided):
		return "the entity could not be read back"
	case r.State == EventUnmatched && !wasAsked(*r):
		return "nothing new was told, so no rule was asked"
	}
	return ""
}

// lacks says what of an event is not recorded, so that rules which read its entity cannot be asked; "" when all is.
func (b *backtest) lacks(past *pastEvent) string {
	origin := b.trial.World.Sources[past.Source]
	if origin.Catalog == nil {
		return ""
	}
	typ, ok := origin.Catalog.Lookup(past.Type)
	switch {
	case !ok || typ.Noun == "" || !origin.ReadsBack || !typ.Readable:
		return ""
	case past.Entity == nil && !past.Gone:
		return "no entity was read back, so rules that read it could not be asked"
	case past.wasLost:
		return "the reading before is not kept, so rules that read the entity could not be asked"
	}
	return ""
}

// inputOf gives what rules saw of an event, as far as it is recorded and needed.
func inputOf(past *pastEvent, need rules.Need) (in *rules.Input, err error) {
	in = &rules.Input{Event: &past.Event, Store: past.profile}
	in.Store.ID = past.Store
	if len(past.Data) > 0 && need.Data {
		if in.Data, err = event.Decode(past.Data); err != nil {
			return nil, err
		}
	}
	if !need.Entity {
		return in, nil
	}
	if past.entity != nil {
		if in.Entity, err = past.entity.object(); err != nil {
			return nil, err
		}
	}
	switch {
	case past.was != nil:
		in.Was, err = past.was.object()
	case past.Prev == 0:
		in.Was = claimedBefore(past.Data)
	}
	return in, err
}

// decideNew gives what the new rules make of an event. Those that are among the current ones as they are, which are most as a
// rule, have been asked.
func (b *backtest) decideNew(now []rules.Decision, in *rules.Input) []rules.Decision {
	made := b.trial.New.MatchSome(in, func(r *rules.Rule) bool { return b.places[r].same })
	for _, d := range now {
		if kept := b.kept[d.Rule]; kept != nil {
			d.Rule = kept
			made = append(made, d)
		}
	}
	slices.SortFunc(made, func(x, y rules.Decision) int { return cmp.Compare(b.places[x.Rule].at, b.places[y.Rule].at) })
	return made
}

// verdicts gives what decisions come to, as live. What reads an entity that is not recorded is left out.
func (b *backtest) verdicts(made []rules.Decision, lacking bool) (verdicts []verdict) {
	for _, d := range made {
		switch {
		case lacking && d.Rule.Need().Entity:
		case d.Verdict == rules.Errs && d.Rule.StopsOnError: // the event is put aside, so nobody acts
			verdicts = nil
			if b.meant(d.Rule) {
				verdicts = []verdict{{Decision: d}}
			}
			return verdicts
		case b.meant(d.Rule):
			verdicts = append(verdicts, verdict{Decision: d})
		}
	}
	return verdicts
}

func find(verdicts []verdict, rule string) *verdict {
	for i := range verdicts {
		if verdicts[i].Rule.ID() == rule {
			return &verdicts[i]
		}
	}
	return nil
}

// render finds out what each run of a rule says.
func (b *backtest) render(v *verdict, in *rules.Input) {
	if v.said != nil || v.runs() == 0 {
		return
	}
	shown := *in
	if in.Store == (event.Store{ID: in.Store.ID}) {
		shown.Store = standInStore(in.Store.ID)
	}
	v.said = make([][]Message, v.runs())
	for i := range v.said {
		branch := rules.Branch{Else: v.Verdict == rules.Otherwise}
		if v.Items != nil {
			branch.Item = v.Items[i]
		}
		v.said[i] = rehearse(b.trial.World, v.Rule, branch, &shown)
	}
}

// standInStore stands for a store's profile that is not recorded.
func standInStore(id string) event.Store {
	return event.Store{ID: id, Name: "(store.name)", Email: "(store.email)", URL: "(store.url)",
		Currency: "XXX", Timezone: "UTC", Language: "en", Country: "US",
		Company: "(store.company)", Street: "(store.street)", City: "(store.city)", State: "(store.state)", PostalCode: "(store.postal_code)", Phone: "(store.phone)"}
}

// rehearse renders the steps of a branch as they would go out, each with stand-ins for what those before it leave.
func rehearse(w rules.World, rule *rules.Rule, branch rules.Branch, in *rules.Input) (said []Message) {
	left := map[string]any{}
	for i, def := range rule.Branch(branch.Else) {
		m := Message{Step: def.ID, Action: def.Action, Account: def.Account}
		if rule.Mode != rules.Live {
			m.Mode = rule.Mode
		}
		var result map[string]any
		rendered, err := rule.Render(branch, i, in, left)
		switch {
		case err != nil:
			m.Error = err.Error()
		case rendered.Skip:
			m.Skipped = true
		default:
			m.Params = rendered.Params
			if kind := w.Actions[def.Action]; kind != nil && def.ID != "" {
				result = kind.StandIn(def.ID)
			}
		}
		said = append(said, m)
		if err != nil && !def.Continue {
			return said
		}
		if def.ID != "" {
			left[def.ID] = result
		}
	}
	return said
}
