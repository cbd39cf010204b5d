package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"regexp"
	"slices"

	"github.com/spf13/cobra"

	"shopbell/config"
	"shopbell/document"
	"shopbell/rules"
)

func (p *program) test() *cobra.Command {
	var run, junit string
	var update, asJSON bool
	c := &cobra.Command{
		Use:   "test [DIR]",
		Short: "Run the tests of the rules",
		Long: `Run the tests of the rules below DIR (default: the config's rules folder): those below "tests:" in rule files, and those of
files whose name ends in _test.yaml. Each says what is given, and what the rules are expected to do. Actions are replaced: nothing
is sent, and no network is used.

A failing test is shown as a diff, expected - and happened +, with why a rule did not fire. At the end stands what of the rules
and their conditions no test has seen.

Exit code: 0 all tests pass, 1 some fail or something is wrong with the files, 2 misuse.`,
		Example: "  shopbell test\n  shopbell test rules --run order --junit report.xml\n  shopbell test --update",
		Args:    between(0, 1),
	}
	flags := c.Flags()
	flags.StringVar(&run, "run", "", "only tests whose name some part of this regular expression matches")
	flags.StringVar(&junit, "junit", "", "write the outcome to this file as JUnit XML, too")
	flags.BoolVar(&update, "update", false, "write what happened into failing tests, as what they expect")
	flags.BoolVar(&asJSON, "json", false, "print JSON")
	c.RunE = func(_ *cobra.Command, args []string) error {
		var pick *regexp.Regexp
		if run != "" {
			var err error
			if pick, err = regexp.Compile(run); err != nil {
				return fmt.Errorf("--run %q: %w", run, err)
			}
		}
		suite, err := p.suite(args)
		if err != nil {
			return err
		}
		report := suite.Run(pick)
		left := 0
		if update && report.Failed > 0 {
			if left, err = p.updated(report); err != nil {
				return err
			}
			if suite, err = p.suite(args); err != nil {
				return err
			}
			report = suite.Run(pick)
		}
		if junit != "" {
			if err := writeJUnit(junit, report); err != nil {
				return &failure{err}
			}
		}
		if asJSON {
			err = printJSON(p.stdout, report)
		} else {
			printReport(p.stdout, report, pick == nil)
		}
		if err == nil && (report.Failed > 0 || left > 0) {
			err = &failure{}
		}
		return err
	}
	return c
}

// suite reads the rules and their tests. What is wrong with them ends the command.
func (p *program) suite(args []string) (*rules.Suite, error) {
	world, dir := defaultWorld(), "rules"
	var problems []document.Problem
	if _, err := os.Stat(p.config); !errors.Is(err, fs.ErrNotExist) || p.named {
		c, wrong := config.Load(p.config, kinds())
		if c == nil {
			fmt.Fprint(p.stderr, document.Text(wrong))
			return nil, failed("the config has problems, so nothing was tested")
		}
		o := open(c, slog.New(slog.DiscardHandler))
		world, dir, problems = worldOf(c, o), c.Rules, append(wrong, o.problems...)
	}
	if len(args) > 0 {
		dir = args[0]
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, failed("there is no folder %s to test", dir)
	}
	set := rules.Load(dir, world, nil)
	suite := rules.LoadTrials(dir, set)
	problems = append(append(problems, set.Problems()...), suite.Problems()...)
	stop, _ := document.Split(document.Sort(problems))
	if len(stop) > 0 {
		fmt.Fprint(p.stderr, document.Text(stop))
		return nil, failed("%s, so nothing was tested", counted(len(stop), "problem"))
	}
	return suite, nil
}

// updated writes what happened into the files of failing tests, and tells how many tests that cannot be done for.
func (p *program) updated(report *rules.Report) (left int, err error) {
	files, kept := report.Updated()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		info, err := os.Stat(name)
		if err != nil {
			return 0, &failure{err}
		}
		if err := os.WriteFile(name, files[name], info.Mode().Perm()); err != nil {
			return 0, &failure{err}
		}
		fmt.Fprintln(p.stderr, "updated", name)
	}
	for _, word := range kept {
		fmt.Fprintln(p.stderr, "not updated:", word)
	}
	return len(kept), nil
}
