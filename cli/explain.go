package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"shopbell/config"
	"shopbell/document"
	"shopbell/engine"
	"shopbell/rules"
	"shopbell/server"
)

func (p *program) explain() *cobra.Command {
	var q engine.Question
	var file string
	var asJSON bool
	c := &cobra.Command{
		Use:   "explain",
		Short: "Tell why something did or did not happen",
		Long: `Tell of an event, of an order or another subject, or of a recipient, what came in, what each rule makes of it and why, and
what was sent: which clause of a condition decided, and the values it saw. With --file, tell what the rules would make of an
event that did not come.

It reads the ledger and the rule files as they are now, so it works while the server runs and when it does not. No platform
is asked and nothing is sent.`,
		Example: "  shopbell explain --subject order/K8XTQ\n  shopbell explain --event 12 --rule big-order\n  shopbell explain --recipient jane@example.com\n  shopbell explain --file event.json --json",
		Args:    none,
	}
	flags := c.Flags()
	flags.StringVar(&q.Event, "event", "", "an event, by its number or by the platform's id of it")
	flags.StringVar(&q.Subject, "subject", "", "a subject, such as order/K8XTQ")
	flags.StringVar(&q.Recipient, "recipient", "", "an address or a number that something was sent to, or should have been")
	flags.StringVar(&file, "file", "", "an event as a JSON file, such as events NUMBER --json prints; - is standard input")
	flags.StringVar(&q.Rule, "rule", "", "only this rule, also when it does not listen")
	flags.StringVar(&q.Source, "source", "", "only of this source")
	flags.StringVar(&q.Store, "store", "", "only of this store")
	flags.IntVar(&q.Limit, "limit", 20, "at most this many events, 1 to 100")
	flags.BoolVar(&asJSON, "json", false, "print JSON")
	c.MarkFlagsOneRequired("event", "subject", "recipient", "file")
	c.MarkFlagsMutuallyExclusive("event", "subject", "recipient", "file")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if q.Limit < 1 || q.Limit > 100 {
			return fmt.Errorf("--limit %d: want 1 to 100", q.Limit)
		}
		story, err := p.story(c.Context(), q, file)
		if err != nil {
			return err
		}
		if asJSON {
			return printJSON(p.stdout, server.FormOfStory(story))
		}
		printStory(p.stdout, story)
		return nil
	}
	return c
}

// story has a question answered, by the rules as their files say now.
func (p *program) story(ctx context.Context, q engine.Question, file string) (engine.Story, error) {
	conf, err := p.loadQuiet()
	if err != nil {
		return engine.Story{}, err
	}
	made := open(conf, slog.New(slog.DiscardHandler))
	world := worldOf(conf, made)
	set := rules.Load(conf.Rules, world, nil)
	for _, d := range set.Directories() {
		if stop, _ := document.Split(d.Problems); d.Broken {
			fmt.Fprintf(p.stderr, "shopbell: %s has %s, so its rules are not told of: see shopbell check\n", rulesFolder(conf, d.Name), counted(len(stop), "problem"))
		}
	}
	var ledger engine.Ledger
	if file != "" {
		if q.Given, err = p.given(conf, file); err != nil {
			return engine.Story{}, err
		}
	} else {
		if ledger, err = p.look(ctx); err != nil {
			return engine.Story{}, err
		}
		defer ledger.Close()
	}
	story, err := engine.Explain(ctx, ledger, set, world, q)
	switch {
	case errors.Is(err, engine.ErrNone) && q.Recipient != "":
		return story, failed("%s", strings.Join(append([]string{"no run that is in the ledger wrote to that recipient."}, story.Notes...), " "))
	case errors.Is(err, engine.ErrNone):
		return story, failed("nothing of that is in the ledger: no event came, or it is older than the retention")
	case err != nil:
		return story, &failure{err}
	}
	return story, nil
}

func rulesFolder(c *config.Config, directory string) string {
	if directory == "" {
		return c.Rules
	}
	return c.Rules + "/" + directory
}

// maxGivenFile bounds what is read of a file, in bytes.
const maxGivenFile = 4 << 20

// given reads an event of a file. A source, or a store, that it does not name is the only one that there is.
func (p *program) given(c *config.Config, file string) (*engine.Given, error) {
	in := p.stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, &failure{err}
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxGivenFile))
	if err != nil {
		return nil, &failure{err}
	}
	given, err := server.ReadGiven(text)
	if err != nil {
		return nil, &failure{err}
	}
	if given.Source == "" && len(c.Sources) == 1 {
		given.Source = c.Sources[0].Name
	}
	for _, s := range c.Sources {
		if s.Name == given.Source && given.Store == "" && len(s.Stores) == 1 {
			given.Store = s.Stores[0]
		}
	}
	return given, nil
}
