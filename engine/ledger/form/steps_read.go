package form

import (
	"bytes"
	"encoding/json"

	"shopbell/engine"
)

// DecodeSteps reads what EncodeSteps wrote, or encoding/json. The steps go on using text, which must not change.
func DecodeSteps(text []byte) (steps []engine.Step, err error) {
	if s, ok := newStep(text); ok {
		return []engine.Step{s}, nil
	}
	err = json.Unmarshal(text, &steps)
	return steps, err
}

// newStep reads one step that has been rendered, and that nothing has become of yet. ok is false for all that is anything else.
func newStep(text []byte) (s engine.Step, ok bool) {
	r := reader{text, true}
	r.skip("[{")
	if r.has(`"id":`) {
		s.ID = r.plain()
		r.skip(",")
	}
	r.skip(`"action":`)
	s.Action = r.plain()
	if r.has(`,"account":`) {
		s.Account = r.plain()
	}
	r.skip(`,"params":`)
	s.Params = r.rest("}]")
	return s, r.ok
}

// A reader takes what it is told from the front of a text, and knows whether it was there every time.
type reader struct {
	text []byte
	ok   bool
}

// has takes a word, if it is what comes next.
func (r *reader) has(word string) (is bool) {
	rest, is := bytes.CutPrefix(r.text, []byte(word))
	if is {
		r.text = rest
	}
	return is
}

func (r *reader) skip(word string) { r.ok = r.has(word) && r.ok }

// plain takes a string in which nothing is escaped.
func (r *reader) plain() string {
	r.skip(`"`)
	s, rest, found := bytes.Cut(r.text, []byte{'"'})
	if r.ok = r.ok && found && plain(s); !r.ok {
		return ""
	}
	r.text = rest
	return string(s)
}

// rest takes all that stands before the end, which must be one value.
func (r *reader) rest(end string) []byte {
	value, found := bytes.CutSuffix(r.text, []byte(end))
	r.ok = r.ok && found && json.Valid(value) && len(bytes.TrimSpace(value)) == len(value)
	return value[:len(value):len(value)]
}
