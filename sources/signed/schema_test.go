package signed

import (
	"strings"
	"testing"

	"shopbell/event"
)

// show writes a schema in short: {id number, note? text, lines [{sku text}], extra <anything>}.
func show(s *event.Schema) string {
	if s == nil {
		return "-"
	}
	switch s.Form {
	case event.Flag:
		return "flag"
	case event.Number:
		return "number"
	case event.Text:
		if len(s.Values) > 0 {
			return strings.Join(s.Values, "|")
		}
		return "text"
	case event.List:
		return "[" + show(s.Elem) + "]"
	case event.Table:
		return "<" + show(s.Elem) + ">"
	case event.Object:
		var fields []string
		for _, f := range s.Fields {
			mark := ""
			if f.Optional {
				mark = "?"
			}
			fields = append(fields, f.Name+mark+" "+show(f.Schema))
		}
		return "{" + strings.Join(fields, ", ") + "}"
	}
	return "anything"
}

func TestJSONSchema(t *testing.T) {
	for _, row := range []struct{ schema, want string }{
		{`{}`, "anything"},
		{`true`, "anything"},
		{`{"type":"object"}`, "<anything>"},
		{`{"type":"object","additionalProperties":{"type":"number"}}`, "<number>"},
		{`{"type":"object","patternProperties":{"^a":{"type":"string"},"^b":{"type":"string"}}}`, "<text>"},
		{`{"properties":{"b":{"type":"integer"},"a":{"type":"boolean"}},"required":["a"]}`, "{b? number, a flag}"},
		{`{"properties":{"a":true,"b":false,"c":{}},"required":["a","z"]}`, "{a anything, b? anything, c? anything, z anything}"},
		{`{"properties":{"a":{"type":["string","null"]},"b":{"type":["integer","number"]},"c":{"type":["string","number"]}},"required":["a","b","c"]}`,
			"{a? text, b number, c anything}"},
		{`{"properties":{"a":{"enum":["x","y",null]},"b":{"enum":[1,2]},"c":{"enum":["x",1]},"d":{"const":"x"},"e":{"type":"string","const":"y"}},"required":["a","b","c","d","e"]}`,
			"{a? x|y, b number, c anything, d x, e y}"},
		{`{"properties":{"a":{"type":"string","enum":["x",null]}},"required":["a"]}`, "{a? x}"},
		{`{"properties":{"a":{"type":"string","nullable":true}},"required":["a"]}`, "{a? text}"},
		{`{"properties":{"a":{"type":"array","items":{"type":"string"}},"b":{"type":"array"},"c":{"prefixItems":[{}]},"d":{"items":[{}]}},"required":["a","b","c","d"]}`,
			"{a [text], b [anything], c [anything], d [anything]}"},
		{`{"$ref":"#/$defs/o","$defs":{"o":{"type":"object","properties":{"a/b":{"$ref":"#/$defs/x~1y"}}},"x/y":{"type":"string"}}}`, "{a/b? text}"},
		{`{"$ref":"#/definitions/o","definitions":{"o":{"properties":{"a":{"$ref":"#/definitions/%C3%A4"}}},"ä":{"type":"number"}}}`, "{a? number}"},
		{`{"$ref":"#o","$defs":{"x":{"$anchor":"o","properties":{"a":{}}}}}`, "{a? anything}"},
		{`{"properties":{"a":{"type":"string"},"b":{"$ref":"#/properties/a"},"next":{"$ref":"#"}}}`, "{a? text, b? text, next? {a? text, b? text, next? anything}}"},
		{`{"properties":{"a":{"$ref":"#/$defs/m","description":"One. Two."}},"$defs":{"m":{"type":["number","null"]}},"required":["a"]}`, "{a? number}"},
		{`{"anyOf":[{"properties":{"a":{"type":"string"},"b":{"type":"string"}},"required":["a","b"]},{"properties":{"a":{"type":"number"},"c":{}},"required":["a"]}]}`,
			"{a anything, b? text, c? anything}"},
		{`{"properties":{"a":{"oneOf":[{"type":"null"},{"type":"string"}]},"b":{"anyOf":[{"const":"x"},{"const":"y"}]},"c":{"anyOf":[{"type":"string"},true]}},"required":["a","b","c"]}`,
			"{a? text, b x|y, c anything}"},
		{`{"allOf":[{"properties":{"a":{"type":"string"}},"required":["a"]},{"properties":{"b":{"type":"string"},"a":{"enum":["x"]}}}],"properties":{"c":{"type":"number"}}}`,
			"{c? number, a x, b? text}"},
		{`{"type":"object","properties":{"t":{"type":"string"}},"oneOf":[{"properties":{"t":{"const":"x"}}},{"properties":{"t":{"const":"y"}}}]}`, "{t? x|y}"},
		{`{"allOf":[{"properties":{"a":{"type":"array","items":{"enum":["x","y"]}},"b":{"type":"string"}}},{"properties":{"a":{"items":{"enum":["y","z"]}},"b":{"type":"number"}}}]}`,
			"{a? [y], b? text}"},
		{`{"allOf":[{"type":"object","properties":{"a":{"enum":["x"]}}},{"properties":{"a":{"enum":["y"]}}}]}`, "{a? x}"},
		{`{"type":"object","allOf":[{"properties":{"a":{}}}],"additionalProperties":true}`, "{a? anything}"},
	} {
		s, err := fromJSONSchema([]byte(row.schema))
		if err != nil || show(s) != row.want {
			t.Errorf("%s\n got  %s, %v\n want %s", row.schema, show(s), err, row.want)
		}
	}
}

