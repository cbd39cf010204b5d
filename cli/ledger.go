package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"shopbell/config"
	"shopbell/engine"
	"shopbell/engine/ledger/sqlite"
)

// look opens the ledger for reading, beside a server or without one.
func (p *program) look(ctx context.Context) (engine.Ledger, error) {
	c, err := p.loadQuiet()
	if err != nil {
		return nil, err
	}
	ledger, err := sqlite.Open(ctx, c.Database, sqlite.Options{ReadOnly: true})
	if err != nil {
		return nil, &failure{err}
	}
	return ledger, nil
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
