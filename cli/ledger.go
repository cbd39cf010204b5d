package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"shopbell/config"
	"shopbell/engine"
	"shopbell/engine/ledger/postgres"
	"shopbell/engine/ledger/sqlite"
)

// look opens the ledger for reading, beside a server or without one.
func (p *program) look(ctx context.Context) (engine.Ledger, error) {
	c, err := p.loadQuiet()
	if err != nil {
		return nil, err
	}
	var ledger engine.Ledger
	if c.Shared() {
		ledger, err = postgres.Open(ctx, c.Database, postgres.Options{ReadOnly: true})
	} else {
		ledger, err = sqlite.Open(ctx, c.Database, sqlite.Options{ReadOnly: true})
	}
	if err != nil {
		return nil, &failure{err}
	}
	return ledger, nil
}

// databaseWait is how long a start waits for a database that is only starting itself.
const databaseWait = 30 * time.Second

// openLedger opens the ledger of a config for a server.
func openLedger(ctx context.Context, c *config.Config, log *slog.Logger) (engine.Ledger, error) {
	if c.Shared() {
		return postgres.Open(ctx, c.Database, postgres.Options{Log: log, Wait: databaseWait})
	}
	return sqlite.Open(ctx, c.Database, sqlite.Options{})
}

// loadQuiet is load without the warnings, for commands whose output people pipe.
func (p *program) loadQuiet() (*config.Config, error) {
	kept := p.stderr
	p.stderr = io.Discard
	c, err := p.load()
	p.stderr = kept
	if err != nil {
		return p.load()
	}
	return c, nil
}

// order asks the running server for each number in turn, and says what became of it.
func (p *program) order(ctx context.Context, args []string, path, done string) error {
	numbers, err := numbers(args)
	if err != nil {
		return err
	}
	c, err := p.loadQuiet()
	if err != nil {
		return err
	}
	wrong := false
	for _, n := range numbers {
		if err := command(ctx, c, fmt.Sprintf(path, n)); err != nil {
			fmt.Fprintf(p.stdout, "%d: %v\n", n, err)
			wrong = true
			continue
		}
		fmt.Fprintf(p.stdout, "%d: %s\n", n, done)
	}
	if wrong {
		return &failure{}
	}
	return nil
}

func numbers(args []string) ([]int64, error) {
	list := make([]int64, len(args))
	for i, text := range args {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is not a number of the list", text)
		}
		list[i] = n
	}
	return list, nil
}

// numberOrNothing checks the arguments of a command that lists, or shows one.
func numberOrNothing(c *cobra.Command, args []string) error {
	if err := between(0, 1)(c, args); err != nil {
		return err
	}
	_, err := numbers(args)
	return err
}

// clock shows a time as people here read it.
func clock(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04:05")
}
