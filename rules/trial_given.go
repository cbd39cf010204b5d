package rules

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"shopbell/document"
	"shopbell/event"
)

// began is when the first event of a test happens that does not say when; each of the others is a minute later. Tests ask
// no clock.
var began = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

func givenKeys() []string {
	return []string{"event", "source", "store", "id", "subject", "created", "entity", "was", "data", "profile", "self"}
}

// given reads the events of a test.
func (t *trialReader) given(one *Trial, n *yaml.Node) {
	list := listOrOne(n)
	if len(list) == 0 || len(list) > maxGiven {
		t.fault("test-form", n, fmt.Sprintf("given wants an event, or a list of at most %d", maxGiven), "")
		return
	}
	known := map[string]map[string]any{} // entities as they were last, by source, store and subject
	for i, item := range list {
		if item = document.Resolve(item); item.Kind != yaml.MappingNode {
			t.fault("test-form", item, "an event is a group of keys", "Write it as \"event: order.created\", with entity: below it.")
			continue
		}
		if in := t.event(one, item, i, known); in != nil {
			one.inputs = append(one.inputs, in)
		}
	}
}

// event reads one event. It is nil when nothing can be made of it.
func (t *trialReader) event(one *Trial, n *yaml.Node, place int, known map[string]map[string]any) *Input {
	fields := t.fields(n, givenKeys())
	l, ok := t.listen(n, fields)
	if !ok {
		return nil
	}
	when := began.Add(time.Duration(place) * time.Minute)
	if c := fields["created"]; c != nil {
		parsed, err := time.ParseInLocation(time.RFC3339, c.Value, time.UTC)
		if err != nil {
			t.fault("test-form", c, "created is a time", "Write it as 2026-11-20T15:04:00Z.")
		}
		when = parsed.UTC()
	}
	e := &event.Event{Source: l.source, Store: t.store(fields["store"], l), Type: l.Name, ID: t.word(fields["id"], fmt.Sprintf("test-%d", place+1)),
		Created: when, Received: when, Self: t.flag(fields["self"], "self")}
	in := &Input{Event: e, Store: t.profile(one, fields["profile"], e)}
	if data := fields["data"]; data != nil {
		in.Data = document.Value(data)
	}
	in.Entity = t.entityOf(fields["entity"], l, l.entity())
	e.Subject = t.word(fields["subject"], t.subject(one, l, in.Entity))
	key := e.Source + "\x00" + e.Store + "\x00" + e.Subject
	before := known[key]
	if in.Was = before; fields["was"] != nil {
		in.Was = t.entityOf(fields["was"], l, l.Noun != "")
	}
	switch {
	case l.Change == event.Deleted:
		delete(known, key)
	case !l.entity():
	case fields["entity"] == nil:
		in.Entity = before // what is read back again is what it was
	case in.Entity != nil:
		known[key] = in.Entity
	}
	return in
}

// listen finds the one event type that an event names.
func (t *trialReader) listen(n *yaml.Node, fields map[string]*yaml.Node) (listen, bool) {
	at := fields["event"]
	switch {
	case at == nil:
		t.lacks(n, "event", "Say what happens, such as \"event: order.created\".")
		return listen{}, false
	case at.Kind != yaml.ScalarNode || at.Value == "" || strings.Contains(at.Value, "*"):
		t.fault("test-event", at, "event is one event type", "Write it as order.created.")
		return listen{}, false
	}
	named := at
	if s := fields["source"]; s != nil && !strings.Contains(at.Value, ":") {
		copied := *at
		copied.Value = s.Value + ":" + at.Value
		named = &copied
	}
	found := t.reader.pattern(named)
	if len(found) == 0 {
		return listen{}, false // it was told why
	}
	store := t.directory
	if store == "" && fields["store"] != nil {
		store = fields["store"].Value
	}
	if store != "" {
		serves := func(l listen) bool {
			stores := t.world.Sources[l.source].Stores
			return len(stores) == 0 || slices.Contains(stores, store)
		}
		if those := slices.DeleteFunc(slices.Clone(found), func(l listen) bool { return !serves(l) }); len(those) > 0 {
			found = those
		}
	}
	if len(found) > 1 {
		var names []string
		for _, l := range found {
			names = append(names, l.source)
		}
		t.fault("test-event", at, fmt.Sprintf("%s is sent by more than one source", at.Value), "Add \"source:\" with "+enumerateOr(names)+".")
		return listen{}, false
	}
	l := found[0]
	if l.open { // the pattern is the name of a type that nobody lists
		l.open = false
	}
	return l, true
}

