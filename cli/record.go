package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"shopbell/engine"
	"shopbell/event"
)

func (p *program) record() *cobra.Command {
	var out, store string
	c := &cobra.Command{
		Use:   "record EVENT",
		Short: "Write a recorded event down as a test",
		Long: `Write an event of the ledger, by its number or by the platform's id of it, as a test that shopbell test can run: with its entity as
it was read back then, and as it was before.

What it says of people is replaced, the same by the same: names, addresses, e-mail addresses, phone numbers, IPs, birthdays, and what
somebody has typed, such as comments. Ids, amounts, SKUs, statuses, dates and countries stay. Secrets are left out. Look it through all
the same before you show it to others: nobody can tell a name in the name of a product.`,
		Example: "  shopbell record 12 --out rules/big-order_test.yaml\n  shopbell record 5b0c6d0e-2f6b-4f1e-9a56-7e0c7f0b1a11",
		Args:    between(1, 1),
	}
	c.Flags().StringVar(&out, "out", "", "the file to write, which ends in _test.yaml; else it is printed")
	c.Flags().StringVar(&store, "store", "", "only of this store: STORE or SOURCE/STORE")
	c.RunE = func(c *cobra.Command, args []string) error {
		if out != "" && !strings.HasSuffix(out, "_test.yaml") {
			return fmt.Errorf("--out %s: a file of tests ends in _test.yaml", out)
		}
		source, id, named := strings.Cut(store, "/")
		if !named {
			source, id = "", store
		}
		fixture, err := p.fixture(c.Context(), args[0], source, id)
		if err != nil {
			return err
		}
		text := "tests:\n" + fixtureText(fixture)
		if out == "" {
			_, err = io.WriteString(p.stdout, text)
			return err
		}
		if err := writeNew(out, text); err != nil {
			return &failure{err}
		}
		fmt.Fprintf(p.stdout, "%s is written; say what it expects, and run: shopbell test\n", out)
		return nil
	}
	return c
}

// writeNew writes a file that is not there yet.
func writeNew(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// fixture finds an event, without what it says of people.
func (p *program) fixture(ctx context.Context, text, source, store string) (engine.Fixture, error) {
	conf, err := p.loadQuiet()
	if err != nil {
		return engine.Fixture{}, err
	}
	world := worldOf(conf, open(conf, slog.New(slog.DiscardHandler)))
	ledger, err := p.look(ctx)
	if err != nil {
		return engine.Fixture{}, err
	}
	defer ledger.Close()
	fixture, err := engine.FixtureOf(ctx, ledger, func(source string) *event.Catalog { return world.Sources[source].Catalog }, text, source, store)
	if errors.Is(err, engine.ErrNone) {
		return fixture, failed("there is no event %s in the ledger", text)
	}
	if err != nil {
		return fixture, &failure{err}
	}
	return fixture, nil
}

// fixtureText writes one test. What it expects is for a person to say.
func fixtureText(f engine.Fixture) string {
	e := f.Event
	given := ordered{{"event", e.Type}, {"source", e.Source}, {"store", e.Store}, {"id", e.ID}, {"subject", e.Subject}}
	if !e.Created.IsZero() {
		given = append(given, entry{"created", e.Created.UTC().Format(time.RFC3339)})
	}
	if e.Self {
		given = append(given, entry{"self", true})
	}
	for _, part := range (ordered{{"entity", f.Entity}, {"was", f.Was}, {"data", f.Data}}) {
		if part.value != nil {
			given = append(given, part)
		}
	}
	name := e.Type
	if e.Subject != "" {
		name += " of " + e.Subject
	}
	return yamlText([]any{ordered{{"name", name}, {"given", given}, {"expect", []any{}}}}, "  ")
}
