package shape

import (
	"cmp"
	"errors"
	"slices"
	"strconv"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// A Hole says how much of a string is holes, whose content is not known yet.
type Hole int

// What a string can be.
const (
	NoHole    Hole = iota // all of it is as written
	SomeHole              // text with holes in it: text, but of unknown content
	WholeHole             // exactly one hole: it may become any value
)

// Check tells every way in which a value does not fit, ordered by path; nil when it fits. Value is made of nil, bool,
// int, float64, string, []any and map[string]any. No fault repeats a secret.
func (s *Shape) Check(value any) []Fault {
	return s.CheckWithHoles(value, func(string) Hole { return NoHole })
}

// CheckWithHoles is [Shape.Check] for a value with holes in its strings, as rules have them before they are rendered:
// text with holes in it is taken for text of any content, and a string that is exactly one hole for any value.
func (s *Shape) CheckWithHoles(value any, hole func(string) Hole) []Fault {
	err := s.check.Validate(value)
	if err == nil {
		return nil
	}
	failed, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return []Fault{{Message: "this is not a value that can be checked"}}
	}
	c := checker{shape: s, value: value, hole: hole}
	c.collect(failed)
	slices.SortStableFunc(c.faults, func(a, b Fault) int {
		return cmp.Or(comparePaths(a.Path, b.Path), cmp.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(c.faults, func(a, b Fault) bool {
		return a.Message == b.Message && slices.Equal(a.Path, b.Path)
	})
}

// comparePaths orders list indexes by number and keys by letter.
func comparePaths(a, b []string) int {
	return slices.CompareFunc(a, b, func(x, y string) int {
		i, errX := strconv.Atoi(x)
		j, errY := strconv.Atoi(y)
		if errX == nil && errY == nil {
			return cmp.Compare(i, j)
		}
		return cmp.Compare(x, y)
	})
}

// checker turns the leaves of a validation error into faults.
type checker struct {
	shape  *Shape
	value  any
	hole   func(string) Hole
	faults []Fault
}

func (c *checker) collect(e *jsonschema.ValidationError) {
	switch k := e.ErrorKind.(type) {
	case *kind.AnyOf:
		c.choose(e)
	case *kind.OneOf:
		if len(k.Subschemas) > 0 {
			c.add(e, "this fits two of the forms it may have, and must fit one only", "")
			return
		}
		c.choose(e)
	default:
		if len(e.Causes) == 0 {
			c.leaf(e)
			return
		}
		for _, cause := range e.Causes {
			c.collect(cause)
		}
	}
}

// choose tells the faults of the one branch that was meant: the one whose type the value has. When it has none of the
// types, the fault is that.
func (c *checker) choose(e *jsonschema.ValidationError) {
	mismatch := &kind.Type{}
	for _, branch := range e.Causes {
		if k := typeMismatch(branch, e.InstanceLocation); k != nil {
			mismatch.Got = k.Got
			mismatch.Want = append(mismatch.Want, k.Want...)
			continue
		}
		c.collect(branch)
		return
	}
	c.leaf(&jsonschema.ValidationError{InstanceLocation: e.InstanceLocation, ErrorKind: mismatch})
}

// typeMismatch finds, in a branch, the error that says the value at path has another type.
func typeMismatch(e *jsonschema.ValidationError, path []string) *kind.Type {
	if k, ok := e.ErrorKind.(*kind.Type); ok && slices.Equal(e.InstanceLocation, path) {
		return k
	}
	for _, cause := range e.Causes {
		if k := typeMismatch(cause, path); k != nil {
			return k
		}
	}
	return nil
}

// leaf adds the faults of one failed keyword, unless a hole makes it too early to tell.
func (c *checker) leaf(e *jsonschema.ValidationError) {
	if text, ok := c.at(e.InstanceLocation).(string); ok {
		_, isType := e.ErrorKind.(*kind.Type)
		if h := c.hole(text); h == WholeHole || h == SomeHole && !isType {
			return
		}
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			c.add(e, strconv.Quote(name)+" is missing", "")
		}
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			c.unknown(e.InstanceLocation, name)
		}
	default:
		message, hint := c.words(e)
		c.add(e, message, hint)
	}
}

func (c *checker) add(e *jsonschema.ValidationError, message, hint string) {
	c.faults = append(c.faults, Fault{Path: slices.Clone(e.InstanceLocation), Message: message, Hint: hint})
}

// at gives the part of the value that a path leads to.
func (c *checker) at(path []string) any {
	v := c.value
	for _, element := range path {
		switch x := v.(type) {
		case map[string]any:
			v = x[element]
		case []any:
			i, err := strconv.Atoi(element)
			if err != nil || i < 0 || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}
