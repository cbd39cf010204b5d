package rules_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"shopbell/document"
	"shopbell/event"
	"shopbell/rules"
)

// FuzzHoles holds that no text breaks a template: what is outside of holes comes out as it went in, what is inside is
// put in, and the parameters are JSON.
func FuzzHoles(f *testing.F) {
	for _, s := range []string{"", "a", "}}", "{", "\\", "\"", "é\n", "a\\{b", "{ {", "\x00", "\\{", "\xff"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, before, value string) {
		if strings.Contains(before, "{{") || strings.HasSuffix(before, "{") || strings.HasSuffix(before, "\\") || !utf8.ValidString(before) {
			return
		}
		quoted, err := json.Marshal(before + "{{ event.data.v }}" + before)
		if err != nil {
			t.Fatal(err)
		}
		s := rules.Parse(map[string]string{"r.yaml": "rules:\n  - { name: r, when: order.created, then: [ log: { message: " + string(quoted) + " } ] }\n"}, fuzzWorld())
		if len(s.Rules()) == 0 {
			return // YAML refuses some control characters
		}
		in := input("order.created", nil, nil)
		in.Data = map[string]any{"v": value}
		out, err := s.Rules()[0].Render(rules.Branch{}, 0, in, nil)
		if err != nil {
			t.Fatal(err)
		}
		var params struct{ Message string }
		if err := json.Unmarshal(out.Params, &params); err != nil {
			t.Fatalf("%v: %s", err, out.Params)
		}
		want := before + strings.ToValidUTF8(value, "\ufffd") + before
		if utf8.ValidString(value) && params.Message != want {
			t.Errorf("%q, want %q", params.Message, want)
		}
	})
}

var fuzzing = struct{ world rules.World }{world()}

// fuzzWorld is made once: declaring actions takes longer than all that is fuzzed.
func fuzzWorld() rules.World { return fuzzing.world }

// FuzzLoad holds that no file makes a load panic, that each problem has a name and a place inside the file, that a rule that was loaded can be made again from its text, and that
// two loads say the same.
func FuzzLoad(f *testing.F) {
	f.Add("rules:\n  - name: r\n    when: order.created\n    if: order.total > 5\n    then:\n      - log: { message: \"{{ order.id }}\" }\n")
	f.Add("rules:\n  - { name: r, when: \"*\", then: [ log: { message: |\n a\n } ] }\n")
	f.Add("rules: &a\n  - name: x\n    when: [order.*, 'ecwid:*']\n    then: &t\n    - log:\n        message: >+\n          a {{ event.id }}\n\n          b\n\n  - {name: y, when: cart.created, then: *t}")
	f.Add("rules:\r\n- name: x\r\n  description: \"a\u2028b\"\n  when: order.created\r  then:\r  - log: { message: \"é\u2029{{ event.id }}\u0085\" }\r")
	f.Add("rules:\n- name: x\n  when: order.created\n  then:\n  - log:\n      message: |-\n\n          a\n        # b\n  # c\n# d\n- name: y\n  when: order.created\n  then: [ log: { message: 'a\n\n  b' } ]\n\n\n")
	for _, c := range filedCases(f) {
		for _, text := range c.files {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		first := rules.Parse(map[string]string{"r.yaml": text}, fuzzWorld())
		second := rules.Parse(map[string]string{"r.yaml": text}, fuzzWorld())
		if !reflect.DeepEqual(first.Problems(), second.Problems()) || first.Revision() != second.Revision() {
			t.Error("two loads differ")
		}
		within(t, first.Problems(), map[string]string{"r.yaml": text})
		if document.Text(first.Problems()) == "" != (len(first.Problems()) == 0) {
			t.Error("problems without words")
		}
		for _, r := range first.Rules() {
			again, err := rules.Compile(r.Text, r.Directory, fuzzWorld())
			if err != nil {
				t.Fatalf("%v\n%s", err, r.Text)
			}
			in := input("order.created", order(nil), nil)
			for i := range r.Steps {
				a, err1 := r.Render(rules.Branch{}, i, in, nil)
				b, err2 := again.Render(rules.Branch{}, i, in, nil)
				if string(a.Params) != string(b.Params) || (err1 == nil) != (err2 == nil) {
					t.Errorf("%s %v, then %s %v, of\n%s", a.Params, err1, b.Params, err2, r.Text)
				}
			}
		}
	})
}

// FuzzMatch holds that any condition on any claim gives the same answer twice, and in bounded time.
func FuzzMatch(f *testing.F) {
	f.Add(`order.total > 5 and event.data.a == "x"`, []byte(`{"a":"x"}`))
	f.Add(`any(event.data.a, .b in [1, "x", nil])`, []byte(`{"a":[{"b":1},{"b":{}}]}`))
	f.Add(`event.data.a?.b.c + 1 == -event.data.d`, []byte(`{"a":{"b":null},"d":1e3}`))
	f.Add(`event.data | toJSON() | len() > 5 ? true : event.data matches "x"`, []byte(`[1,2]`))
	f.Add(`let x = event.data; sortBy(x, .a)[0] == x[-1]`, []byte(`[{"a":1},{"a":"b"}]`))
	f.Fuzz(func(t *testing.T, condition string, claim []byte) {
		data, err := event.Decode(claim)
		if err != nil {
			return
		}
		quoted, err := json.Marshal(condition)
		if err != nil {
			t.Fatal(err)
		}
		s := rules.Parse(map[string]string{"r.yaml": "rules:\n  - { name: r, when: order.created, if: " + string(quoted) + ", then: [ log: { message: x } ] }\n"}, fuzzWorld())
		in := input("order.created", order(nil), nil)
		in.Data = data
		first := fmt.Sprint(s.Match(in))
		if second := fmt.Sprint(s.Match(in)); first != second {
			t.Errorf("%s, then %s", first, second)
		}
	})
}
