package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"shopbell/engine/ledger/postgres"
	"shopbell/engine/ledger/sqlite"
	"shopbell/engine/ledger/upkeep"
)

func (p *program) ledger() *cobra.Command {
	c := &cobra.Command{
		Use:   "ledger",
		Short: "Move, check and back up the ledger",
		Long: `The ledger is what Shopbell keeps: events, runs, snapshots, rule revisions and counts, in one SQLite file or in a
PostgreSQL. These commands deal with it as a whole.`,
		Example: "  shopbell ledger check\n  shopbell ledger backup /backups/monday.db\n  shopbell ledger copy shopbell.db new.yaml",
		Args:    none,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(p.copyLedger(), p.checkLedger(), p.backUp())
	return c
}

func (p *program) checkLedger() *cobra.Command {
	var repair bool
	c := &cobra.Command{
		Use:   "check",
		Short: "Look the ledger over and tell what is wrong with it",
		Long: `Read the whole ledger of the config and tell what does not fit together: events and runs that refer to nothing, work
that nobody will be given, what cannot be read. It looks at one moment, so it works beside running servers.

Work that no node will be given, in a PostgreSQL, is mended by --repair; servers may run meanwhile and wait for it, some
seconds at most. It changes nothing else.

Exit 0: nothing is wrong, or all was mended. Exit 1: something is.`,
		Example: "  shopbell ledger check\n  shopbell ledger check --repair",
		Args:    none,
	}
	c.Flags().BoolVar(&repair, "repair", false, "hand out work that nobody would be given")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if repair {
			if err := p.repair(c.Context()); err != nil {
				return err
			}
		}
		return p.lookOver(c.Context())
	}
	return c
}

// lookOver prints every fault.
func (p *program) lookOver(ctx context.Context) error {
	ledger, err := p.look(ctx)
	if err != nil {
		return err
	}
	defer ledger.Close()
	faults, mendable := 0, 0
	looked, err := ledger.(upkeep.Checker).Check(ctx, func(f upkeep.Fault) {
		faults++
		if f.Mendable {
			mendable++
		}
		fmt.Fprintln(p.stdout, plain(f.Words))
	})
	if err != nil {
		return failed("the ledger could not be read to its end: %w", err)
	}
	if faults == 0 {
		fmt.Fprintf(p.stdout, "looked at %d events and runs: nothing is wrong\n", looked)
		return nil
	}
	fmt.Fprintln(p.stdout, counted(faults, "fault"))
	if mendable > 0 {
		fmt.Fprintf(p.stdout, "%d of them can be mended: shopbell ledger check --repair\n", mendable)
	}
	return &failure{}
}

// repair mends what can be, and says how much it was.
func (p *program) repair(ctx context.Context) error {
	c, err := p.loadQuiet()
	if err != nil {
		return err
	}
	if !c.Shared() {
		fmt.Fprintln(p.stdout, "nothing to repair: in a SQLite file, due work is found by the server itself")
		return nil
	}
	ledger, err := postgres.Open(ctx, c.Database, postgres.Options{})
	if err != nil {
		return &failure{err}
	}
	defer ledger.Close()
	mended, err := ledger.(upkeep.Repairer).Repair(ctx)
	if err != nil {
		return &failure{err}
	}
	fmt.Fprintf(p.stdout, "repaired: %d pieces of work are handed out anew\n", mended)
	return nil
}

func (p *program) backUp() *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Write a copy of the SQLite ledger, beside a running server",
		Long: `Write the ledger of the config as it is at one moment into a new FILE, which only its owner may read, and check what
was written. The server may go on meanwhile. A file that is there is never overwritten. To go back, stop the server
and put FILE in the place of the ledger, with no -wal and -shm files beside it.

A ledger in PostgreSQL is backed up by PostgreSQL's own programs; then this prints the command and ends with 1.`,
		Example: "  shopbell ledger backup /backups/shopbell-monday.db",
		Args:    between(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			conf, err := p.loadQuiet()
			if err != nil {
				return err
			}
			if conf.Shared() {
				fmt.Fprintf(p.stdout, "pg_dump --format=custom --schema=shopbell --file=%s %s\n", quoted(args[0]), quoted(postgres.WithoutPassword(conf.Database)))
				return failed("nothing was written: a ledger in PostgreSQL is backed up by the command above; it asks for the password, or takes it from PGPASSWORD or ~/.pgpass")
			}
			size, err := sqlite.Backup(c.Context(), conf.Database, args[0])
			if err != nil {
				return &failure{err}
			}
			fmt.Fprintf(p.stdout, "wrote %s, %d bytes, and read it again: it is whole\n", args[0], size)
			return nil
		},
	}
}

// quoted writes a word for a shell.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
