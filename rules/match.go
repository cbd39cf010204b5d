package rules

import (
	"slices"
	"time"

	"shopbell/event"
)

// A Set is every rule of a rules directory, checked, compiled and indexed. It is read-only: a reload makes a new one.
// Many goroutines may use it at once.
type Set struct {
	directories []Directory
	loaded      map[string][]*Rule // by directory, in the order of their files
	rules       []*Rule
	world       World               // in which it was made
	readings    map[string]readings // by directory, for the next load
	linked      bool                // some file or directory is a link
	sights      map[string]sight    // by directory, of files that its rules name; only of those that do
	distinct    map[string]bool     // by directory, that no name of its files' rules is there twice
	listening   map[listenKey]*listeners
	open        open
}

// listenKey is an event type of a source.
type listenKey struct{ source, typ string }

// listeners are the rules on one event type. They are read-only.
type listeners struct {
	noun   string
	change event.Change
	every  *group            // the rules for every store
	stores map[string]*group // by store, the rules that name it
}

// groups gives the rules for an event of a store.
func (l *listeners) groups(store string) []*group {
	if own := l.stores[store]; own != nil {
		return []*group{l.every, own}
	}
	return []*group{l.every}
}

// Need tells what has to be known of an event before it can be matched and its runs be rendered. It costs a look into
// a map.
func (s *Set) Need(source, store, typ string) Need {
	l := s.listeners(source, typ)
	if l == nil {
		return Need{}
	}
	var need Need
	for _, g := range l.groups(store) {
		need = need.and(g.need())
	}
	return need
}

// Match gives the rules that fire on an event and those whose condition could not be evaluated, in order of directory,
// file and place in it. Rules whose condition is false are left out. It does no I/O, and gives the same answer each
// time it is asked.
func (s *Set) Match(in *Input) []Decision { return s.MatchSome(in, nil) }

// MatchSome is Match without the rules that pass says to pass over; nil passes over none.
func (s *Set) MatchSome(in *Input, pass func(*Rule) bool) []Decision {
	l := s.listeners(in.Event.Source, in.Event.Type)
	if l == nil {
		return nil
	}
	var env map[string]any
	var made []Decision
	groups := l.groups(in.Event.Store)
	envelope := slices.ContainsFunc(groups, func(g *group) bool { return g.envelope > 0 })
	if slices.ContainsFunc(groups, (*group).indexed) {
		env = environment(in, l.noun, envelope)
	}
	held := candidates(groups, env)
	for _, r := range held {
		if in.Event.Self && !r.self {
			continue // its own doing must not set a rule off again, unless it asks for that
		}
		if pass != nil && pass(r) {
			continue
		}
		if env == nil && (r.condition != nil || r.each != nil) {
			env = environment(in, l.noun, envelope)
		}
		if d := r.verdict(env); d.Verdict != Passes {
			d.Once = l.change == event.Created
			if made == nil {
				made = make([]Decision, 0, min(len(held), 16)) // mostly all of them, where there is an index
			}
			made = append(made, d)
		}
	}
	return made
}

// Decide gives one rule's verdict on an event, as [Set.Match] would: also when its condition is false, and also for a
// rule of another set.
func (r *Rule) Decide(in *Input) Decision {
	d := r.verdict(environment(in, r.noun(in.Event.Source, in.Event.Type), r.envelope))
	d.Once = r.Once(in.Event.Source, in.Event.Type)
	return d
}

// verdict asks the condition and makes the list of each. env may be nil for a rule that has neither.
func (r *Rule) verdict(env map[string]any) (d Decision) {
	d = Decision{Rule: r, Verdict: Fires}
	if r.condition != nil {
		fires, err := r.decide(r.condition, env)
		switch {
		case err != nil:
			d.Verdict, d.Err = Errs, err
			return d
		case !fires && len(r.Else) == 0:
			d.Verdict = Passes
			return d
		case !fires:
			d.Verdict = Otherwise
		}
	}
	if r.each == nil {
		return d
	}
	var err error
	switch d.Items, err = r.items(env); {
	case err != nil:
		d.Verdict, d.Err = Errs, err
	case len(d.Items) == 0:
		d.Verdict, d.Items = Passes, nil
	}
	return d
}

// Once tells whether an event type says that its subject is new, so that the rule acts once for each subject, however
// many such events name it.
func (r *Rule) Once(source, typ string) bool {
	for _, l := range r.listens {
		if l.means(source, typ) {
			return l.Change == event.Created
		}
	}
	return false
}

// Need tells what the rule's condition and steps read.
func (r *Rule) Need() Need { return r.need }

// Fields gives the fields of the entity, and of the one before, that the rule's condition and steps read; whole tells that they read all.
// They must not be changed.
func (r *Rule) Fields() (fields []string, whole bool) { return r.fields, r.whole }

// Enabled tells whether the rule runs; one that is not enabled is checked only.
func (r *Rule) Enabled() bool { return r.enabled }

// Tags lists the rule's tags. It must not be changed.
func (r *Rule) Tags() []string { return r.tags }

// Stores lists the stores that the rule is limited to; empty means every store. It must not be changed.
func (r *Rule) Stores() []string { return r.stores }

// environment gives the values behind the names of expressions. It is made once for an event, and only read. What no
// expression reads is left out: most rules need neither the event's own fields nor the store.
func environment(in *Input, noun string, envelope bool) map[string]any {
	env := make(map[string]any, 8)
	env["was"] = present(in.Was)
	if noun != "" {
		env[noun] = present(in.Entity)
	}
	env[scopeName] = &scope{store: in.Store}
	if !envelope {
		env["event"] = map[string]any{"data": in.Data}
		return env
	}
	e, s := in.Event, &in.Store
	id := s.ID
	if id == "" {
		id = e.Store
	}
	env["event"] = map[string]any{
		"id": e.ID, "type": e.Type, "source": e.Source, "store": e.Store, "subject": told(e.Subject),
		"created": instant(e.Created), "received": instant(e.Received), "data": in.Data,
		"polled": e.Polled, "stale": e.Stale, "self": e.Self,
	}
	env["store"] = map[string]any{
		"id": id, "name": told(s.Name), "email": told(s.Email), "url": told(s.URL),
		"currency": told(s.Currency), "timezone": told(s.Timezone), "language": told(s.Language), "country": told(s.Country),
		"company": told(s.Company), "street": told(s.Street), "city": told(s.City), "state": told(s.State), "postal_code": told(s.PostalCode), "phone": told(s.Phone),
	}
	return env
}

// present gives an object, or nil without a type, which is what expressions know as nil.
func present(object map[string]any) any {
	if object == nil {
		return nil
	}
	return object
}

func instant(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC() // never in the zone of this machine
}

// told turns what the platform did not tell into nil, so that it cannot become a silent blank in a message.
func told(s string) any {
	if s == "" {
		return nil
	}
	return s
}
