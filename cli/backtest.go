package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"shopbell/document"
	"shopbell/engine"
	"shopbell/rules"
)

func (p *program) backtest() *cobra.Command {
	var t engine.Trial
	var dir, since, store string
	var asJSON, fail bool
	c := &cobra.Command{
		Use:   "backtest",
		Short: "Try new rules on the events that came",
		Long: `Have the rules of a folder look at the events of the ledger, each with its entity as it was read back then, beside the rules in
use. For each rule it tells which runs are new, which are gone, and which say something else, with the messages of the first few.

It works while the server runs and when it does not. No platform is asked and nothing is sent.

Exit code: 0 fine, 1 problems, or a difference with --fail-on-diff, 2 misuse.`,
		Example: "  shopbell backtest --rules new-rules\n  shopbell backtest --rules new-rules --since 7d --rule big-order --show 10\n  shopbell backtest --rules new-rules --json --fail-on-diff",
		Args:    none,
	}
	flags := c.Flags()
	flags.StringVar(&dir, "rules", "", "the folder of the new rules")
	flags.StringVar(&since, "since", "30d", "how far to look back, such as 30d or 12h; all for everything")
	flags.StringVar(&store, "store", "", "only of this store: STORE or SOURCE/STORE")
	flags.StringVar(&t.Rule, "rule", "", "only this rule")
	flags.IntVar(&t.Show, "show", 3, "differences of each sort to show for each rule")
	flags.BoolVar(&asJSON, "json", false, "print JSON")
	flags.BoolVar(&fail, "fail-on-diff", false, "exit with 1 when any rule would do anything else")
	c.RunE = func(c *cobra.Command, _ []string) error {
		var err error
		if t.Since, err = lookBack(since, time.Now()); err != nil {
			return err
		}
		if dir == "" {
			return errors.New("name the folder of the new rules: --rules DIR")
		}
		if t.Show < 0 || t.Show > 1000 {
			return fmt.Errorf("--show %d: want 0 to 1000", t.Show)
		}
		var named bool
		if t.Source, t.Store, named = strings.Cut(store, "/"); !named {
			t.Source, t.Store = "", store
		}
		found, err := p.tryRules(c.Context(), t, dir)
		if err != nil {
			return err
		}
		if asJSON {
			err = printJSON(p.stdout, formOfFindings(found, t.Since))
		} else {
			printFindings(p.stdout, found)
		}
		if err == nil && fail && found.Differs() {
			err = &failure{}
		}
		return err
	}
	return c
}

// lookBack reads how far to look back; zero for all. Its error is misuse.
func lookBack(text string, now time.Time) (time.Time, error) {
	if text == "all" {
		return time.Time{}, nil
	}
	m := regexp.MustCompile(`^([1-9][0-9]{0,4})([dhm])$`).FindStringSubmatch(text)
	if m == nil {
		return time.Time{}, fmt.Errorf("--since %s: want days, hours or minutes, such as 30d, 12h or 90m, or all", text)
	}
	n, err := strconv.Atoi(m[1])
	unit := map[string]time.Duration{"d": 24 * time.Hour, "h": time.Hour, "m": time.Minute}[m[2]]
	return now.Add(-time.Duration(n) * unit), err
}

// tryRules tries the rules of a folder beside those of the config.
func (p *program) tryRules(ctx context.Context, t engine.Trial, dir string) (engine.Findings, error) {
	var none engine.Findings
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return none, failed("there is no folder %s to take new rules from", dir)
	}
	conf, err := p.loadQuiet()
	if err != nil {
		return none, err
	}
	t.World = worldOf(conf, open(conf, slog.New(slog.DiscardHandler)))
	t.New = rules.Load(dir, t.World, nil)
	if stop, _ := document.Split(t.New.Problems()); len(stop) > 0 {
		fmt.Fprint(p.stderr, document.Text(stop))
		return none, failed("the new rules have %s, so nothing was tried", counted(len(stop), "problem"))
	}
	t.Current = rules.Load(conf.Rules, t.World, nil)
	for _, d := range t.Current.Directories() {
		if stop, _ := document.Split(d.Problems); d.Broken {
			fmt.Fprintf(p.stderr, "shopbell: %s has %s, so its rules count as not there: see shopbell check\n", rulesFolder(conf, d.Name), counted(len(stop), "problem"))
		}
	}
	ledger, err := p.look(ctx)
	if err != nil {
		return none, err
	}
	defer ledger.Close()
	found, err := engine.Backtest(ctx, ledger, t)
	if err != nil {
		return none, &failure{err}
	}
	return found, nil
}
