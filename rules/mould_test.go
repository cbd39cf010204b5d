package rules

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// TestMould holds that a program made in a mould does what the program of the same expression does that was made for it
// alone: its values, and where and how it fails. Constants are chosen to be long, short, equal to each other, and equal to
// the names of fields.
func TestMould(t *testing.T) {
	constants := []string{`"x"`, `"a"`, `"list"`, `""`, `"x"`, `"é\n\"'"`, `1`, `10`, `0`, `1.5`, `-1`, `-1.5`, `9223372036854775807`, `true`, `nil`, `'x'`, "`x`",
		`"` + strings.Repeat("y", longestCast) + `"`, `"` + strings.Repeat("y", longestCast+1) + `"`, `"\x00"`, `"\x001"`}
	forms := []string{
		"data.a == $", "$ == data.a", "data.a != $ and data.b < $", "data.a in [$, $, $]", "any(data.list, .a == $ and .b > $)", "(data.a   ==   $) or data?.c.d == $",
		"data.a startsWith $ or data.b contains $", "data.a.b == $ and data.a.c == $", "became(data.a, data.b, $)", "data[$] == $", `plural(data.b, $, $)`,
		"data.a matches $", "len(filter(data.list, # != $ && #.a == $)) > $", "data.a == $ ? data.b > $ : data.c == $", "let v = $; data.a == v or data.b <= $",
		"{a: $, b: $}.a == $", "[$, $, data.a] == [$, $, $]", "data.a + $ == $", "data.b / $ > $", "data.a[$:$] == $", "-data.b == $", `data.a in $`, "$ in data.list", "not (data.b >= $)",
		"upper(data.a) == $", "join(data.list, $) == $", "reduce(data.list, #acc == $, $)", "count(data.list, # == $) == $", "data.list[$] == $", "data.b ?? $ == $", "(data.b ?? $) == $",
		"date(data.a).Format($) == $", "sum(data.list, .b + $) > $", "replace(data.a, $, $) == $", "$ > data.b and $ < data.a",
	}
	values := []map[string]any{
		{"a": "x", "b": 1, "list": []any{map[string]any{"a": "x", "b": 2}, "x", 1}},
		{"a": 1, "b": "x", "list": []any{}, "c": map[string]any{"d": "a"}},
		{"a": map[string]any{"b": "x", "c": "x"}, "b": 10.0, "list": []any{nil}},
		{"a": "2026-11-20", "b": nil, "x": "x", "list": "x"},
		nil,
	}
	d := newDialect()
	random := rand.New(rand.NewPCG(1, 2))
	cast := 0
	for range 6_000 {
		code := forms[random.IntN(len(forms))]
		for strings.Contains(code, "$") {
			code = strings.Replace(code, "$", constants[random.IntN(len(constants))], 1)
		}
		node, err := d.parse(code)
		if err != nil {
			continue
		}
		plain, errPlain := func() (*program, error) {
			tree, err := d.tree(code)
			if err != nil {
				return nil, err
			}
			made, err := d.compileTree(code, tree)
			return &program{code: code, vm: made, machines: d.machines}, err
		}()
		made, isCast, err := d.compile(code, node)
		if fmt.Sprint(err) != fmt.Sprint(errPlain) {
			t.Fatalf("%s: %v, and in a mould %v", code, errPlain, err)
		}
		if err != nil || !isCast {
			continue
		}
		cast++
		mine := &program{code: code, vm: made, cast: true, machines: d.machines}
		for _, v := range values {
			env := map[string]any{scopeName: &scope{}, "data": any(nil)}
			if v != nil {
				env["data"] = v
			}
			want, errWant := plain.run(env)
			got, errGot := mine.run(env)
			if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(errGot, errWant) {
				t.Fatalf("%s of %v:\n%v, %#v, and in a mould\n%v, %#v", code, v, want, errWant, got, errGot)
			}
		}
	}
	if cast < 2_000 || len(d.moulds) < 100 {
		t.Errorf("%d programs were made in %d moulds", cast, len(d.moulds))
	}
}

// Most rules of one kind have one program but for its constants: that is what a load of 100,000 of them rests on.
func TestAlikeShareAProgram(t *testing.T) {
	d := newDialect()
	for i := range 100 {
		code := fmt.Sprintf(`order.group == "G%d" and order.total > %d.5 and order.number != %d and any(order.items, .sku in ["S%d", "T"])`, i, i, i, i)
		node, err := d.parse(code)
		if err != nil {
			t.Fatal(err)
		}
		if _, cast, err := d.compile(code, node); err != nil || !cast {
			t.Fatalf("%v %v", cast, err)
		}
	}
	if len(d.moulds) != 1 {
		t.Errorf("%d moulds", len(d.moulds))
	}
}
