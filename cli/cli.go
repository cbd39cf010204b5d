// Package cli holds the commands of shopbell, one file each, and the wiring that serve and demo share.
//
//	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.LookupEnv))
//
// A command reads its flags, calls the room that knows, and prints. It decides nothing about events, rules or actions.
package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"shopbell/config"
	"shopbell/document"
)

// The exit codes of every command.
const (
	exitFine    = 0
	exitProblem = 1 // what was asked did not go well, and why was said
	exitMisuse  = 2 // the command line is wrong
)

// A program is one call of shopbell, with all that it may touch.
type program struct {
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	env    func(string) (string, bool)
	config string // --config
	named  bool   // --config was given
}

// Main runs one command line, without the program's name, and gives the exit code: 0 fine, 1 problems, 2 misuse.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer, env func(string) (string, bool)) int {
	quietLibraries()
	p := &program{stdin: stdin, stdout: stdout, stderr: stderr, env: env}
	root := p.root()
	root.SetArgs(args)
	err := root.Execute()
	f, failed := errors.AsType[*failure](err)
	switch {
	case err == nil:
		return exitFine
	case failed:
		if f.err != nil {
			fmt.Fprintf(stderr, "shopbell: %v\n", f.err)
		}
		return exitProblem
	}
	fmt.Fprintf(stderr, "shopbell: %v\nRun \"shopbell help\" to see what there is.\n", err)
	return exitMisuse
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "shopbell",
		Short: "Something happens in a shop; the bell rings; somebody who should know, knows",
		Long: `Shopbell receives the webhooks of online stores, matches them against rules in YAML files, and carries out what
the matching rules ask for: an e-mail, a Slack message, a call to another system.`,
		Example:       "  shopbell demo             # try it, with nothing\n  shopbell init             # begin for real\n  shopbell check && shopbell serve",
		SilenceErrors: true, SilenceUsage: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		Args:              none,
		RunE:              func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.PersistentPreRun = func(c *cobra.Command, _ []string) { p.named = c.Flags().Changed("config") }
	root.SetIn(p.stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.PersistentFlags().StringVarP(&p.config, "config", "c", "shopbell.yaml", "the config file")
	root.AddCommand(p.serve(), p.check(), p.test(), p.send(), p.demo(), p.events(), p.runs(), p.explain(), p.backtest(), p.record(), p.sources(), p.forget(), p.recipients(), p.accounts(), p.actions(), p.plugin(), p.schema(), p.init(),
		p.version(), p.healthcheck(), p.status(), p.ledger())
	return root
}

// A failure ends a command with exit code 1. Any other error of a command is misuse.
type failure struct{ err error } // nil when all has been said

func (f *failure) Error() string {
	if f.err == nil {
		return "there are problems"
	}
	return f.err.Error()
}

func (f *failure) Unwrap() error { return f.err }

// failed makes a failure that is printed.
func failed(format string, args ...any) error { return &failure{fmt.Errorf(format, args...)} }

// load reads the config and prints what is wrong with it to standard error.
func (p *program) load() (*config.Config, error) {
	c, problems := config.Load(p.config, kinds())
	fmt.Fprint(p.stderr, document.Text(problems))
	if c == nil {
		stop, _ := document.Split(problems)
		return nil, failed("%s, nothing was started", counted(len(stop), "problem"))
	}
	return c, nil
}

// counted says how many, in words.
func counted(n int, noun string) string {
	switch n {
	case 0:
		return "no " + noun + "s"
	case 1:
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
