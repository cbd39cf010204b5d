package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"shopbell/engine"
	"shopbell/event"
	"shopbell/sources/ecwid"
	"shopbell/virtualtime"
)

// TestBacktested plays the stories of testdata/backtest as [TestExplained] does its own, and holds what backtests tell:
//
//	backtest FOLDER FLAGS
//	record EVENT
func TestBacktested(t *testing.T) {
	stories, err := filepath.Glob("testdata/backtest/*.txtar")
	if err != nil || len(stories) < 9 {
		t.Fatalf("%d stories: %v", len(stories), err)
	}
	local := time.Local
	time.Local = time.UTC
	t.Cleanup(func() { time.Local = local })
	for _, path := range stories {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var got string
			virtualtime.Test(t, func(t *testing.T) { got = play(t, a) })
			want := &a.Files[len(a.Files)-1]
			if want.Name != "want" || string(want.Data) == got {
				return
			}
			if want.Data = []byte(got); !*update {
				t.Errorf("it is told so:\n%s", got)
			} else if err := os.WriteFile(path, txtar.Format(a), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// backtest tries the rules of a folder of the story beside those in use.
func (s *stage) backtest(args []string) {
	trial := engine.Trial{New: s.rules(args[0] + "/"), Current: s.inUse, World: s.world, Show: 3}
	for i := 1; i+1 < len(args); i += 2 {
		switch args[i] {
		case "--rule":
			trial.Rule = args[i+1]
		case "--store":
			trial.Store = args[i+1]
		case "--since":
			since, err := lookBack(args[i+1], time.Now())
			s.must(err)
			trial.Since = since
		case "--show":
			n, err := strconv.Atoi(args[i+1])
			s.must(err)
			trial.Show = n
		}
	}
	if s.out.Len() > 0 {
		s.out.WriteString("\n")
	}
	s.out.WriteString("$ shopbell backtest --rules " + strings.Join(args, " ") + "\n")
	asked, sent := s.platform.asked, s.sent.Load()
	found, err := engine.Backtest(context.Background(), s.ledger, trial)
	if synctest.Wait(); s.platform.asked != asked || s.sent.Load() != sent {
		s.Error("a backtest asked the platform, or sent something")
	}
	if err != nil {
		s.out.WriteString(err.Error() + "\n")
		return
	}
	var text bytes.Buffer
	printFindings(&text, found)
	s.out.Write(text.Bytes())
}

// record writes an event of the story down as a test.
func (s *stage) record(id string) {
	if s.out.Len() > 0 {
		s.out.WriteString("\n")
	}
	fixture, err := engine.FixtureOf(context.Background(), s.ledger, func(string) *event.Catalog { return ecwid.Catalog() }, id, "", "")
	s.must(err)
	text, why := expecting("tests:\n"+fixtureText(fixture), "a_test.yaml", s.inUse)
	if why != "" {
		s.Error(why)
	}
	s.out.WriteString("$ shopbell record " + id + "\n" + text)
}

// TestBacktestPage holds that docs/backtest.md shows what is told in the stories that it names.
func TestBacktestPage(t *testing.T) {
	page := read(t, "../docs/backtest.md")
	named := regexp.MustCompile(`(?m)^<!-- story ([a-z-]+) -->$`).FindAllStringSubmatch(page, -1)
	if len(named) < 2 {
		t.Fatalf("the page names %d stories", len(named))
	}
	for _, m := range named {
		a, err := txtar.ParseFile("testdata/backtest/" + m[1] + ".txtar")
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, f := range a.Files {
			if strings.HasSuffix(f.Name, ".yaml") {
				b.WriteString(f.Name + ":\n\n```yaml\n" + string(f.Data) + "```\n\n")
			}
		}
		b.WriteString("```\n" + string(a.Files[len(a.Files)-1].Data) + "```\n")
		page = fill(t, page, "story "+m[1], b.String())
	}
	same(t, "../docs/backtest.md", page)
}
