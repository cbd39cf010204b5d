package rules_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"shopbell/document"
	"shopbell/rules"
)

// attacks are expressions that try to take long or to fill the memory, over the event of [hugeEvent].
func attacks() []string {
	doubled := func(each string) string {
		code := "let a0 = " + each
		for i := range 25 {
			code += fmt.Sprintf("; let a%d = concat(a%d, a%d)", i+1, i, i)
		}
		return code + "; len(a25)"
	}
	dag := "let a0 = [1]"
	for i := range 40 {
		dag += fmt.Sprintf("; let a%d = [a%d, a%d]", i+1, i, i)
	}
	const big, items, numbers, object, lines = "event.data.big", "event.data.items", "event.data.numbers", "event.data.object", "event.data.words"
	deep := func(n int) string { return fmt.Sprintf("reduce(1..%d, [#acc], [])", n) }
	spread := func(n int) string { return fmt.Sprintf("reduce(1..%d, [#acc, 1], [])", n) }
	return []string{
		// Rounds.
		"all(1..190000, true)", "1..1000000000", "-9000000000000000000..9000000000000000000", "all(1..1000, all(1..1000, true))",
		"all(" + items + ", all(" + items + ", all(" + items + ", # != nil)))", "reduce(1..100000, #acc + 1, 0)", "map(1..190000, #)",
		"map(1..400, 1..400)", "all(1..1000, len(1..100000) > 0)", "filter(" + items + ", true)", "count(" + numbers + ", # > 5)", "sum(" + numbers + ")",
		"all(1..190000, # in 1..190000)", "let r = 1..100000; all(1..100000, # in r)", "let r = 1..100000; all(1..100000, r == r)",
		"all(" + lines + ", # in " + lines + ")", "all(" + numbers + ", # in " + numbers + ")", "let r = 1..100000; all(1..100000, 1 in r)",
		// Texts.
		`reduce(1..100000, #acc + "0123456789abcdef", "")`, `repeat("x", 1000000000)`, `all(1..100000, len(repeat("x", 100000)) > 0)`,
		"all(1..100000, len(" + big + ") > 0)", "all(1..100000, " + big + " + \"x\" != nil)", "map(1..100000, " + big + " + string(#))", "map(1..100000, upper(" + big + "))",
		"all(1..100000, " + big + " startsWith " + big + ")", "all(1..100000, " + big + " endsWith " + big + ")", "all(1..100000, " + big + " == " + big + ")",
		"all(1..100000, " + big + " <= " + big + ")", "all(1..100000, hasPrefix(" + big + ", " + big + "))", "all(1..100000, " + big + " contains \"zz\")",
		"all(1..100000, indexOf(" + big + ", \"zz\") < 0)", "all(1..100000, lastIndexOf(" + big + ", \"zz\") < 0)", "all(1..100000, not (" + big + " in " + object + "))",
		"all(1..100000, get(" + object + ", " + big + ") == nil)", "all(1..100000, " + object + "[" + big + "] == nil)", "groupBy(1..20000, " + big + ")", "sortBy(1..20000, " + big + ")",
		"sortBy(1..20000, " + big + " + \"\")",
		`let a = repeat("a", 1000); map(1..100000, replace(a, "a", a))`, `replace(` + big + `, "", "xxxxxxxxxxxx")`, "map(1..100000, html(repeat(\"&\", 10000)))", "html(" + big + ")",
		`let a = repeat("é", 400000); let b = repeat("è", 400000) + "é"; trim(a, b)`, "trim(" + big + ")", "map(1..1000, split(" + big + ", \"\"))", "split(" + big + ", \"\", 500000)",
		"splitAfter(" + big + ", \"\")", "map(1..1000, join(" + lines + ", \", \"))", `join(map(1..100, ` + big + `))`, "map(1..1000, toBase64(" + big + "))", "plural(2, " + big + ", " + big + ")",
		"all(1..100000, " + big + "[1:] != nil)", "lower(" + big + ") + upper(" + big + ") + lower(" + big + ")", "map(1..1000, safe(" + big + "))", "map(1..100000, string(# / 3.0))",
		// Patterns.
		big + ` matches "x*y"`, big + ` matches "(a?){400}b"`, big + ` matches "(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)[0-9]"`, `repeat("a", 200) matches "(a?){400}b"`,
		`all(1..100000, repeat("a", 50) matches "(a?){400}b")`, `all(` + lines + `, # matches "(.*)(.*)(.*)(.*)[!]")`,
		`all(1..100000, "aaaa" matches ("((a{1,50}){1,20}){1,1}" + string(#)))`, `all(1..100000, "a" matches ("(a{1,1000})" + string(#)))`, big + ` matches ` + big,
		`let p = repeat("(a|b)?", 10000); "ab" matches p`, `all(1..100000, "SW-1" matches "^SW-[0-9]+$")`, `all(` + lines + `, # matches "^[a-z]+ [0-9]+$")`,
		// Lists and objects.
		doubled("1..1000"), doubled(items), dag + "; a40 == a40", dag + "; toJSON(a40)", dag + "; flatten(a40)", dag + "; max(a40)", dag + "; sum(flatten(a40))", dag + "; len(a40)",
		deep(100000), deep(90000) + " == " + deep(90000), "toJSON(" + deep(5000) + ")", "toJSON(" + deep(60000) + ")", "flatten(" + deep(60000) + ")", "flatten(" + spread(5000) + ")",
		"median(" + spread(5000) + ")", "max(" + spread(9000) + ")", "mean(" + spread(9000) + ")", "uniq(" + numbers + ")", "uniq(" + lines + ")", "sort(" + numbers + ")", "sort(" + lines + ")",
		"let r = 1..100000; all(1..1000, len(sort(r)) > 0)", "sortBy(" + items + ", .sku)", "sortBy(" + items + ", -.n)", "groupBy(" + items + ", .sku)", "groupBy(" + numbers + ", #)", "reverse(" + items + ")",
		"map(1..1000, reverse(" + items + "))", "map(" + items + `, ({"a": 1, "b": 2}))`, "map(1..190000, ({}))", `map(1..66000, ({"a": 1}))`, "map(1..190000, [])", "map(1..90000, [1])", "map(1..20000, [1,2,3,4,5,6,7,8])",
		`reduce(1..100000, ({"a": #acc}), {})`, "reduce(1..100000, concat(#acc, [#]), [])", "concat(" + strings.Repeat(items+", ", 99) + items + ")", "fromPairs(map(1..60000, [string(#), #]))",
		"keys(" + object + ")", "map(1..1000, keys(" + object + "))", "toPairs(" + object + ")", "values(" + object + ")", "median(" + numbers + ")", "max(" + numbers + ")", "find(" + items + ", .n > 1000000)",
		// JSON.
		"toJSON(event.data)", "toJSON(" + items + ")", "map(1..1000, toJSON(" + big + "))", `fromJSON("[" + repeat("1,", 400000) + "1]")`, `fromJSON("[" + repeat("{},", 300000) + "1]")`,
		`fromJSON("[" + repeat("[],", 300000) + "1]")`, `fromJSON(repeat("[", 9000) + repeat("]", 9000))`, `fromJSON("[" + repeat("{\"a\":1},", 120000) + "1]")`, `toJSON(repeat("\u0000", 1000000))`,
		"map(1..1000, fromJSON(toJSON(" + lines + ")))", `fromJSON("\"" + repeat("\\u0041", 150000) + "\"")`,
		// Numbers and times.
		"int(" + big + ")", "float(repeat(\"9\", 1000000))", "all(1..100000, 2 ** 1000 > 0)", "all(1..100000, bitshl(#, 60) != nil)", "map(1..1000, money(1e300))",
		`all(1..100000, date("2026-01-02", "2006-01-02") != nil)`, `all(1..100000, date("2026-01-02T03:04:05Z") != nil)`, "date(" + big + ")", "all(1..1000, date(" + big + ") != nil)",
		`all(1..100000, duration("1h2m3s") != nil)`, `map(1..100000, day("2026-01-02", ` + big + `))`, "day(" + big + ")", `map(1..100000, day(1700000000, "Monday, 2 January 2006 15:04:05"))`,
		`all(1..100000, event.created.Format("2006") != nil)`, "all(1..100000, event.created.Format(" + big + ") != nil)", "map(1..1000, event.created.Format(repeat(\"2006\", 10000)))",
		`all(1..100000, event.created.Format("` + strings.Repeat("Monday January 2006 ", 40) + `") != nil)`, `map(1..100000, event.created.Format("Monday January 2006"))`,
		// Constants that are written out.
		"all(1..100000, " + object + `["` + strings.Repeat("k", 25_000) + `"] == nil)`, "all(1..100000, " + object + `?.["` + strings.Repeat("k", 25_000) + `"] == nil)`,
		`map(1..100000, ({"` + strings.Repeat("k", 25_000) + `": 1}))`,
		// What nearly is there.
		`let p = repeat("a", 40) + "b"; all(1..100000, not (` + big + " contains p))", `let p = repeat("a", 10000) + "b"; all(1..100000, not (` + big + " contains p))",
		`all(1..100000, fromJSON("[1]") != nil)`, "let r = 1..90000; all(1..1000, r == r)", "let r = 1..90000; all(1..1000, -1 in r)",
		"all(1..100000, changed(" + items + ", " + items + "))", "became(event.data, event.data, event.data)", "event.data == event.data",
	}
}

