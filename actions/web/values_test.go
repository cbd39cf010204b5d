package web

import (
	"reflect"
	"testing"
)

func TestValues(t *testing.T) {
	for text, want := range map[string]any{
		`{"id":9007199254740993,"of":[1,2.5,{"x":-3}]}`: map[string]any{"id": 9007199254740993, "of": []any{1, 2.5, map[string]any{"x": -3}}},
		"[9223372036854775808, 1e400]\n":                []any{9223372036854775808.0, "1e400"},
		` "x" `:                                         "x",
		`null`:                                          nil,
	} {
		if got, ok := Values([]byte(text)); !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %#v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "{", "{} {}", "{}]", "<html>"} {
		if got, ok := Values([]byte(text)); ok {
			t.Errorf("%q: got %#v", text, got)
		}
	}
}
