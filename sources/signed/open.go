package signed

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"shopbell/event"
)

// open makes a source of its part of the config.
func open(name string, raw json.RawMessage) (*source, error) {
	var c Config
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, errors.New("the config of this source does not fit: " + wrongField(err))
	}
	p, err := presetNamed(c.Preset)
	if err != nil {
		return nil, err
	}
	described := p.verify.over(c.Verify)
	v, err := described.verifier()
	if err != nil {
		return nil, err
	}
	if v.keys, err = described.keys(c.Secret, c.PreviousSecret); err != nil {
		return nil, err
	}
	if err := c.Stores.check(); err != nil {
		return nil, err
	}
	f, err := findWith(&c, p)
	if err != nil {
		return nil, err
	}
	types, err := c.types(p, f, v.coversBody())
	if err != nil {
		return nil, err
	}
	s := &source{name: name, verifier: v, greeting: p.greeting, finder: f, stores: c.Stores, only: name,
		catalog: &event.Catalog{Types: make([]event.Type, len(types))}, types: make(map[string]*typeInfo, 2*len(types))}
	s.catalog.Any = s.any()
	for id := range c.Stores {
		if len(c.Stores) == 1 {
			s.only = id
		}
	}
	for i, t := range types {
		s.catalog.Types[i] = t.Type
		for _, name := range append([]string{t.Name}, t.Aliases...) {
			s.types[name] = t
		}
	}
	return s, nil
}

// wrongField tells which key does not fit, without the value: it may be a secret.
func wrongField(err error) string {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		return wrong.Field + " cannot be " + jsonWord(wrong.Value)
	}
	if wrong, ok := errors.AsType[*wrongStores](err); ok {
		return wrong.Error()
	}
	return "it is not a JSON object"
}

// jsonWord gives the word that an operator would use for what encoding/json found.
func jsonWord(found string) string {
	switch {
	case found == "string":
		return "text"
	case found == "array":
		return "a list"
	case found == "object":
		return "an object"
	case found == "bool":
		return "true or false"
	}
	return "a number"
}

// A finder finds in a request what an event is made of. An expression that is nil finds nothing.
type finder struct {
	id, typ, subject, time, store, data, entity, each *expression

	root      string // the name of what one event is made of: "body", or "item" where a request holds several
	constant  string // the store of all events; "" when it is found
	mustStore bool   // a request that tells no store is refused

	ownSubject bool // the operator says what events are about, so the id of the entity does not
}

// bare is what can be a fixed store without quotes.
var bare = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// findWith compiles the expressions of a config over those of its preset.
func findWith(c *Config, p *preset) (finder, error) {
	f := finder{root: "body"}
	names := []string{"body", "headers", "query", "path", "hash"}
	var err error
	if c.Each != "" {
		if p.single {
			return f, fmt.Errorf("each cannot be used with the preset %s, whose requests hold one event", p.name)
		}
		if f.each, err = compile("each", c.Each, "body", "headers", "query", "path"); err != nil {
			return f, err
		}
		f.root, names = "item", append(names, "item")
		p.data, p.entity, p.subject = "", "", ""
	}
	store := orElse(c.Store, p.store)
	if bare.MatchString(c.Store) && !slices.Contains(names, c.Store) {
		f.constant, store = c.Store, ""
	}
	f.mustStore, f.ownSubject = c.Store != "", c.Subject != ""
	for _, e := range []struct {
		to        **expression
		key, code string
		names     []string
	}{
		{&f.id, "id", orElse(c.ID, p.id), names},
		{&f.typ, "type", orElse(c.Type, p.typ), names},
		{&f.subject, "subject", orElse(c.Subject, p.subject), names},
		{&f.time, "time", orElse(c.Time, p.time), names},
		{&f.store, "store", store, names},
		{&f.data, "data", orElse(orElse(c.Data, p.data), f.root), names},
		{&f.entity, "entity", orElse(p.entity, f.root), []string{f.root}},
	} {
		if e.code == "" {
			continue
		}
		if *e.to, err = compile(e.key, e.code, e.names...); err != nil {
			return f, err
		}
	}
	if f.typ == nil {
		return f, errors.New(`type is missing: say where the event type is, such as type: body.type, or as a fixed text: type: '"order.created"'`)
	}
	return f, nil
}