// hugeEvent is an event as large as a webhook may be: 100,000 numbers, as many objects as there is room for, a long text.
func hugeEvent() *rules.Input {
	items, numbers, words, object := make([]any, 20_000), make([]any, 100_000), make([]any, 20_000), map[string]any{}
	for i := range items {
		items[i] = map[string]any{"sku": fmt.Sprint("SW-", i%1000), "n": i}
		words[i] = fmt.Sprint("word ", i)
		object[fmt.Sprint("key", i)] = i
	}
	for i := range numbers {
		numbers[i] = (i * 7919) % 100_003
	}
	in := input("order.created", order(nil), nil)
	in.Data = map[string]any{"items": items, "numbers": numbers, "words": words, "object": object, "big": strings.Repeat("a", 1_000_000)}
	return in
}

// conditioned gives a rule with a condition.
func conditioned(t testing.TB, condition string) *rules.Rule {
	t.Helper()
	quoted, err := json.Marshal(condition)
	if err != nil {
		t.Fatal(err)
	}
	return set(t, "rules:\n  - { name: r, when: order.created, if: "+string(quoted)+", then: [ log: { message: x } ] }\n").Rules()[0]
}

// mayFail says in which words an evaluation may end that takes too much, or that does what cannot be done.
var mayFail = regexp.MustCompile(`it takes too long|makes a text of more than 1 MB|needs more than 16 MB|nested deeper than 100 levels|the pattern is too large` +
	`|is not a time|must be a whole one|layout of a time|too long to be a number|neither true nor false|does not work on|invalid|exceeded max depth|is empty`)

