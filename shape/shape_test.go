package shape_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"

	"shopbell/shape"
)

type secret string

func (s secret) Reveal() string { return string(s) }

type recipients []string

func (recipients) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
		{Type: "string"}, {Type: "array", Items: &jsonschema.Schema{Type: "string"}},
	}}
}

type inner struct {
	Size int `json:"size" jsonschema:"minimum=1" jsonschema_description:"How many."`
}

type params struct {
	Channel string            `json:"channel" jsonschema:"minLength=1,maxLength=5" jsonschema_description:"Where to." lands:"header"`
	Mode    string            `json:"mode,omitempty" jsonschema:"enum=live,enum=shadow,default=live" jsonschema_description:"How."`
	Count   int               `json:"count,omitempty" jsonschema_description:"How often."`
	Loud    bool              `json:"loud,omitempty" jsonschema_description:"Whether."`
	To      recipients        `json:"to,omitempty" jsonschema_description:"Who." lands:"header"`
	Headers map[string]string `json:"headers,omitempty" jsonschema_description:"More." lands:"header"`
	Blocks  []map[string]any  `json:"blocks,omitempty" jsonschema:"minItems=1" jsonschema_description:"Parts." lands:"slack"`
	Inner   *inner            `json:"inner,omitempty" jsonschema_description:"Inside."`
	List    []inner           `json:"list,omitempty" jsonschema_description:"Insides."`
	Any     json.RawMessage   `json:"any,omitempty" jsonschema_description:"Whatever." lands:"url"`
	Token   secret            `json:"token,omitempty" jsonschema:"pattern=^xoxb-" jsonschema_description:"Token."`
	Code    string            `json:"code,omitempty" jsonschema:"pattern=^[A-Z]+$" jsonschema_description:"Letters."`
}

