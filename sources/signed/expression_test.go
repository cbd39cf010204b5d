package signed

import (
	"reflect"
	"testing"

	"shopbell/event"
)

// TestExpressions holds that what is not there is nothing, and that a path gives the same whether walked or evaluated.
func TestExpressions(t *testing.T) {
	body, err := event.Decode([]byte(`{"id":7,"s":"text","none":null,"o":{"a":{"b":"deep"}},"l":[{"n":1},{"n":2}],"X":"upper"}`))
	if err != nil {
		t.Fatal(err)
	}
	for code, want := range map[string]any{
		`body.id`: 7, `body.o.a.b`: "deep", `body["o"]["a"].b`: "deep", `body?.o?.a?.b`: "deep", `body.none`: nil, `body.none.x.y`: nil, `body.nothing.at.all`: nil, `body.X`: "upper",
		`body.nothing.at.all ?? body.s`: "text", `(body.nothing ?? body.o).a.b`: "deep", `body.l[1].n`: 2, `body.l[body.id]?.n ?? 0`: errAny, `body.s.x`: errAny,
		`headers["X-Topic"]`: "order.created", `headers["x-topic"]`: "order.created", `headers.Absent`: nil, `headers["a" + "b"]`: nil,
		`filter(body.l, .n > 1)[0].n`: 2, `map(body.l, #.n)`: []any{1, 2}, `any(body.l, .n == 2)`: true, `count(body.l, .x == nil)`: 2,
		`body.s contains "ex"`: true, `body.s matches "^t"`: true, `body.s + "-" + string(body.id)`: "text-7", `body.s + body.none`: errAny, `"n" in body.l[0]`: true, `7 in [1, body.id]`: true,
		`body.s == "text" ? upper(body.s) : nil`: "TEXT", `let o = body.o; o.a.b`: "deep", `replace(body.s, "t", "d")`: "dexd", `split("a,b", ",")`: []string{"a", "b"},
		`body.o == {"a": {"b": "deep"}}`: true, `not (body.id == 8)`: true, `len(body.l)`: 2, `fromJSON("{\"a\":1}").a`: 1.0, `body.l[0:1]`: []any{map[string]any{"n": 1}},
		"body\n  .o\n  .a.b": "deep", `"$"`: "$", `{"a": body.id}`: map[string]any{"a": 7},
	} {
		x, err := compile("key", code, "body", "headers")
		if err != nil {
			t.Errorf("%s: %v", code, err)
			continue
		}
		env := map[string]any{"body": body, "headers": map[string]any{"x-topic": "order.created"}}
		got, err := x.run(env)
		if wrong := want == errAny; (err != nil) != wrong || !wrong && !reflect.DeepEqual(got, want) {
			t.Errorf("%s gives %#v, %v; want %#v", code, got, err, want)
		}
		if evaluated, wrong := x.evaluate(env); (err == nil) != (wrong == nil) || !reflect.DeepEqual(got, evaluated) {
			t.Errorf("%s: run %#v, evaluated %#v", code, got, evaluated)
		}
	}
}

// errAny stands for an expression that has no value.
const errAny = "an error"

// TestNothingOfTheMachine holds that expressions ask no clock and read no file.
func TestNothingOfTheMachine(t *testing.T) {
	for _, code := range []string{`now()`, `date("2026-01-01")`, `date("2026-01-01", "2006-01-02", "Europe/Berlin")`, `timezone("UTC")`, `duration("1s")`, `repeat("a", 9)`, `uniq([1])`,
		`env("HOME")`, `$env.body`, `$weigh($, 1)`, `body.$`, `$`} {
		if x, err := compile("key", code, "body"); err == nil {
			if v, err := x.run(map[string]any{"body": map[string]any{}}); err == nil && v != nil {
				t.Errorf("%s gives %v", code, v)
			}
		}
	}
}
