package rules

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"shopbell/actions"
)

// Render makes a step of a branch ready: its own condition is asked, and the holes of its parameters are filled. steps holds
// what earlier steps left, by their id. The error is for people, with file, line and column; the same input always gives
// the same answer.
func (r *Rule) Render(b Branch, step int, in *Input, steps map[string]any) (Rendering, error) {
	branch := r.compiledBranch(b.Else)
	if step < 0 || step >= len(branch) {
		return Rendering{}, fmt.Errorf("%s has no step %d", r.ID(), step+1)
	}
	if steps == nil {
		steps = map[string]any{}
	}
	env := environment(in, r.noun(in.Event.Source, in.Event.Type), r.envelope)
	env["steps"] = steps
	if purse, ok := env[scopeName].(*scope); ok {
		purse.rendering, purse.purse = true, maxRendering
	}
	if r.each != nil {
		env["item"] = b.Item
	}
	s := &branch[step]
	if s.condition != nil {
		fires, err := r.decide(s.condition, env)
		if err != nil {
			return Rendering{}, err
		}
		if !fires {
			return Rendering{Skip: true, Why: "its own condition is false"}, nil
		}
	}
	if why := r.declines(b, step, in); why != "" {
		return Rendering{Skip: true, Why: why}, nil
	}
	out := make([]byte, 0, 256)
	for i := range s.params {
		p := &s.params[i]
		if p.page != nil {
			text, err := p.page.fill(r, env)
			if err != nil {
				return Rendering{}, err
			}
			if out = appendText(out, text); len(out) > maxRendered {
				return Rendering{}, fmt.Errorf("%s: %w", p.page.file(), errors.New("the parameters are larger than 4 MB"))
			}
			continue
		}
		if p.hole == nil {
			out = append(out, p.json...)
			continue
		}
		value, err := p.hole.run(env)
		if err == nil {
			out, err = p.fill(out, value)
		}
		if err != nil {
			return Rendering{}, r.blame(p.hole, err)
		}
		if len(out) > maxRendered {
			return Rendering{}, r.blame(p.hole, errors.New("the parameters are larger than 4 MB"))
		}
	}
	return Rendering{Params: json.RawMessage(out)}, nil
}

// maxRendered bounds the parameters of one step, in bytes.
const maxRendered = 4 << 20

// noun gives the name under which the rule sees the entity of an event type.
func (r *Rule) noun(source, typ string) string {
	for _, l := range r.listens {
		if l.means(source, typ) {
			return l.Noun
		}
	}
	if noun, _, ok := strings.Cut(typ, "."); ok && len(r.listens) == 0 {
		return noun
	}
	return ""
}

// blame puts the place of an expression before what went wrong in it.
func (r *Rule) blame(p *program, err error) error {
	offset := 0
	if f, ok := errors.AsType[*failure](err); ok {
		offset = f.offset
	}
	name, line, column := p.where.locate(offset)
	return fmt.Errorf("%s:%d:%d: %w", name, line, column, err)
}

// decide evaluates a condition.
func (r *Rule) decide(p *program, env map[string]any) (bool, error) {
	value, err := p.run(env)
	if err != nil {
		return false, r.blame(p, err)
	}
	fires, ok := value.(bool)
	switch {
	case ok:
		return fires, nil
	case value == nil:
		return false, r.blame(p, fmt.Errorf("the condition is empty, neither true nor false: something in it is missing from this event"))
	}
	return false, r.blame(p, fmt.Errorf("the condition is %s, neither true nor false", wordFor(value)))
}

// fill appends what a hole gives.
func (p *part) fill(out []byte, value any) ([]byte, error) {
	if !p.inside {
		if kept, done, err := p.keep(out, value); done || err != nil {
			return kept, err
		}
		out = append(out, '"')
	}
	text, err := plainText(value)
	if err != nil {
		return out, p.say(err)
	}
	if !settled(value, p.lands) && (p.inside || p.lands != actions.URL) {
		text = actions.Escape(p.lands, text)
	}
	if len(out)+6*len(text) > maxRendered && len(out)+insideSize(text) > maxRendered {
		return out, errors.New("the parameters are larger than 4 MB")
	}
	out = appendInside(out, text)
	if !p.inside {
		out = append(out, '"')
	}
	return out, nil
}

