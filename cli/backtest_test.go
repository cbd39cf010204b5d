package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"shopbell/engine"
)

// TestBacktested plays the stories of testdata/backtest as [TestExplained] does its own, and holds what backtests tell:
//
//	backtest FOLDER FLAGS
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
			synctest.Test(t, func(t *testing.T) { got = play(t, a) })
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
