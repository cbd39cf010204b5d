package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"shopbell/document"
)

// nearName suggests what an unknown name was meant to be: a name, or a field of the entity.
func (c *examiner) nearName(name string) string {
	known := slices.Sorted(maps.Keys(c.names))
	if c.defined != nil {
		known = slices.AppendSeq(known, maps.Keys(c.defined.byName))
		slices.Sort(known)
	}
	if hint := c.otherWord(name); hint != "" {
		return hint
	}
	if hint := document.DidYouMean(name, known); hint != "" {
		return hint
	}
	for _, owner := range []string{c.entity, "event", "store"} {
		if k := c.names[owner]; k != nil && k.fields[name] != nil {
			return fmt.Sprintf("Did you mean %q?", owner+"."+name)
		}
	}
	if k := c.names[c.entity]; k != nil {
		if near, ok := document.Nearest(name, k.names); ok {
			return fmt.Sprintf("Did you mean %q?", c.entity+"."+near)
		}
	}
	return "Text must be in quotes; names are " + enumerate(known) + "."
}

// otherWord suggests what this language calls a word of another one.
func (c *examiner) otherWord(name string) string {
	switch strings.ToLower(name) {
	case "null", "none", "undefined", "empty":
		return `Did you mean "nil"?`
	case "yes", "on":
		return `Did you mean "true"?`
	case "no", "off":
		return `Did you mean "false"?`
	case "nil", "true", "false":
		return fmt.Sprintf("Did you mean %q?", strings.ToLower(name))
	}
	if amount, ok := strings.CutPrefix(name, "$"); ok && amount != "" && strings.Trim(amount, "0123456789") == "" {
		return fmt.Sprintf("Write %s: amounts are bare numbers.", amount)
	}
	if len(c.loops) > 0 {
		if item := c.loops[len(c.loops)-1]; item.form == object && item.fields[name] != nil {
			return fmt.Sprintf("Did you mean %q?", "."+name)
		}
	}
	return ""
}

// enumerate lists words: a, b and c.
func enumerate(words []string) string {
	out := ""
	for i, w := range words {
		switch {
		case i == 0:
		case i == len(words)-1:
			out += " and "
		default:
			out += ", "
		}
		out += w
	}
	return out
}
