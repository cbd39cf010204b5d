package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"shopbell/config"
	"shopbell/document"
	"shopbell/rules"
)

func (p *program) check() *cobra.Command {
	var asJSON, asSARIF bool
	c := &cobra.Command{
		Use:   "check [DIR]",
		Short: "Check the config and the rules, and say all that is wrong",
		Long: `Check the config and every rule file below DIR (default: the config's rules folder), with its tests, and print all problems and
warnings at once, each with its place. Nothing is sent, and no network is used.

Without a config file, rules are checked as if every kind of account were configured.

Each has an id that stays the same when its words change, such as unknown-key, for scripts to rely on.

Exit code: 0 fine (warnings too), 1 problems, 2 misuse.`,
		Example: "  shopbell check\n  shopbell check rules/1003 --json\n  shopbell check --sarif",
		Args:    between(0, 1),
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON array of problems")
	c.Flags().BoolVar(&asSARIF, "sarif", false, "print a SARIF 2.1.0 log, for code hosts and editors")
	c.MarkFlagsMutuallyExclusive("json", "sarif")
	c.RunE = func(_ *cobra.Command, args []string) error {
		checked, err := p.checked(args)
		if err != nil {
			return err
		}
		stop, warnings := document.Split(checked.problems)
		switch {
		case asJSON:
			err = printJSON(p.stdout, append([]document.Problem{}, checked.problems...))
		case asSARIF:
			err = printJSON(p.stdout, sarifOf(checked.problems))
		default:
			fmt.Fprint(p.stdout, document.Text(checked.problems), checked.note)
			fmt.Fprintf(p.stdout, "%s, %s, %s\n", counted(checked.rules, "rule"), counted(len(stop), "problem"), counted(len(warnings), "warning"))
		}
		if err == nil && len(stop) > 0 {
			err = &failure{}
		}
		return err
	}
	return c
}

// checked is the result of a check.
type checked struct {
	rules    int
	problems []document.Problem // warnings too
	note     string
}

func (p *program) checked(args []string) (checked, error) {
	var out checked
	world, dir := defaultWorld(), "rules"
	switch _, err := os.Stat(p.config); {
	case errors.Is(err, fs.ErrNotExist) && !p.named:
		out.note = fmt.Sprintf("there is no %s: checked as if every kind of account were configured\n", p.config)
	default:
		c, problems := config.Load(p.config, kinds())
		out.problems = problems
		if c == nil {
			rules.Identify(out.problems)
			return out, nil // without a world every rule would look wrong
		}
		o := open(c, slog.New(slog.DiscardHandler))
		out.problems = append(append(out.problems, o.problems...), c.Plugged.Problems()...)
		world, dir = worldOf(c, o), c.Rules
	}
	if len(args) > 0 {
		dir = args[0]
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return out, failed("there is no folder %s to check", dir)
	}
	set := rules.Load(dir, world, nil)
	out.problems = append(out.problems, set.Problems()...)
	out.problems = append(out.problems, rules.LoadTrials(dir, set).Problems()...)
	out.problems = document.Sort(out.problems)
	rules.Identify(out.problems) // those of the config, too
	out.rules = len(set.Rules())
	return out, nil
}

// printJSON writes one JSON value, indented, for people's scripts.
func printJSON(w interface{ Write([]byte) (int, error) }, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}
