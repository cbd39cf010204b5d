package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"shopbell/document"
	"shopbell/engine"
	"shopbell/event"
	"shopbell/rules"
)

func (p *program) record() *cobra.Command {
	var out, store string
	c := &cobra.Command{
		Use:   "record EVENT",
		Short: "Write a recorded event down as a test",
		Long: `Write an event of the ledger, by its number or by the platform's id of it, as a test that shopbell test can run: with its entity as
it was read back then and as it was before, and the store's profile as rules saw it. What it expects is what the rules do with it
as they are now: look whether that is right.

What it says of people is replaced, the same by the same: names, addresses, e-mail addresses, phone numbers, IPs, birthdays, what
somebody has typed, such as comments, and the store's own name. Ids, amounts, SKUs, statuses, dates and countries stay. Secrets are
left out. Look it through all the same before you show it to others: nobody can tell a name in the name of a product.`,
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
		text, err := p.recorded(c.Context(), args[0], source, id, out)
		if err != nil {
			return err
		}
		if out == "" {
			_, err = io.WriteString(p.stdout, text)
			return err
		}
		if err := writeNew(out, text); err != nil {
			return &failure{err}
		}
		fmt.Fprintf(p.stdout, "%s is written; look whether it expects what is right, and run: shopbell test\n", out)
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

// recorded gives a file with an event as a test, without what it says of people.
func (p *program) recorded(ctx context.Context, text, source, store, out string) (string, error) {
	conf, err := p.loadQuiet()
	if err != nil {
		return "", err
	}
	world := worldOf(conf, open(conf, slog.New(slog.DiscardHandler)))
	ledger, err := p.look(ctx)
	if err != nil {
		return "", err
	}
	defer ledger.Close()
	fixture, err := engine.FixtureOf(ctx, ledger, func(source string) *event.Catalog { return world.Sources[source].Catalog }, text, source, store)
	if errors.Is(err, engine.ErrNone) {
		return "", failed("there is no event %s in the ledger", text)
	}
	if err != nil {
		return "", &failure{err}
	}
	file, why := expecting("tests:\n"+fixtureText(fixture), placeAmong(conf.Rules, out), rules.Load(conf.Rules, world, nil))
	if why != "" {
		fmt.Fprintln(p.stderr, "shopbell: what it expects is left for you to say:", why)
	}
	return file, nil
}

// placeAmong gives where a file of tests stands below the rules folder; at its top when that is not known.
func placeAmong(dir, out string) string {
	if out == "" {
		return "recorded_test.yaml"
	}
	from, err := filepath.Abs(dir)
	to, failed := filepath.Abs(out)
	if err == nil && failed == nil {
		if place, err := filepath.Rel(from, to); err == nil && filepath.IsLocal(place) {
			return filepath.ToSlash(place)
		}
	}
	return filepath.Base(out)
}

// expecting fills in what the rules do with the event of a test that expects nothing yet, as shopbell test --update does. When that
// cannot be said, it says why.
func expecting(text, place string, set *rules.Set) (filled, why string) {
	if stop, _ := document.Split(set.Problems()); len(stop) > 0 {
		return text, "the rules have problems, see shopbell check"
	}
	bare := strings.TrimSuffix(text, noExpectation) + "    expect: none\n"
	report, why := tried(bare, place, set)
	if why != "" {
		return text, why
	}
	if report.Failed == 0 {
		return bare, ""
	}
	if errs := report.Results[0].Errors; len(errs) > 0 {
		return text, errs[0]
	}
	files, kept := report.Updated()
	if len(kept) > 0 || files[place] == nil {
		return text, "the rules cannot be evaluated for it, see shopbell test"
	}
	if again, why := tried(string(files[place]), place, set); why != "" || again.Failed > 0 {
		return text, "the rules do not do the same twice, or cannot be evaluated for it, see shopbell test"
	}
	return string(files[place]), ""
}

const noExpectation = "    expect: []\n"

// tried runs the tests of one file.
func tried(text, place string, set *rules.Set) (*rules.Report, string) {
	suite := rules.ParseTrials(map[string]string{place: text}, set)
	if stop, _ := document.Split(suite.Problems()); len(stop) > 0 {
		return nil, stop[0].Message
	}
	return suite.Run(nil), ""
}

// fixtureText writes one test, which expects nothing yet.
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
	var profile ordered
	for _, part := range (ordered{{"name", f.Profile.Name}, {"email", f.Profile.Email}, {"url", f.Profile.URL}, {"currency", f.Profile.Currency},
		{"timezone", f.Profile.Timezone}, {"language", f.Profile.Language}, {"country", f.Profile.Country},
		{"company", f.Profile.Company}, {"street", f.Profile.Street}, {"city", f.Profile.City}, {"state", f.Profile.State}, {"postal_code", f.Profile.PostalCode}, {"phone", f.Profile.Phone}}) {
		if part.value != "" {
			profile = append(profile, part)
		}
	}
	if profile != nil {
		given = append(given, entry{"profile", profile})
	}
	name := e.Type
	if e.Subject != "" {
		name += " of " + e.Subject
	}
	return yamlText([]any{ordered{{"name", name}, {"given", given}, {"expect", []any{}}}}, "  ")
}
