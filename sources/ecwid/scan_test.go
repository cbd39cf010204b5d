package ecwid

import (
	"bytes"
	"encoding/json"
	"maps"
	"testing"
)

func TestMembers(t *testing.T) {
	for raw, want := range map[string]map[string]string{
		`{}`:              {},
		` { } `:           {},
		`[1]`:             {},
		`"{"`:             {},
		``:                {},
		`{"a":1}`:         {"a": "1"},
		`{"a":1,"a":"2"}`: {"a": `"2"`},
		" {\n\t\"a\" :\r 1 , \"b\":[ {\"c\":\"]}\"} ] ,\"d\" : { } } ": {"a": "1", "b": `[ {"c":"]}"} ]`, "d": "{ }"},
		`{"a\"b":"c\\","d":"\\\""}`:                                    {`a\"b`: `"c\\"`, "d": `"\\\""`},
		`{"a":null,"b":true,"c":-1.5e3,"":false}`:                      {"a": "null", "b": "true", "c": "-1.5e3", "": "false"},
	} {
		got := make(map[string]string)
		for key, value := range members([]byte(raw)) {
			got[key] = string(value)
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", raw, got, want)
		}
	}
}

// FuzzMembers compares members with encoding/json.
func FuzzMembers(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":"x\"\\","c":[{"d":"}"}], "e" : {} }`))
	f.Add([]byte(`{"":"","\u0061":null}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var want map[string]json.RawMessage
		if !json.Valid(raw) || json.Unmarshal(raw, &want) != nil {
			return
		}
		got := make(map[string]json.RawMessage)
		for key, value := range members(raw) {
			var plain string
			if err := json.Unmarshal([]byte(`"`+key+`"`), &plain); err != nil {
				t.Fatalf("key %q: %v", key, err)
			}
			got[plain] = value
		}
		if !maps.EqualFunc(got, want, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }) {
			t.Fatalf("%q: got %q, want %q", raw, got, want)
		}
	})
}
