package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"shopbell/config"
	"shopbell/document"
	"shopbell/engine/ledger/postgres"
	"shopbell/engine/ledger/sqlite"
	"shopbell/engine/ledger/upkeep"
)

func (p *program) copyLedger() *cobra.Command {
	var verify bool
	c := &cobra.Command{
		Use:   "copy FROM TO",
		Short: "Carry a ledger into another one, while no server runs",
		Long: `Carry all that a ledger holds into another one, with its numbers, states and due times, so that lists stay the same,
events are known, and what is due is done once, by the servers of the new ledger. FROM and TO are each

  a path                  a SQLite file
  an address              postgres://USER:PASSWORD@HOST:5432/DATABASE
  a config, NAME.yaml     the ledger that its database: names; so no password stands on the command line

Stop all servers first: the copy is refused while one works on either ledger. A node that was killed counts as gone after
30 seconds. A SQLite file on a network drive, used by another machine, cannot be told.

TO must be empty, or missing. What was cut off goes on by the same command; until it is whole, no server starts on TO.
FROM stays as it was. At the end the counts of both are compared, and with --verify every byte.`,
		Example: "  shopbell ledger copy shopbell.db postgres://bell@db/bell\n  shopbell ledger copy old.yaml new.yaml\n  shopbell ledger copy shopbell.yaml shopbell.db --verify",
		Args:    between(2, 2),
	}
	c.Flags().BoolVar(&verify, "verify", false, "read both from end to end and compare every piece")
	c.RunE = func(c *cobra.Command, args []string) error {
		ctx, stop := untilSignal(c.Context())
		defer stop()
		return p.moveHouse(ctx, args[0], args[1], verify)
	}
	return c
}

// moveHouse holds both ledgers and copies.
func (p *program) moveHouse(ctx context.Context, fromText, toText string, verify bool) (err error) {
	fromAt, err := p.ledgerAt(fromText)
	if err != nil {
		return err
	}
	toAt, err := p.ledgerAt(toText)
	if err != nil {
		return err
	}
	if fromAt == toAt {
		return errors.New("FROM and TO are the same ledger")
	}
	from, err := hold(ctx, fromAt, upkeep.From)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	to, err := hold(ctx, toAt, upkeep.To)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	result, err := p.carry(ctx, from, to, verify)
	switch {
	case ctx.Err() != nil:
		return failed("stopped; the same command goes on from here")
	case err != nil:
		return &failure{err}
	}
	p.tellCopied(from, to, result, verify)
	return nil
}

func (p *program) carry(ctx context.Context, from, to upkeep.Mover, verify bool) (upkeep.Result, error) {
	bar := newBar(p.stderr)
	result, err := upkeep.Copy(ctx, from, to, bar.show)
	bar.end()
	if err == nil && verify {
		fmt.Fprintln(p.stderr, "reading both from end to end")
		err = upkeep.Same(ctx, from, to)
	}
	return result, err
}

// ledgerAt gives the path or the address of a ledger.
func (p *program) ledgerAt(text string) (string, error) {
	switch {
	case isAddress(text):
		return text, nil
	case filepath.Ext(text) == ".yaml" || filepath.Ext(text) == ".yml":
		c, problems := config.Load(text, kinds())
		if c == nil {
			fmt.Fprint(p.stderr, document.Text(problems))
			return "", failed("%s does not say where a ledger is", text)
		}
		if isAddress(c.Database) {
			return c.Database, nil
		}
		text = c.Database
	}
	path, err := filepath.Abs(text)
	if err != nil {
		return "", &failure{err}
	}
	return path, nil
}

func isAddress(text string) bool {
	return strings.HasPrefix(text, "postgres://") || strings.HasPrefix(text, "postgresql://")
}

func hold(ctx context.Context, at string, side upkeep.Side) (m upkeep.Mover, err error) {
	if isAddress(at) {
		m, err = postgres.Hold(ctx, at, side)
	} else {
		m, err = sqlite.Hold(ctx, at, side)
	}
	if err != nil {
		return nil, &failure{err}
	}
	return m, nil
}

func (p *program) tellCopied(from, to upkeep.Mover, r upkeep.Result, verified bool) {
	switch {
	case r.Already:
		fmt.Fprintf(p.stdout, "%s was carried into %s before: nothing to do\n", from.Name(), to.Name())
	case r.Resumed:
		fmt.Fprintf(p.stdout, "carried the rest of %s into %s\n", from.Name(), to.Name())
	default:
		fmt.Fprintf(p.stdout, "carried %s into %s\n", from.Name(), to.Name())
	}
	t := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, what := range r.Totals.Names() {
		fmt.Fprintf(t, "%d\t  %s\n", r.Totals[what], plain(what))
	}
	t.Flush()
	same := "the counts of both are the same"
	if verified {
		same += ", and so is every piece"
	}
	fmt.Fprintln(p.stdout, same+". Start servers with the new ledger only: the old one still has the same work, and would do it too.")
}