// keep appends a value that stands alone, with its type, unless the parameter wants text.
func (p *part) keep(out []byte, value any) ([]byte, bool, error) {
	switch word := wordOfValue(value); {
	case p.takes == "anything":
		if _, isText := value.(string); isText || word == "" {
			return out, false, nil
		}
		out, err := appendJSON(out, value, p.lands, maxRendered)
		return out, true, err
	case value == nil, word == "text", word == "":
		return out, false, nil
	case p.takes == word, p.takes != "true or false" && slices.Contains(strings.Split(p.takes, " or "), word):
		out, err := appendJSON(out, value, p.lands, maxRendered)
		return out, true, err
	}
	return out, false, nil
}

// say puts the expression's own words into an error of [plainText].
func (p *part) say(err error) error {
	if errors.Is(err, errNothing) {
		return fmt.Errorf("%s is empty; write %s ?? \"…\" to say what to put there", p.source, p.source)
	}
	return fmt.Errorf("%s: %w", p.source, err)
}

func wordOfValue(v any) string {
	switch v.(type) {
	case nil:
		return "nothing"
	case bool:
		return "true or false"
	case string, safe:
		return "text"
	case int, float64, int64:
		return "number"
	case map[string]any:
		return "object"
	}
	if _, ok := items(v); ok {
		return "list"
	}
	return ""
}

// appendJSON appends any value of a rule as JSON, with its texts escaped for where they land.
func appendJSON(out []byte, v any, lands actions.Landing, most int) ([]byte, error) {
	if len(out) > most {
		return out, errors.New("it is larger than 4 MB")
	}
	switch v := v.(type) {
	case nil:
		return append(out, "null"...), nil
	case bool:
		return strconv.AppendBool(out, v), nil
	case int:
		return strconv.AppendInt(out, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(out, v, 10), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return out, errors.New("it is not a number: something is divided by zero")
		}
		return strconv.AppendFloat(out, v, 'f', -1, 64), nil
	case string:
		return appendText(out, actions.Escape(lands, v)), nil
	case safe:
		if !settled(v, lands) {
			return appendText(out, actions.Escape(lands, v.text)), nil
		}
		return appendText(out, v.text), nil
	case time.Time:
		return appendText(out, v.Format(time.RFC3339)), nil
	case time.Duration:
		return appendText(out, v.String()), nil
	case map[string]any:
		return appendObject(out, v, lands, most)
	}
	list, ok := items(v)
	if !ok {
		return out, errors.New("it cannot be put here")
	}
	return appendList(out, list, lands, most)
}

func appendList(out []byte, list []any, lands actions.Landing, most int) ([]byte, error) {
	out = append(out, '[')
	for i, item := range list {
		if i > 0 {
			out = append(out, ',')
		}
		var err error
		if out, err = appendJSON(out, item, lands, most); err != nil {
			return out, err
		}
	}
	return append(out, ']'), nil
}

// appendObject writes keys in order, so that the same value always gives the same bytes.
func appendObject(out []byte, v map[string]any, lands actions.Landing, most int) ([]byte, error) {
	keys := make([]string, 0, len(v))
	for key := range v {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	out = append(out, '{')
	for i, key := range keys {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendText(out, key), ':')
		var err error
		if out, err = appendJSON(out, v[key], lands, most); err != nil {
			return out, err
		}
	}
	return append(out, '}'), nil
}

// appendText appends a JSON string.
func appendText(out []byte, s string) []byte {
	return append(appendInside(append(out, '"'), s), '"')
}

// appendInside appends text as it stands inside a JSON string. What is not UTF-8 becomes the replacement character.
func appendInside(out []byte, s string) []byte {
	const hex = "0123456789abcdef"
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			out = utf8.AppendRune(out, r)
			i += size
			continue
		}
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c == '\n':
			out = append(out, '\\', 'n')
		case c == '\r':
			out = append(out, '\\', 'r')
		case c == '\t':
			out = append(out, '\\', 't')
		case c < 0x20:
			out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			out = append(out, c)
		}
		i++
	}
	return out
}

// insideSize gives by how much [appendInside] makes its result longer.
func insideSize(s string) int {
	n := len(s)
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\' || c == '\n' || c == '\r' || c == '\t':
			n++
		case c < 0x20:
			n += 5
		}
	}
	return n
}
