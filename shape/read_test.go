package shape_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"shopbell/shape"
)

// TestReadIsOf holds that the schema of a struct, read back, is the shape that it came from.
func TestReadIsOf(t *testing.T) {
	type item struct {
		SKU   string `json:"sku" jsonschema_description:"Its number."`
		Count int    `json:"count,omitempty" jsonschema:"default=1" jsonschema_description:"How many."`
	}
	type params struct {
		Zone  string            `json:"zone" jsonschema:"enum=a,enum=b" jsonschema_description:"Where."`
		Items []item            `json:"items,omitempty" jsonschema_description:"What."`
		Free  map[string]string `json:"free,omitempty" jsonschema_description:"More."`
		Any   any               `json:"any,omitempty" jsonschema_description:"Anything."`
		Sure  bool              `json:"sure" jsonschema_description:"Whether."`
	}
	want := shape.Of(new(params))
	got, err := shape.Read(want.JSON())
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Fields(), want.Fields()) {
		t.Errorf("got\n%+v\nwant\n%+v", got.Fields(), want.Fields())
	}
	value := map[string]any{"zoen": "a", "sure": "yes", "items": []any{map[string]any{"sku": 1}}}
	if g, w := got.Check(value), want.Check(value); !reflect.DeepEqual(g, w) || len(g) < 3 {
		t.Errorf("got\n%+v\nwant\n%+v", g, w)
	}
}

func TestReadWords(t *testing.T) {
	s, err := shape.Read(json.RawMessage(`{"type":"object","properties":{
		"text":{"type":"string","lands":"html","description":"T."},
		"key":{"type":"string","writeOnly":true},
		"either":{"anyOf":[{"type":"string"},{"type":"array","items":{"type":"number"}}]},
		"at":{"type":"object","lands":"slack","properties":{"deep":{"type":"string"}},"default":{"deep":"x"}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []shape.Field{
		{Name: "text", Type: "text", Doc: "T.", Lands: "html"},
		{Name: "key", Type: "text", Secret: true},
		{Name: "either", Type: "text or list", Elem: &shape.Field{Type: "number"}},
		{Name: "at", Type: "object", Lands: "slack", Default: `{"deep":"x"}`, Fields: []shape.Field{{Name: "deep", Type: "text", Lands: "slack"}}},
	}
	if !reflect.DeepEqual(s.Fields(), want) {
		t.Errorf("got %+v", s.Fields())
	}
}

func TestReadRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{`:                                     "not JSON",
		`[]`:                                    "not of an object",
		`{"type":"string"}`:                     "not of an object",
		`{"type":"object","minProperties":"x"}`: "not a JSON Schema",
		`{"type":"object","properties":{"a":{"$ref":"https://example.com/x"}}}`:    "refers to another",
		`{"type":"object","properties":{"a":{"anyOf":[{"$ref":"#/properties"}]}}}`: "refers to another",
	} {
		if _, err := shape.Read(json.RawMessage(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`{"type":"object","properties":{"a":{"type":"array","items":{"enum":["x"]}}},"required":["a"]}`)
	f.Fuzz(func(_ *testing.T, text string) {
		if s, err := shape.Read(json.RawMessage(text)); err == nil {
			_ = s.Check(map[string]any{"a": []any{"b", 1.5, nil}})
			_, _ = s.Lookup([]string{"a", "0"})
		}
	})
}