// What an evaluation may take in a test: a second of a processor, for machines are slow and the race detector makes them slower.
// The bytes are all that was ever asked for, also what was given back at once.
const (
	maxAttackTime  = slow * time.Second
	maxAttackBytes = 64 << 20
)

// attacked runs something that must end soon, and gives what it took.
func attacked(t *testing.T, attack string, run func() error) (time.Duration, uint64) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begun, worked := time.Now(), threadTime()
	err := run()
	took, working := time.Since(begun), threadTime()-worked
	runtime.ReadMemStats(&after)
	bytes := after.TotalAlloc - before.TotalAlloc
	if worked > 0 {
		took = working
	}
	if took > maxAttackTime || bytes > maxAttackBytes {
		t.Errorf("%s took %s and %d MB", attack, took, bytes>>20)
	}
	if err != nil && (!mayFail.MatchString(err.Error()) || len(err.Error()) > 3000) {
		t.Errorf("%s ends with %.3000s", attack, err)
	}
	return took, bytes
}

// threadTime gives for how long a processor has worked for this thread, so that what else runs does not count; 0 where
// the system does not tell.
func threadTime() time.Duration {
	const thread = 1 // RUSAGE_THREAD
	var used syscall.Rusage
	if syscall.Getrusage(thread, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// TestAttacks holds that no evaluation takes long or fills the memory. With -v it tells what each took.
func TestAttacks(t *testing.T) {
	in := hugeEvent()
	var report []string
	for _, attack := range attacks() {
		r := conditioned(t, "("+attack+") != nil")
		var verdict rules.Decision
		took, bytes := attacked(t, attack, func() error {
			verdict = r.Decide(in)
			return verdict.Err
		})
		report = append(report, fmt.Sprintf("%7.1f ms %6.1f MB  %-6s %.100s", float64(took.Microseconds())/1000, float64(bytes)/(1<<20), verdict.Verdict, attack))
	}
	slices.Sort(report)
	slices.Reverse(report)
	t.Log("\n" + strings.Join(report, "\n"))
}

// TestWhatIsNoAttack holds that what large shops do with large events is within the bounds.
func TestWhatIsNoAttack(t *testing.T) {
	in := hugeEvent()
	for _, code := range []string{
		"count(event.data.numbers, # > 5) > 10", `any(event.data.items, .sku == "SW-999")`, `len(filter(event.data.items, .n > 10000)) > 5`,
		`len(uniq(map(event.data.items[:500], .sku))) == 500`, `sum(map(event.data.items, .n)) > 0`, `event.data.big[:20000] matches "^a+$"`,
		`len(groupBy(event.data.items[:5000], .sku)) == 1000`, `max(event.data.numbers) > 5`, `sortBy(event.data.items[:5000], -.n)[0].n == 4999`,
		`len(join(map(event.data.items[:5000], .sku + ": " + string(.n)), "\n")) > 1000`, `event.data.big contains "aaa"`, `len(event.data.big) == 1000000`,
		`len(toJSON(event.data.items[:5000])) > 1000`, `event.data.numbers[7] in [1, 2, 55433]`, `len(split(event.data.big[:50000], "a")) == 50001`,
		`len(fromJSON(toJSON(event.data.words[:1000]))) == 1000`, `not (event.data == was)`, `len(keys(event.data.object)) == 20000`,
	} {
		d := conditioned(t, code).Decide(in)
		if d.Verdict != rules.Fires {
			t.Errorf("%s: %s %v", code, d.Verdict, d.Err)
		}
	}
}

// TestRefusedAtLoad holds that what cannot be bounded later is refused, and soon.
func TestRefusedAtLoad(t *testing.T) {
	for code, want := range map[string]string{
		`event.id matches "(a?){500}(b{1,20}){1,40}"`:                          "the pattern is too large",
		`event.id matches "((((a{1,900}){1,900}){1,900}){1,900}){1,900}"`:      "",
		`event.id matches "` + strings.Repeat("a", 5000) + `"`:                 "the pattern is too large",
		strings.Repeat("(", 40_000) + "true" + strings.Repeat(")", 40_000):     "this expression is too long",
		strings.Repeat("not ", 40_000) + "true":                                "this expression is too long",
		strings.Repeat("(", 15_000) + "true" + strings.Repeat(")", 15_000):     "nested deeper than 200",
		strings.Repeat("!", 31_000) + "true":                                   "",
		strings.Repeat("[", 31_000):                                            "",
		strings.Repeat("event.a?event.b:", 1_900) + "1":                        "",
		`event.id == "` + strings.Repeat("x", 100_000) + `"`:                   "this expression is too long",
		"event.data.x == 1 or " + strings.Repeat("event.data.x == 2 or ", 300): "",
	} {
		quoted, err := json.Marshal(code)
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		s := rules.Parse(map[string]string{"r.yaml": "rules:\n  - { name: r, when: order.created, if: " + string(quoted) + ", then: [ log: { message: x } ] }\n"}, world())
		if took := time.Since(begun); took > maxAttackTime {
			t.Errorf("%.60s was read for %s", code, took)
		}
		problems, _ := document.Split(s.Problems())
		switch {
		case len(problems) == 0 || !strings.Contains(document.Text(problems), want):
			t.Errorf("%.60s: %.300s", code, document.Text(problems))
		}
	}
}

// TestRenderIsBounded holds that a step of many holes takes no longer than four evaluations, and that what it makes has at
// most 4 MB.
func TestRenderIsBounded(t *testing.T) {
	in := hugeEvent()
	for name, message := range map[string]string{
		"many dear holes":  strings.Repeat("{{ count(event.data.numbers, # > 5) }}", 100),
		"many large holes": strings.Repeat("{{ event.data.big }}", 100),
		"many cheap holes": strings.Repeat("{{ order.id }}", 2000),
		"characters":       `{{ repeat("\u0001", 1000000) }}{{ repeat("\u0001", 1000000) }}`,
		"a value that grew": "{{ let a0 = [1]" + func() (code string) {
			for i := range 40 {
				code += fmt.Sprintf("; let a%d = [a%d, a%d]", i+1, i, i)
			}
			return code
		}() + "; a40 }}",
		"deep":      "{{ reduce(1..90000, [#acc], []) }}",
		"the event": "{{ event.data.items }}",
	} {
		quoted, err := json.Marshal(message)
		if err != nil {
			t.Fatal(err)
		}
		for _, action := range []string{"log: { message: " + string(quoted) + " }", "http: { url: 'https://a.example', json: { a: " + string(quoted) + " } }"} {
			s := rules.Parse(map[string]string{"r.yaml": "rules:\n  - { name: r, when: order.created, then: [ " + action + " ] }\n"}, world())
			if len(s.Rules()) == 0 {
				if strings.HasPrefix(action, "http") { // which takes any value
					t.Errorf("%s: %.500s", name, document.Text(s.Problems()))
				}
				continue
			}
			took, bytes := attacked(t, name, func() error {
				out, err := s.Rules()[0].Render(rules.Branch{}, 0, in, nil)
				if len(out.Params) > 4<<20 {
					t.Errorf("%s: %d bytes", name, len(out.Params))
				}
				if err != nil && regexp.MustCompile("larger than 4 MB|it is a list|it is an object").MatchString(err.Error()) {
					return nil
				}
				return err
			})
			t.Logf("%7.1f ms %6.1f MB  %s", float64(took.Microseconds())/1000, float64(bytes)/(1<<20), name)
		}
	}
}