func parse(t testing.TB, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func lines(faults []shape.Fault) string {
	var out []string
	for _, f := range faults {
		line := "/" + strings.Join(f.Path, "/") + ": " + f.Message
		if f.OnKey {
			line = "key " + line
		}
		if f.Hint != "" {
			line += " | " + f.Hint
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

func TestCheck(t *testing.T) {
	s := shape.Of(new(params))
	for _, test := range []struct{ name, value, want string }{
		{"fits", `{"channel":"#x"}`, ""},
		{"fits whole", `{"channel":"#x","mode":"shadow","count":3,"loud":true,"to":"a","headers":{"a":"b"},"blocks":[{"type":1}],"inner":{"size":1},"list":[{"size":2}],"any":[1]}`, ""},
		{"missing", `{}`, `/: "channel" is missing`},
		{"unknown key", `{"chanel":"#x","channel":"#x"}`, `key /chanel: unknown key "chanel"`},
		{"unknown near key", `{"chanel":"#x"}`, `/: "channel" is missing` + "\n" + `key /chanel: unknown key "chanel" | Did you mean "channel"?`},
		{"not an object", `"x"`, `/: want an object, got text`},
		{"number for text", `{"channel":5}`, `/channel: want text, got a number`},
		{"nothing for text", `{"channel":null}`, `/channel: want text, got nothing`},
		{"text for number", `{"channel":"#x","count":"3"}`, `/count: want a whole number, got text`},
		{"broken number", `{"channel":"#x","count":3.5}`, `/count: want a whole number, got a number`},
		{"text for flag", `{"channel":"#x","loud":"yes"}`, `/loud: want true or false, got text`},
		{"empty", `{"channel":""}`, `/channel: want text that is not empty`},
		{"long", `{"channel":"123456"}`, `/channel: want at most 5 characters, got 6`},
		{"enum", `{"channel":"#x","mode":"shadw"}`, `/mode: want one of "live", "shadow", got "shadw" | Did you mean "shadow"?`},
		{"enum, other type", `{"channel":"#x","mode":true}`, `/mode: want text, got true or false`},
		{"neither text nor list", `{"channel":"#x","to":5}`, `/to: want text or a list, got a number`},
		{"list of wrong", `{"channel":"#x","to":["a",5]}`, `/to/1: want text, got a number`},
		{"free keys", `{"channel":"#x","headers":{"a":1}}`, `/headers/a: want text, got a number`},
		{"empty list", `{"channel":"#x","blocks":[]}`, `/blocks: want a list of at least 1, got 0`},
		{"deep", `{"channel":"#x","inner":{"size":0,"sise":1}}`, "/inner/size: want a number of at least 1\n" + `key /inner/sise: unknown key "sise"`},
		{"in a list", `{"channel":"#x","list":[{"size":1},{"sise":1}]}`, `/list/1: "size" is missing` + "\n" + `key /list/1/sise: unknown key "sise" | Did you mean "size"?`},
		{"pattern", `{"channel":"#x","code":"a"}`, `/code: this does not have the form that is wanted | Letters.`},
		{"secret of a wrong form", `{"channel":"#x","token":"hunter2"}`, `/token: want text that begins with xoxb- | Token.`},
		{"secret of a wrong type", `{"channel":"#x","token":{"hunter2":"hunter2"}}`, `/token: want text, got an object`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := lines(s.Check(parse(t, test.value)))
			want := strings.Split(test.want, "\n")
			slices.Sort(want)
			have := strings.Split(got, "\n")
			slices.Sort(have)
			if !slices.Equal(have, want) {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestCheckPlainGoValues(t *testing.T) {
	s := shape.Of(new(params))
	if f := s.Check(map[string]any{"channel": "x", "count": 3, "list": []any{map[string]any{"size": 1.0}}}); f != nil {
		t.Error(lines(f))
	}
	if f := s.Check(struct{}{}); len(f) != 1 {
		t.Error("a value of another Go type must be one fault, got", lines(f))
	}
}

// hole is the way in which rules would tell holes.
func hole(s string) shape.Hole {
	switch {
	case strings.HasPrefix(s, "{{") && strings.HasSuffix(s, "}}") && strings.Count(s, "{{") == 1:
		return shape.WholeHole
	case strings.Contains(s, "{{"):
		return shape.SomeHole
	}
	return shape.NoHole
}

func TestCheckWithHoles(t *testing.T) {
	s := shape.Of(new(params))
	for _, test := range []struct{ name, value, want string }{
		{"whole for a number", `{"channel":"#x","count":"{{ 1 }}"}`, ""},
		{"whole for a list", `{"channel":"#x","blocks":"{{ x }}","list":"{{ x }}"}`, ""},
		{"whole for text or list", `{"channel":"#x","to":"{{ x }}"}`, ""},
		{"whole in a list", `{"channel":"#x","to":["{{ x }}"],"list":["{{ x }}"]}`, ""},
		{"whole for an enum", `{"channel":"#x","mode":"{{ x }}"}`, ""},
		{"text for an enum", `{"channel":"#x","mode":"sha{{ x }}"}`, ""},
		{"text that is long", `{"channel":"12345678{{ x }}"}`, ""},
		{"text for a pattern", `{"channel":"#x","code":"a{{ x }}"}`, ""},
		{"text for a number", `{"channel":"#x","count":"1{{ x }}"}`, `/count: want a whole number, got text`},
		{"text for a list", `{"channel":"#x","blocks":"a{{ x }}"}`, `/blocks: want a list, got text`},
		{"elsewhere", `{"chanel":"{{ x }}"}`, `/: "channel" is missing` + "\n" + `key /chanel: unknown key "chanel" | Did you mean "channel"?`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := lines(s.CheckWithHoles(parse(t, test.value), hole)); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestLookup(t *testing.T) {
	s := shape.Of(new(params))
	for path, want := range map[string]string{
		"channel":            "text header required",
		"to":                 "text or list header",
		"to/0":               "text header",
		"to/x":               "none",
		"headers":            "object header",
		"headers/X-Shop":     "text header",
		"blocks/0/text/text": "anything slack",
		"any/deep/3":         "anything url",
		"inner/size":         "number  required",
		"list/4/size":        "number  required",
		"list/x":             "none",
		"inner/nope":         "none",
		"channel/deeper":     "none",
		"nope":               "none",
		"token":              "text  secret",
	} {
		got := "none"
		if f, ok := s.Lookup(strings.Split(path, "/")); ok {
			got = f.Type
			if f.Lands != "" || f.Required || f.Secret {
				got += " " + f.Lands
			}
			if f.Required {
				got += " required"
			}
			if f.Secret {
				got += " secret"
			}
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

func TestFields(t *testing.T) {
	var got []string
	for _, f := range shape.Of(new(params)).Fields() {
		got = append(got, fmt.Sprintf("%s:%s:%v:%s", f.Name, f.Doc, f.Values, f.Default))
	}
	want := []string{"channel:Where to.:[]:", `mode:How.:[live shadow]:"live"`}
	if len(got) != 12 || !slices.Equal(got[:2], want) {
		t.Errorf("got %q", got)
	}
}

func TestJSON(t *testing.T) {
	got := string(shape.Of(new(inner)).JSON())
	want := `{"properties":{"size":{"type":"integer","minimum":1,"description":"How many."}},"additionalProperties":false,"type":"object","required":["size"]}`
	if got != want {
		t.Errorf("got %s", got)
	}
}

type untold struct {
	A string `json:"a"`
}

type untagged struct {
	A string `jsonschema_description:"A."`
}

type endless struct {
	A []endless `json:"a" jsonschema_description:"A."`
}

type broken struct {
	A string `json:"a" jsonschema:"pattern=(" jsonschema_description:"A."`
}

func TestOfPanics(t *testing.T) {
	for _, v := range []any{nil, params{}, new(string), new(untold), new(untagged), new(endless), new(broken)} {
		t.Run(fmt.Sprintf("%T", v), func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			shape.Of(v)
		})
	}
}

// FuzzCheck holds that any JSON value is answered without a panic, twice the same, and without telling a secret.
func FuzzCheck(f *testing.F) {
	f.Add(`{"channel":"#x","token":"hunter2hunter2"}`)
	f.Add(`{"channel":[],"list":[[]],"inner":null}`)
	s := shape.Of(new(params))
	f.Fuzz(func(t *testing.T, text string) {
		var v any
		if json.Unmarshal([]byte(text), &v) != nil {
			return
		}
		first, second := lines(s.Check(v)), lines(s.Check(v))
		if first != second {
			t.Errorf("two answers for %s:\n%s\n%s", text, first, second)
		}
		if object, ok := v.(map[string]any); ok {
			if token, ok := object["token"].(string); ok && len(token) > 12 && len(object) == 1 && strings.Contains(first, token) {
				t.Errorf("the secret is told: %s", first)
			}
		}
		for _, fault := range s.CheckWithHoles(v, func(string) shape.Hole { return shape.WholeHole }) {
			if strings.Contains(fault.Message, "got text") {
				t.Errorf("a hole is taken for text: %s", fault.Message)
			}
		}
	})
}
