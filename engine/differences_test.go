package engine_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"shopbell/engine"
	"shopbell/rules"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// aNode is a node that is alike to every other, with the changes that are given.
func aNode(name string, changes ...func(*engine.Node)) engine.Node {
	n := engine.Node{
		ID: "id-of-" + name, Name: name, Address: "10.0.0.1:8080", Version: "1.4", Started: noon.Add(-time.Hour), Seen: noon.Add(-2 * time.Second),
		Rules: []engine.RuleFolder{{Directory: "", Revision: "aaaaaaaaaaaaaaaa", Rules: 2}, {Directory: "1003", Revision: "bbbbbbbbbbbbbbbb", Rules: 1}},
	}
	for _, change := range changes {
		change(&n)
	}
	return n
}

func folder(i int, f engine.RuleFolder) func(*engine.Node) {
	return func(n *engine.Node) { n.Rules[i] = f }
}

func without(i int) func(*engine.Node) {
	return func(n *engine.Node) { n.Rules = slices.Delete(n.Rules, i, i+1) }
}

func running(v string) func(*engine.Node)       { return func(n *engine.Node) { n.Version = v } }
func skewed(d time.Duration) func(*engine.Node) { return func(n *engine.Node) { n.Skew = d } }
func seenAgo(d time.Duration) func(*engine.Node) {
	return func(n *engine.Node) { n.Seen = noon.Add(-d) }
}
func stopping(n *engine.Node) { n.Stopping = true }
func at(name, address string) func(*engine.Node) {
	return func(n *engine.Node) { n.Name, n.Address = name, address }
}
func broken(i, problems int) func(n *engine.Node) {
	return func(n *engine.Node) { n.Rules[i].Problems = problems }
}

func TestDifferences(t *testing.T) {
	other := engine.RuleFolder{Directory: "1003", Revision: "cccccccccccccccc", Rules: 3}
	for name, test := range map[string]struct {
		nodes []engine.Node
		want  []string
	}{
		"no node":   {nil, nil},
		"one node":  {[]engine.Node{aNode("a", broken(0, 3))}, nil},
		"all equal": {[]engine.Node{aNode("a"), aNode("b"), aNode("c")}, nil},
		"another revision": {
			[]engine.Node{aNode("b", folder(1, other)), aNode("a")},
			[]string{"The rules for store 1003 differ: a has 1 rule, revision bbbbbbbb; b has 3 rules, revision cccccccc."},
		},
		"another revision for every store": {
			[]engine.Node{aNode("a"), aNode("b", folder(0, engine.RuleFolder{Revision: "dddddddddddddddd", Rules: 2})), aNode("c")},
			[]string{"The rules for every store differ: a and c have 2 rules, revision aaaaaaaa; b has 2 rules, revision dddddddd."},
		},
		"broken on one, which never had good ones": {
			[]engine.Node{aNode("a"), aNode("b", folder(1, engine.RuleFolder{Directory: "1003", Revision: "e3b0c44298fc1c14", Problems: 1}))},
			[]string{"The rules for store 1003 differ: a has 1 rule, revision bbbbbbbb; b has none, and 1 problem in its files."},
		},
		"broken on one, with the old ones in use": {
			[]engine.Node{aNode("a", broken(1, 2)), aNode("b", folder(1, other))},
			[]string{"The rules for store 1003 differ: a has 1 rule, revision bbbbbbbb, and 2 problems in its files; b has 3 rules, revision cccccccc."},
		},
		"broken on all, with the same in use": {[]engine.Node{aNode("a", broken(1, 2)), aNode("b", broken(1, 2))}, nil},
		"missing on one": {
			[]engine.Node{aNode("a"), aNode("b", without(1)), aNode("c")},
			[]string{"The rules for store 1003 differ: a and c have 1 rule, revision bbbbbbbb; b has none."},
		},
		"missing, but there is no rule in it": {
			[]engine.Node{aNode("a", folder(1, engine.RuleFolder{Directory: "1003", Revision: "e3b0c44298fc1c14"})), aNode("b", without(1))}, nil,
		},
		"versions": {
			[]engine.Node{aNode("a"), aNode("b"), aNode("c", running("1.5"))},
			[]string{"The versions differ: a and b run 1.4; c runs 1.5."},
		},
		"clocks": {
			[]engine.Node{aNode("a", skewed(5*time.Minute)), aNode("b", skewed(-11*time.Second)), aNode("c", skewed(10*time.Second)), aNode("d", skewed(-10*time.Second))},
			[]string{"The clock of a is 5 min ahead of the ledger's: have it set by NTP.", "The clock of b is 11 s behind the ledger's: have it set by NTP."},
		},
		"silent, so neither compared nor asked for the time": {
			[]engine.Node{aNode("a"), aNode("b", seenAgo(31*time.Second), running("1.3"), folder(1, other), skewed(time.Hour)), aNode("c", seenAgo(30*time.Second))},
			[]string{"b has given no sign of life for 31 s: it was killed, or it does not reach the ledger."},
		},
		"stopping, so not compared": {[]engine.Node{aNode("a"), aNode("b", stopping, running("1.3"), folder(1, other))}, nil},
		"on one machine": {
			[]engine.Node{aNode("1", at("web", ":8081")), aNode("2", at("web", ":8082"), running("1.5"))},
			[]string{"The versions differ: web (:8081) runs 1.4; web (:8082) runs 1.5."},
		},
		"killed and started again": {
			[]engine.Node{aNode("1", at("web", ":80"), seenAgo(2*time.Hour)), aNode("2", at("web", ":80"))},
			[]string{"web (:80, id id-of-1) has given no sign of life for 2 h: it was killed, or it does not reach the ledger."},
		},
		"many nodes": {
			[]engine.Node{aNode("a"), aNode("b"), aNode("c"), aNode("d"), aNode("e"), aNode("f"), aNode("g"), aNode("h", running("2"))},
			[]string{"The versions differ: a, b, c, d, e and 2 more run 1.4; h runs 2."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := fmt.Sprint(test.nodes)
			if got := engine.Differences(test.nodes, noon); !slices.Equal(got, test.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(test.want, "\n  "))
			}
			if fmt.Sprint(test.nodes) != before {
				t.Error("the nodes were changed")
			}
		})
	}
}

