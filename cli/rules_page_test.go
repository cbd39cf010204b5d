package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"shopbell/document"
	"shopbell/event"
	"shopbell/rules"
)

var (
	// pagePart is what of docs/rules.md is executed: a rule file with the tests that stand behind it as a comment, a command with
	// what it prints, or a table of expressions with what they see.
	pagePart = regexp.MustCompile("(?ms)^```yaml\n(?P<rules>.*?)^```\n(?:<!-- tests\n(?P<tests>.*?)^-->\n)?" +
		"|^<!-- run(?:: (?P<changes>[^\n]*))? -->\n```\n\\$ (?P<command>[^\n]*)\n.*?^```\n<!-- end -->\n" +
		"|^<!-- given\n(?P<given>.*?)^-->\n(?P<table>(?:\\|[^\n]*\n)+)" +
		"|^\\| (?P<free>hole|condition) \\|[^\n]*\n(?P<rows>(?:\\|[^\n]*\n)+)")
	cell = regexp.MustCompile(`(?:[^|\\]|\\.)+`)
)

// A guide is docs/rules.md while it is executed.
type guide struct {
	*testing.T
	run   func(...string) (string, int)
	rules string
	given map[string]any // by column; a later table may use what an earlier one was given
	counts
}

// counts are what was found, so that nothing is passed over because the page looks otherwise.
type counts struct{ rules, runs, rows int }

