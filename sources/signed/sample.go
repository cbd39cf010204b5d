package signed

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"shopbell/event"
)

// maxSampleFields is how many fields an object of a sample may have before its keys are taken for free ones.
const maxSampleFields = 300

// fromSample makes a schema of a body as it came, or of a list of such bodies. A field that each of them has is always
// there; one that is null or missing in some may be missing. What differs in form from body to body is not checked.
func fromSample(text json.RawMessage) (*event.Schema, error) {
	if _, err := parse(text); err != nil {
		return nil, errors.New(strings.Replace(err.Error(), "the body", "the sample", 1))
	}
	samples := []json.RawMessage{text}
	if first(text) == '[' {
		if err := json.Unmarshal(text, &samples); err != nil || len(samples) == 0 {
			return nil, errors.New("the list of samples is empty")
		}
	}
	var all possible
	for _, sample := range samples {
		if first(sample) != '{' {
			return nil, errors.New("a sample is a JSON object, or a list of them: the body of a notification as it came")
		}
		all = union(all, possibleOf(sample))
	}
	return settle(all.schema), nil
}

func first(text json.RawMessage) byte {
	if text = bytes.TrimSpace(text); len(text) > 0 {
		return text[0]
	}
	return 0
}

// possibleOf says what one value looks like. The value is valid JSON, of bounded depth.
func possibleOf(raw json.RawMessage) possible {
	switch first(raw) {
	case '{':
		return possible{schema: objectLike(raw)}
	case '[':
		var items []json.RawMessage
		_ = json.Unmarshal(raw, &items)
		var elem possible
		for _, item := range items {
			elem = union(elem, possibleOf(item))
		}
		return possible{schema: event.ListOf("", elem.schema)}
	case '"':
		return possible{schema: event.Of(event.Text, "")}
	case 't', 'f':
		return possible{schema: event.Of(event.Flag, "")}
	case 'n':
		return possible{null: true}
	}
	return possible{schema: event.Of(event.Number, "")}
}

// objectLike makes an object of an object, and a table where its keys are ids or too many to be names.
func objectLike(raw json.RawMessage) *event.Schema {
	members := membersOf(raw)
	free := len(members) > 0
	for _, m := range members {
		if _, err := strconv.ParseUint(m.name, 10, 64); err != nil {
			free = false
		}
	}
	if free || len(members) > maxSampleFields {
		var elem possible
		for _, m := range members {
			elem = union(elem, possibleOf(m.raw))
		}
		return event.TableOf("", elem.schema)
	}
	s := event.ObjectOf("")
	for _, m := range members {
		p := possibleOf(m.raw)
		s.Fields = append(s.Fields, event.Field{Name: m.name, Optional: p.null, Schema: p.orAnything()})
	}
	return s
}

// A member is one name of an object with its value.
type member struct {
	name string
	raw  json.RawMessage
}

// membersOf lists the members of an object in the order in which they are written; none for anything else.
func membersOf(raw json.RawMessage) []member {
	d := json.NewDecoder(bytes.NewReader(raw))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil
	}
	var members []member
	for d.More() {
		name, err := d.Token()
		text, ok := name.(string)
		var value json.RawMessage
		if err != nil || !ok || d.Decode(&value) != nil {
			return members
		}
		members = append(members, member{text, value})
	}
	return members
}
