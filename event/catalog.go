package event

import (
	"slices"
	"strings"
)

// A Change says what became of the subject of an event.
type Change int

// The changes that a type can stand for.
const (
	Other   Change = iota // none of the others: a request, an installation, a status
	Created               // the subject is new: a rule acts at most once for each subject
	Updated               // something about the subject changed
	Deleted               // the subject is gone: reading it back finds nothing
)

// A Type is one kind of event that a platform sends.
type Type struct {
	Name    string   // canonical, such as "order.created"
	Aliases []string // other spellings that the platform uses on the wire
	Doc     string   // when it happens, one sentence
	Scope   string   // the access that the platform demands for it, such as "read_orders"
	Noun    string   // the name under which rules see the entity, such as "order"; "" when there is none
	Change  Change
	Entity  *Schema // the entity as the platform's API gives it; nil when Noun is ""
	Data    *Schema // the claim inside the notification (event.data); nil when there is none
	// Consent names the field of the entity that is false when its person must not get marketing; "" when the platform does not
	// tell. True, or nothing, means that they may be written to.
	Consent string
	// Readable says that the entity can be read back from the platform's API. When false, rules on this type see
	// only the claim, and the noun is not theirs to use.
	Readable bool
}

// A Catalog lists every event type of one kind of source. It is read-only once built.
type Catalog struct {
	Types []Type
	// Any says what is known of types that are not listed, because the platform has more than anybody can list; its Name is
	// "*". Nil when there are no others.
	Any *Type
}

// Lookup finds a type by its canonical name or any alias. One that is not listed is made of Any.
func (c *Catalog) Lookup(name string) (*Type, bool) {
	for i := range c.Types {
		if t := &c.Types[i]; t.Name == name || slices.Contains(t.Aliases, name) {
			return t, true
		}
	}
	if c.Any != nil && name != "" && !strings.Contains(name, "*") {
		t := *c.Any
		t.Name = name
		return &t, true
	}
	return nil, false
}

// Matching gives the listed types that a pattern of a rule's `when` means: one exact name, "order.*", or "*".
func (c *Catalog) Matching(pattern string) []*Type {
	var found []*Type
	for i := range c.Types {
		means := func(name string) bool { return Match(pattern, name) }
		if t := &c.Types[i]; means(t.Name) || slices.ContainsFunc(t.Aliases, means) {
			found = append(found, t)
		}
	}
	return found
}

// Names lists the canonical names, in catalog order.
func (c *Catalog) Names() []string {
	names := make([]string, len(c.Types))
	for i := range c.Types {
		names[i] = c.Types[i].Name
	}
	return names
}

// Match tells whether an event type's name is meant by a pattern: the same name, "noun.*", or "*".
func Match(pattern, name string) bool {
	if pattern == "*" || pattern == name {
		return true
	}
	noun, ok := strings.CutSuffix(pattern, ".*")
	return ok && strings.HasPrefix(name, noun+".")
}