// TestRulesPage holds that every example of docs/rules.md does what the page says: each rule is without problem and warning, and
// does what its tests say; each command prints what is shown; each expression gives what stands beside it. With -update what is
// printed is written anew.
func TestRulesPage(t *testing.T) {
	path, err := filepath.Abs("../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	page := read(t, path)
	g := &guide{T: t, run: recipeShop(t), given: map[string]any{}}
	executed := pagePart.ReplaceAllStringFunc(page, func(part string) string {
		m := pagePart.FindStringSubmatch(part)
		named := func(name string) string { return m[pagePart.SubexpIndex(name)] }
		switch {
		case named("rules") != "":
			g.file(named("rules"), named("tests"))
		case named("command") != "":
			return g.command(named("changes"), named("command"))
		case named("given") != "":
			g.table(named("given"), named("table"))
		default:
			g.rowsOf(named("free"), []string{"is"}, named("rows"))
		}
		return part
	})
	if yaml := strings.Count(page, "```yaml"); g.counts.rules != yaml || yaml < 10 || g.runs < 4 || g.rows < 30 {
		t.Errorf("executed %+v of %d rule files", g.counts, yaml)
	}
	same(t, path, executed)
}

func (g *guide) write(name, text string) {
	g.Helper()
	if err := os.WriteFile("rules/"+name, []byte(text), 0o600); err != nil {
		g.Fatal(err)
	}
}

// file puts a rule file into the shop, as a reader would, and runs its tests.
func (g *guide) file(text, tests string) {
	g.Helper()
	g.counts.rules++
	g.rules = text
	g.write("first.yaml", text)
	_ = os.Remove("rules/first_test.yaml")
	if tests != "" {
		g.write("first_test.yaml", "tests:\n"+tests)
	}
	if out, code := g.run("check"); code != exitFine || !strings.Contains(out, "no problems, no warnings") {
		g.Errorf("this does not work:\n%s\n%s", text, out)
	}
	if out, code := g.run("test"); code != exitFine || strings.Contains(out, "has no test") || strings.HasPrefix(out, "no tests") {
		g.Errorf("this does not do what its tests say:\n%s\n%s", text, out)
	}
	if tests != "" {
		_ = os.Remove("rules/first_test.yaml") // a reader does not see it
	}
}

// command runs what a reader would, perhaps with a mistake in the rules, and gives it with what it prints.
func (g *guide) command(changes, line string) string {
	g.Helper()
	g.runs++
	text := g.rules
	for change := range strings.SplitSeq(changes, ";") {
		old, mistake, ok := strings.Cut(change, "=>")
		if !ok {
			continue
		}
		if old, mistake = strings.TrimSpace(old), strings.TrimSpace(mistake); !strings.Contains(text, old) {
			g.Errorf("there is no %q in\n%s", old, text)
		}
		text = strings.Replace(text, old, mistake, 1)
	}
	g.write("first.yaml", text)
	out, _ := g.run(strings.Fields(line)[1:]...)
	g.write("first.yaml", g.rules)
	if changes != "" {
		changes = ": " + changes
	}
	return "<!-- run" + changes + " -->\n```\n$ " + line + "\n" + out + "```\n<!-- end -->\n"
}

// table holds what expressions give against what stands beside them. A column sees what is given under its name.
func (g *guide) table(given, table string) {
	g.Helper()
	file, problems := document.Parse("given", []byte(given))
	if len(problems) > 0 {
		g.Fatal(document.Text(problems))
	}
	found, _ := document.Value(file.Root).(map[string]any)
	maps.Copy(g.given, found)
	head, rows, _ := strings.Cut(table, "\n")
	cells := cellsOf(head)
	g.rowsOf(cells[0], cells[1:], rows)
}

func (g *guide) rowsOf(kind string, columns []string, rows string) {
	g.Helper()
	for row := range strings.Lines(rows) {
		cells := cellsOf(row)
		if strings.HasPrefix(cells[0], "--") {
			continue
		}
		code := strings.ReplaceAll(strings.Trim(cells[0], "`"), `\|`, "|")
		for i, column := range columns {
			g.counts.rows++
			if got := g.give(kind, code, column); got != strings.ReplaceAll(cells[i+1], `\|`, "|") {
				g.Errorf("%s is %s for %q, and the page says %s", code, got, column, cells[i+1])
			}
		}
	}
}

func cellsOf(row string) (cells []string) {
	for _, c := range cell.FindAllString(strings.TrimSpace(row), -1) {
		cells = append(cells, strings.TrimSpace(c))
	}
	return cells
}

// give evaluates a condition, or fills a hole, as a rule does.
func (g *guide) give(kind, code, column string) string {
	g.Helper()
	in, ok := g.given[column].(map[string]any)
	if !ok {
		g.Fatalf("nothing is given for %q", column)
	}
	quoted := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	rule := fmt.Sprintf("rules:\n  - name: r\n    when: %s\n", in["event"])
	if kind == "condition" {
		rule += "    if: " + quoted(code) + "\n    then: [ log: { message: x } ]\n"
	} else {
		rule += "    then: [ log: { message: " + quoted("{{ "+code+" }}") + " } ]\n"
	}
	set := rules.Parse(map[string]string{"r.yaml": rule}, defaultWorld())
	if stop, _ := document.Split(set.Problems()); len(stop) > 0 {
		g.Errorf("%s", document.Text(stop))
		return "a problem"
	}
	input := g.input(in)
	if kind == "condition" {
		words := map[rules.Verdict]string{rules.Fires: "true", rules.Passes: "false", rules.Errs: "an error"}
		return words[set.Rules()[0].Decide(input).Verdict]
	}
	made, err := set.Rules()[0].Render(rules.Branch{}, 0, input, nil)
	if err != nil {
		return "an error"
	}
	var params struct{ Message string }
	if err := json.Unmarshal(made.Params, &params); err != nil {
		g.Fatal(err)
	}
	return params.Message
}

func (g *guide) input(in map[string]any) *rules.Input {
	object := func(key string) map[string]any {
		if in[key] == nil {
			return nil
		}
		return asRead(g.T, in[key])
	}
	store := event.Store{ID: "1003"}
	profile := map[string]string{}
	for key, value := range maps.All(object("profile")) {
		profile[key] = fmt.Sprint(value)
	}
	store.Currency, store.Language, store.Timezone = profile["currency"], profile["language"], profile["timezone"]
	input := &rules.Input{Event: &event.Event{Source: "ecwid", Store: "1003", Type: fmt.Sprint(in["event"]), ID: "e", Subject: "order/1"}, Entity: object("entity"), Store: store}
	if in["was"] != nil {
		input.Was = object("was")
	}
	return input
}