// store gives the store of an event: the one that the directory is for, or the first of the source.
func (t *trialReader) store(n *yaml.Node, l listen) string {
	stores := t.world.Sources[l.source].Stores
	switch {
	case n != nil && t.directory != "" && n.Value != t.directory:
		t.fault("other-store", n, fmt.Sprintf("tests in the directory %s are for that store only", t.directory), "Move the test to the top, or leave \"store:\" out.")
	case n != nil && (n.Kind != yaml.ScalarNode || len(stores) > 0 && !slices.Contains(stores, n.Value)):
		t.fault("unknown-store", n, fmt.Sprintf("the source %s has no store %q", l.source, n.Value), document.DidYouMean(n.Value, stores))
	case n != nil:
		return n.Value
	}
	if t.directory != "" {
		return t.directory
	}
	if len(stores) > 0 {
		return stores[0]
	}
	return "1"
}

// word gives a text, or what stands for it.
func (t *trialReader) word(n *yaml.Node, otherwise string) string {
	if n == nil {
		return otherwise
	}
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" || n.Value == "" {
		t.fault("test-form", n, "this wants text", "")
		return otherwise
	}
	return n.Value
}

// profile reads what is known of the store. An event that does not say has what the one before it of the same store had.
func (t *trialReader) profile(one *Trial, n *yaml.Node, e *event.Event) event.Store {
	made := event.Store{ID: e.Store}
	for _, in := range one.inputs {
		if in.Event.Store == e.Store && in.Event.Source == e.Source {
			made = in.Store
		}
	}
	if n == nil {
		return made
	}
	if n.Kind != yaml.MappingNode {
		t.fault("test-form", n, "profile is a group of what is known of the store", "Write it as { currency: EUR, timezone: Europe/Berlin }.")
		return made
	}
	t.fields(n, profileKeys())
	for i := 0; i+1 < len(n.Content); i += 2 {
		if v := document.Resolve(n.Content[i+1]); v.Kind != yaml.ScalarNode {
			t.fault("test-form", v, "this wants text", "")
			return made
		}
	}
	texts := map[string]string{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		texts[n.Content[i].Value] = document.Resolve(n.Content[i+1]).Value
	}
	text, err := json.Marshal(texts)
	made = event.Store{ID: e.Store}
	if err == nil {
		err = json.Unmarshal(text, &made)
	}
	if err != nil {
		t.fault("test-form", n, "profile is a group of what is known of the store", "")
	}
	made.ID = e.Store
	return made
}

// entityOf reads an entity, as the platform's API gives it. nil is one that is gone.
func (t *trialReader) entityOf(n *yaml.Node, l listen, seen bool) map[string]any {
	switch {
	case n == nil, n.Tag == "!!null":
		return nil
	case !seen:
		t.fault("test-entity", n, fmt.Sprintf("rules see no entity of %s", l.Name), "Give what the notification says as \"data:\".")
		return nil
	case n.Kind != yaml.MappingNode:
		t.fault("test-entity", n, fmt.Sprintf("%s is a group of fields", article(l.Noun)), "Write it as { id: A1 }.")
		return nil
	}
	t.typos(n, l.Noun, l.Entity)
	entity, _ := document.Value(n).(map[string]any)
	return entity
}

// typos warns of fields that nobody knows and that are spelt nearly as one that is. Others may be news of the platform.
func (t *trialReader) typos(n *yaml.Node, noun string, s *event.Schema) {
	if s == nil || s.Form != event.Object {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], document.Resolve(n.Content[i+1])
		f, ok := s.Field(key.Value)
		if !ok {
			if hint := document.DidYouMean(key.Value, s.Names()); hint != "" {
				t.warn(key, fmt.Sprintf("%s has no %q that is known", noun, key.Value), hint)
				t.problems[len(t.problems)-1].ID = "test-field"
			}
			continue
		}
		switch {
		case value.Kind == yaml.MappingNode:
			t.typos(value, key.Value, f.Schema)
		case value.Kind == yaml.SequenceNode && f.Form == event.List && f.Elem != nil:
			for _, item := range value.Content {
				if item = document.Resolve(item); item.Kind == yaml.MappingNode {
					t.typos(item, "an item of "+key.Value, f.Elem)
				}
			}
		}
	}
}

// subject gives what an event is about that does not say: the entity, or else what the event before it was about.
func (t *trialReader) subject(one *Trial, l listen, entity map[string]any) string {
	noun := l.Noun
	if noun == "" {
		noun, _, _ = strings.Cut(l.Name, ".")
	}
	if id := entity["id"]; id != nil {
		return noun + "/" + fmt.Sprint(id)
	}
	for _, in := range slices.Backward(one.inputs) {
		if strings.HasPrefix(in.Event.Subject, noun+"/") {
			return in.Event.Subject
		}
	}
	return noun + "/1"
}