// A farm whose rules differ everywhere says so, and not ten thousand times.
func TestDifferencesOfManyStores(t *testing.T) {
	var a, b []engine.RuleFolder
	for i := range 10_000 {
		a = append(a, engine.RuleFolder{Directory: fmt.Sprint(i), Revision: fmt.Sprintf("%016x", i), Rules: 1})
		b = append(b, engine.RuleFolder{Directory: fmt.Sprint(i), Revision: fmt.Sprintf("%016x", i+1), Rules: 1})
	}
	got := engine.Differences([]engine.Node{{ID: "a", Name: "a", Seen: noon, Rules: a}, {ID: "b", Name: "b", Seen: noon, Rules: b}}, noon)
	if len(got) != 21 || got[20] != "The rules for 9980 more stores differ too." {
		t.Errorf("%d sentences, the last is %q", len(got), got[len(got)-1])
	}
}

func TestNodeRevision(t *testing.T) {
	a := aNode("a")
	for name, test := range map[string]struct {
		node engine.Node
		same bool
	}{
		"alike":             {aNode("b", running("2"), broken(1, 4)), true},
		"an empty folder":   {aNode("b", func(n *engine.Node) { n.Rules = append(n.Rules, engine.RuleFolder{Directory: "1004", Revision: "x"}) }), true},
		"another revision":  {aNode("b", func(n *engine.Node) { n.Rules[1].Revision = "cccccccccccccccc" }), false},
		"another directory": {aNode("b", func(n *engine.Node) { n.Rules[1].Directory = "1004" }), false},
		"one folder less":   {aNode("b", without(1)), false},
	} {
		if same := test.node.Revision() == a.Revision(); same != test.same {
			t.Errorf("%s: the same revision: %v", name, same)
		}
	}
	if got := aNode("a", broken(0, 1), broken(1, 2)).Problems(); got != 3 {
		t.Errorf("%d problems", got)
	}
}

// What the ledger keeps of a node comes back as it was.
func TestNodeAsJSON(t *testing.T) {
	n := aNode("a", skewed(-3*time.Second), stopping, broken(1, 2))
	n.Limited = []string{"slack"}
	text, err := json.Marshal(n)
	if err != nil {
		t.Fatal(err)
	}
	var back engine.Node
	if err := json.Unmarshal(text, &back); err != nil || fmt.Sprint(back) != fmt.Sprint(n) {
		t.Errorf("%+v came back as %+v: %v", n, back, err)
	}
	for _, key := range []string{`"id":`, `"skew_ns":-3000000000`, `"directory":"1003"`, `"limited":["slack"]`, `"seen":"2026-11-21T11:59:58Z"`} {
		if !strings.Contains(string(text), key) {
			t.Errorf("%s has no %s", text, key)
		}
	}
}

func TestRuleFolders(t *testing.T) {
	got := engine.RuleFolders([]rules.Folder{{Directory: "1003", Revision: "ab", Rules: 2, Problems: 1}})
	if len(got) != 1 || got[0] != (engine.RuleFolder{Directory: "1003", Revision: "ab", Rules: 2, Problems: 1}) {
		t.Errorf("%+v", got)
	}
	if engine.RuleFolders(nil) == nil {
		t.Error("no folders are null as JSON")
	}
}