func TestJSONSchemaRefuses(t *testing.T) {
	bomb := `{"$ref":"#/$defs/a0","$defs":{`
	for _, pair := range []string{"a0 a1", "a1 a2", "a2 a3", "a3 a4", "a4 a5"} {
		from, to, _ := strings.Cut(pair, " ")
		bomb += `"` + from + `":{"properties":{` + strings.TrimSuffix(strings.Repeat(`"x`+to+`":{"$ref":"#/$defs/`+to+`"},`, 1), ",")
		for i := range 9 {
			bomb += `,"y` + string(rune('0'+i)) + `":{"$ref":"#/$defs/` + to + `"}`
		}
		bomb += `}},`
	}
	bomb += `"a5":{}}}`
	for _, row := range []struct{ schema, want string }{
		{``, "the schema is empty"},
		{`{`, "the schema is not JSON"},
		{`{"a":1,"a":2}`, `the schema has the key "a" twice`},
		{`12`, "at #: want a schema, which is an object"},
		{`"order"`, "at #: want a schema"},
		{`{"type":"string"}`, "by the schema, a body is text; it has to be an object"},
		{`{"type":12}`, "type is neither a word nor a list of words"},
		{`{"type":"objekt"}`, `there is no type "objekt". Did you mean "object"?`},
		{`{"properties":{"a":{"type":"date"}}}`, `at #/properties/a: there is no type "date". The types are string`},
		{`{"properties":[]}`, "at #: properties is not an object"},
		{`{"required":"a"}`, "at #: required cannot be text"},
		{`{"$ref":"https://example.com/order.json"}`, `at #: "https://example.com/order.json" is outside of this schema: put what it refers to into $defs`},
		{`{"$ref":"other.json#/x"}`, "outside of this schema"},
		{`{"properties":{"a":{"$ref":"#/$defs/b"}}}`, `at #/properties/a: there is nothing at "#/$defs/b"`},
		{`{"$ref":"#/%zz"}`, "there is nothing at"},
		{bomb, "more than 5000 parts"},
	} {
		s, err := fromJSONSchema([]byte(row.schema))
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%.200s\n got  %s, %v\n want %s", row.schema, show(s), err, row.want)
		}
	}
}

func TestDescriptionsReachPeople(t *testing.T) {
	s, err := fromJSONSchema([]byte(`{"description":"An order.\nIt has lines.","properties":{"id":{"$ref":"#/$defs/id"},"at":{"title":"When","type":"string"}},"$defs":{"id":{"type":"number","description":"Its id."}}}`))
	if err != nil || s.Doc != "An order." || s.Fields[0].Doc != "Its id." || s.Fields[1].Doc != "When" {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestSample(t *testing.T) {
	for _, row := range []struct{ sample, want string }{
		{`{}`, "{}"},
		{`{"b":1,"a":"x","c":true,"d":null,"e":1.5,"f":{"g":[]}}`, "{b number, a text, c flag, d? anything, e number, f {g [anything]}}"},
		{`{"l":[{"a":1},{"a":2,"b":"x"},{"a":null}]}`, "{l [{a? number, b? text}]}"},
		{`{"l":[1,"x"],"m":[[1],[]]}`, "{l [anything], m [[number]]}"},
		{`{"byId":{"12":{"n":1},"13":{"n":2,"m":1}}}`, "{byId <{n number, m? number}>}"},
		{`[{"a":1,"b":"x"},{"a":2},{"a":"y","b":"z"}]`, "{a anything, b? text}"},
		{`[{"a":1},{"a":null}]`, "{a? number}"},
	} {
		s, err := fromSample([]byte(row.sample))
		if err != nil || show(s) != row.want {
			t.Errorf("%s\n got  %s, %v\n want %s", row.sample, show(s), err, row.want)
		}
	}
	for sample, want := range map[string]string{`[]`: "empty", `12`: "a sample is a JSON object", `[1]`: "a sample is a JSON object", `{"a":1,"a":2}`: "the sample has the key", `{`: "the sample is not JSON"} {
		if _, err := fromSample([]byte(sample)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", sample, err)
		}
	}
}

// TestEntitiesOfSchemas holds what rules know of an entity that is somewhere inside a described body.
func TestEntitiesOfSchemas(t *testing.T) {
	const schema = `{"properties":{"o":{"properties":{"id":{"type":"integer"}},"required":["id"]},"free":{"additionalProperties":{"properties":{"n":{"type":"number"}}}},
		"any":{},"list":{"type":"array"}},"required":["o"]}`
	for entity, want := range map[string]string{"body.o": "{id number}", "body.free.a": "{n? number}", "body.any.x.y": "anything", "body.any": "anything",
		"body.o ?? body.free": "anything", "body": "{any? anything, free? <{n? number}>, list? [anything], o {id number}}"} {
		s, _ := opened(t, `"type":"body.type","events":{"a":{"noun":"order","entity":"`+entity+`","schema":`+schema+`}}`)
		if got := show(s.Catalog().Types[0].Entity); got != want {
			t.Errorf("%s is %s, want %s", entity, got, want)
		}
	}
}

func TestManyNamesAreKeys(t *testing.T) {
	var b strings.Builder
	for i := range maxSampleFields + 1 {
		b.WriteString(`,"k` + strings.Repeat("x", i) + `":1`)
	}
	s, err := fromSample([]byte(`{"t":{` + b.String()[1:] + `}}`))
	if err != nil || show(s) != "{t <number>}" {
		t.Errorf("%.100s, %v", show(s), err)
	}
}
