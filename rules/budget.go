package rules

import (
	"errors"
	"math/bits"
	"regexp"
	patterns "regexp/syntax"
	"strings"
)

// The bounds of one evaluation, beside its steps.
const (
	maxRoom     = 8 << 20 // bytes of texts and objects that an evaluation makes; the machine's own lists need as much again
	maxNested   = 100     // levels of lists and objects inside each other that a function walks through
	maxCode     = 32_000  // characters of one expression: who reads it goes one call deeper at each bracket
	maxBrackets = 200     // inside each other
	maxPattern  = 4_000   // parts of a pattern, its repeats counted as often as they may repeat
)

var (
	errRoom     = errors.New("it needs more than 16 MB")
	errNested   = errors.New("it goes through lists or objects that are nested deeper than 100 levels")
	errBrackets = errors.New("this expression is nested deeper than 200 levels")
	errCode     = errors.New("this expression is too long")
)

// bound tells whether an error says that an evaluation met a bound.
func bound(err error) bool {
	for _, e := range []error{errSteps, errText, errRoom, errNested, errPattern} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// maxRendering is how many steps all holes of one step of a rule may take together.
const maxRendering = 4 * maxSteps

// begin gives an evaluation what it may spend.
func (s *scope) begin() {
	s.left, s.room = maxSteps, maxRoom
	if s.rendering {
		s.left = max(0, min(maxSteps, s.purse))
		s.purse -= s.left
	}
}

// end puts back what was not spent, less a little for having been asked.
func (s *scope) end() {
	if s.rendering {
		s.purse += max(0, s.left) - 20
	}
}

// nesting gives how deep an expression's brackets are nested, counting those in texts too.
func nesting(code string) int {
	level, deepest := 0, 0
	for i := range len(code) {
		switch code[i] {
		case '(', '[', '{':
			level++
			deepest = max(deepest, level)
		case ')', ']', '}':
			level = max(0, level-1)
		}
	}
	return deepest
}

// hold takes bytes off what the evaluation may still keep.
func (s *scope) hold(bytes int) error {
	if s.room -= bytes; s.room < 0 {
		return errRoom
	}
	return nil
}

// heft spends a step for every share bytes of a text, and four values of a list that is not one of plain values; any
// other value costs nothing.
func (s *scope) heft(v any, share int) error {
	switch v := v.(type) {
	case string:
		return s.spend(len(v) / share)
	case safe:
		return s.spend(len(v.text) / share)
	case []string, []int, []float64, []map[string]any:
		return s.spend(length(v) / 4)
	}
	return nil
}

// made takes account of what one of our functions gives.
func (s *scope) made(v any, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	switch t := v.(type) {
	case string:
		return v, s.grown(len(t))
	case safe:
		return v, s.grown(len(t.text))
	}
	if n := length(v); n > 0 {
		return v, s.hold(64 * n)
	}
	return v, nil
}

// grown takes account of a text that was made.
func (s *scope) grown(size int) error {
	if size > maxText {
		return errText
	}
	if err := s.spend(size / 16); err != nil {
		return err
	}
	return s.hold(size)
}

// length gives how many values a list or an object has; 0 for anything else.
func length(v any) int {
	switch v := v.(type) {
	case []any:
		return len(v)
	case []string:
		return len(v)
	case []int:
		return len(v)
	case []float64:
		return len(v)
	case []map[string]any:
		return len(v)
	case map[string]any:
		return len(v)
	}
	return 0
}

// sorting gives the steps of putting so many values in order.
func sorting(n int) int { return n * bits.Len(uint(n)) / 2 }

// jsonSize gives how long a value is as JSON with two spaces for each level, and spends for it. It is at least what it
// becomes.
func (s *scope) jsonSize(v any, level int) (int, error) {
	if level > maxNested {
		return 0, errNested
	}
	if err := s.spend(4); err != nil {
		return 0, err
	}
	size := 25 // the longest number, and the line's end
	switch v := v.(type) {
	case string:
		size = 2 + jsonText(v)
	case map[string]any:
		for key, item := range v {
			n, err := s.jsonSize(item, level+1)
			if err != nil {
				return 0, err
			}
			if size += n + jsonText(key) + 2*level + 10; size > maxText {
				return 0, errText
			}
		}
	default:
		list, ok := items(v)
		if !ok {
			break
		}
		for _, item := range list {
			n, err := s.jsonSize(item, level+1)
			if err != nil {
				return 0, err
			}
			if size += n + 2*level + 6; size > maxText {
				return 0, errText
			}
		}
	}
	if size > maxText {
		return 0, errText
	}
	return size, s.spend(size / 64)
}

// jsonText gives how long a text is inside JSON.
func jsonText(s string) int {
	n := len(s)
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '<' || c == '>' || c == '&' || c == '"' || c == '\\' || c >= 0x80 {
			n += 5
		}
	}
	return n
}

// patternSize tells of how many parts a pattern is made when its repeats are written out. It is more than maxPattern for
// one that is too large, and 0 for one that cannot be read.
func patternSize(pattern string) int {
	if len(pattern) > maxPattern {
		return maxPattern + 1
	}
	tree, err := patterns.Parse(pattern, patterns.Perl)
	if err != nil {
		return 0
	}
	return partsOf(tree)
}

func partsOf(r *patterns.Regexp) int {
	n := 2 + len(r.Rune)
	for _, sub := range r.Sub {
		n = min(n+partsOf(sub), maxPattern+1)
	}
	if r.Op == patterns.OpRepeat {
		n *= max(r.Min, r.Max, 1)
	}
	return min(n, maxPattern+1)
}

var errPattern = errors.New("the pattern is too large")

// patternSteps gives what it costs to hold a text of so many bytes against a pattern of so many parts.
func patternSteps(size, parts int) int {
	if parts <= 16 {
		return 1 + size*parts/4
	}
	return 1 + size*parts/2
}

// runMatches is `matches` with a pattern that is not known before.
func runMatches(s *scope, args []any) (any, error) {
	if args[0] == nil || args[1] == nil {
		return false, nil
	}
	text, ok1 := plainer(args[0]).(string)
	pattern, ok2 := plainer(args[1]).(string)
	if !ok1 || !ok2 {
		return nil, &mixed{"matches", args[0], args[1]}
	}
	// To read a pattern costs some hundred steps and more with its size.
	if err := s.spend(100 + 4*len(pattern)); err != nil {
		return nil, err
	}
	parts := patternSize(pattern)
	if parts > maxPattern {
		return nil, errPattern
	}
	if err := s.spend(10*parts + patternSteps(len(text), parts)); err != nil {
		return nil, err
	}
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	return compiled.MatchString(text), nil
}

// trimming spends for what trim does: it looks for each character of the text among those to be trimmed.
func (s *scope) trimming(args []any) error {
	text, _ := args[0].(string)
	if len(args) == 2 {
		if set, _ := args[1].(string); strings.ContainsFunc(set, func(r rune) bool { return r >= 0x80 }) {
			return s.spend(1 + len(text)/16 + len(text)*len(set)/16)
		}
	}
	return s.spend(1 + len(text)/16)
}
