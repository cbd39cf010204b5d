package document

import (
	"testing"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Every letter in capitals stands in the value and in the file exactly once, so its place can be checked by looking.
func TestPositions(t *testing.T) {
	tests := map[string]string{
		"plain":             "a: one TWO\n",
		"plain, two lines":  "a: one A\n   two B\n   C\n",
		"plain, empty line": "a: one A\n\n   two B\n\n\n   C\n",
		"double":            `a: "é\n A \u00e9 B \\ C"`,
		"double, two lines": "a: \"one A  \n    B\n\n  C\"\n",
		"double, continued": "a: \"one A\\\n    B\\\n  C\"\n",
		"single":            "a: 'it''s A ''B'' C'\n",
		"single, two lines": "a: 'x A\n\n  B\n  C'\n",
		"literal":           "a: |\n  one A\n    two B\n\n  C\n",
		"literal, stripped": "a: |-\n\n  one A\n  B C\n",
		"literal, no end":   "a: |\n  A\n  B C",
		"folded":            "a: >\n  one A\n  two B\n\n  C\n",
		"folded, deeper":    "a: >\n  one A\n\n\n  two B\n    deep D\n  C\n",
		"anchor":            "a: &x \"A B\"\nb: *x\n",
		"flow":              "a: { b: 1, c: \"é A\", d: [B, 'C'] }\n",
		"windows":           "a: |\r\n  one A\r\n  B\r\n",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			f, problems := Parse("t.yaml", []byte(text))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			checked := 0
			each(f.Root, func(n *yaml.Node) {
				places := f.Positions(n)
				if places == nil {
					t.Fatalf("no way to the value %q", n.Value)
				}
				if len(places) != utf8.RuneCountInString(n.Value)+1 {
					t.Fatalf("%d places for %q", len(places), n.Value)
				}
				for i, r := range []rune(n.Value) {
					if r < 'A' || r > 'Z' {
						continue
					}
					checked++
					line := []rune(f.Line(places[i].Line))
					if places[i].Column > len(line) || line[places[i].Column-1] != r {
						t.Errorf("%q of %q is not at %v", r, n.Value, places[i])
					}
				}
			})
			if checked == 0 {
				t.Fatal("nothing checked")
			}
		})
	}
}

func TestPositionAfterTheEnd(t *testing.T) {
	f, _ := Parse("t.yaml", []byte("a: \"bc\"\n"))
	_, v := Find(f.Root, "a")
	if got := f.Position(v, 99); got != (Position{1, 7}) {
		t.Errorf("the end is at %v", got)
	}
}

func each(n *yaml.Node, do func(*yaml.Node)) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!str" {
		do(n)
	}
	for _, c := range n.Content {
		each(c, do)
	}
}

// FuzzPositions holds that any scalar of any file either leads to no place or to one place for each character.
func FuzzPositions(f *testing.F) {
	f.Add("a: >\n  one\n\n  two\nb: 'it''s'\n")
	f.Add("a: \"x\\\n   y\\u00e9\"\nc: |+\n\n  d\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		file, _ := Parse("t.yaml", []byte(text))
		if file == nil || file.Root == nil {
			return
		}
		each(file.Root, func(n *yaml.Node) {
			if places := file.Positions(n); places != nil && len(places) != utf8.RuneCountInString(n.Value)+1 {
				t.Errorf("%d places for %q", len(places), n.Value)
			}
		})
	})
}
