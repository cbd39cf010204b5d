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
	readings    map[string]*reading // by the name of the file, for the next load
	index       map[listenKey]*listeners
	open        open
}

// listenKey is an event type of a source.
type listenKey struct{ source, typ string }

// listeners are the rules on one event type, in order of directory, file and place.
type listeners struct {
	noun   string
	change event.Change
	rules  []*Rule           // a rule's place is its number here
	every  *group            // the rules for every store
	stores map[string]*group // by store, the rules that name it
}

func listening(l listen) *listeners {
	return &listeners{noun: l.Noun, change: l.Change, every: &group{}, stores: map[string]*group{}}
}

// build indexes the rules that are to run.
func (s *Set) build() {
	s.index = map[listenKey]*listeners{}
	s.open.rules = map[string][]opening{}
	for _, r := range s.rules {
		if !r.enabled {
			continue
		}
		for _, l := range r.listens {
			if l.open {
				s.open.rules[l.source] = append(s.open.rules[l.source], opening{l, r})
				continue
			}
			at := s.index[listenKey{l.source, l.Name}]
			if at == nil {
				at = listening(l)
				s.index[listenKey{l.source, l.Name}] = at
			}
			at.add(r)
		}
	}
	for _, l := range s.index {
		l.seal()
	}
}

// add puts a rule behind those that are there: rules come in the order of the set.
func (l *listeners) add(r *Rule) {
	place := int32(len(l.rules))
	l.rules = append(l.rules, r)
	if len(r.stores) == 0 {
		l.every.add(r, place)
		return
	}
	for i, store := range r.stores {
		if slices.Contains(r.stores[:i], store) {
			continue
		}
		if l.stores[store] == nil {
			l.stores[store] = &group{}
		}
		l.stores[store].add(r, place)
	}
}

func (l *listeners) seal() {
	l.every.seal()
	for _, g := range l.stores {
		g.seal()
	}
}

// Need tells what has to be known of an event before it can be matched and its runs be rendered. It costs a look into
// a map.
func (s *Set) Need(source, store, typ string) Need {
	l := s.listeners(source, typ)
	if l == nil {
		return Need{}
	}
	if own := l.stores[store]; own != nil {
		return l.every.need.and(own.need)
	}
	return l.every.need
}

// Match gives the rules that fire on an event and those whose condition could not be evaluated, in order of directory,
// file and place in it. Rules whose condition is false are left out. It does no I/O, and gives the same answer each
// time it is asked.
func (s *Set) Match(in *Input) []Decision {
	l := s.listeners(in.Event.Source, in.Event.Type)
	if l == nil {
		return nil
	}
	var env map[string]any
	var made []Decision
	own := l.stores[in.Event.Store]
	envelope := l.every.envelope || own != nil && own.envelope
	if l.every.lookups != nil || own != nil && own.lookups != nil {
		env = environment(in, l.noun, envelope)
	}
	for _, place := range l.candidates(own, env) {
		r := l.rules[place]
		if in.Event.Self && !r.self {
			continue // its own doing must not set a rule off again, unless it asks for that
		}
		if env == nil && (r.condition != nil || r.each != nil) {
			env = environment(in, l.noun, envelope)
		}
		if d := r.verdict(env); d.Verdict != Passes {
			d.Once = l.change == event.Created
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
