package rules_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"shopbell/rules"
)

// largeValues are what the functions of the library are attacked with, by the name of a field of the event. Numbers and
// times are here because some take long to write or to read.
func largeValues() map[string]any {
	in := hugeEvent().Data.(map[string]any)
	tables := make([]any, 2_000)
	for i := range tables {
		tables[i] = []any{fmt.Sprint(i), i}
	}
	return map[string]any{
		"big": in["big"], "items": in["items"], "numbers": in["numbers"], "words": in["words"], "object": in["object"], "tables": tables,
		"tags": strings.Repeat("<p>&", 75_000), "lines": strings.Repeat("\r\n", 150_000), "accents": strings.Repeat("e\u0301", 100_000),
		"joined": strings.Repeat("👩\u200d", 40_000), "spaced": strings.Repeat("ab ", 100_000), "page": strings.Repeat("<p>Tom &amp; <b>é</b></p>\n", 40),
		"few": []any{"a", 1, 2.5, nil}, "most": 1e300, "least": 5e-324, "count": 10_000, "one": 1, "letter": "x",
		"time": "Fri, 20 Nov 2026 23:30:00 GMT", "layout": strings.Repeat("Monday, January", 13), "phone": "0171 / 234 56 78" + strings.Repeat(" ", 80),
		"currency": "EUR", "language": "de-" + strings.Repeat("x-", 100_000),
	}
}

// TestAttacksWithFunctions gives every function of the library large values, as often as the bounds allow.
func TestAttacksWithFunctions(t *testing.T) {
	in := hugeEvent()
	in.Data = largeValues()
	names := slices.Sorted(maps.Keys(largeValues()))
	var file strings.Builder
	file.WriteString("rules:\n")
	turn := 0
	for _, f := range rules.Functions() {
		arguments := strings.Split(f.Signature[strings.LastIndex(f.Signature, "(")+1:len(f.Signature)-1], ", ")
		for _, first := range names {
			// What else it wants is of the same size, or small; optional arguments are left out, too. Each has its turn.
			turn++
			others := []string{"", first, "one", "letter", "count", "layout", "language"}[turn%7]
			call := "event.data." + first
			for _, a := range arguments[1:] {
				switch {
				case others == "" && strings.HasSuffix(a, "?"):
				case others == "":
					call += ", event.data.few"
				default:
					call += ", event.data." + others
				}
			}
			code := "all(1..15000, len([" + f.Name + "(" + call + ")]) == 1)"
			fmt.Fprintf(&file, "  - { name: r%d, when: order.created, if: %q, then: [ log: { message: x } ] }\n", turn, code)
		}
	}
	var report []string
	for i, r := range set(t, file.String()).Rules() {
		if slow > 1 && i%10 > 0 { // the race detector makes them slow, and has nothing to find here
			continue
		}
		var verdict rules.Decision
		took, bytes := attacked(t, r.Condition, func() error {
			verdict = r.Decide(in)
			return nil
		})
		report = append(report, fmt.Sprintf("%7.1f ms %6.1f MB  %-6s %.100s", float64(took.Microseconds())/1000, float64(bytes)/(1<<20), verdict.Verdict, r.Condition))
	}
	slices.Sort(report)
	slices.Reverse(report)
	t.Log("\n" + strings.Join(report, "\n"))
}
