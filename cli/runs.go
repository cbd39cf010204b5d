package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"shopbell/actions"
	"shopbell/engine"
	"shopbell/rules"
	"shopbell/server"
)

func (p *program) runs() *cobra.Command {
	var f engine.RunFilter
	var state string
	var asJSON bool
	c := &cobra.Command{
		Use:   "runs [NUMBER]",
		Short: "List runs of rules, or tell all about one",
		Long: `List what rules did, newest first; with a number, tell every step and try of one run. It reads the ledger, so it works
while the server runs and when it does not.

A dead run failed for good. A held run has a step that may have reached its receiver and may not be repeated: look there,
then decide. Both are carried out once more with: shopbell runs retry NUMBER`,
		Example: "  shopbell runs --state dead\n  shopbell runs 7\n  shopbell runs retry 7 8",
		Args:    numberOrNothing,
	}
	flags := c.Flags()
	flags.Int64Var(&f.Event, "event", 0, "only of the event with this number")
	flags.StringVar(&f.Rule, "rule", "", "only of this rule, with its folder, such as 1003/big-order")
	flags.StringVar(&state, "state", "", "only in this state: "+strings.Join(runStates(), ", "))
	flags.Int64Var(&f.Before, "before", 0, "only those before this number")
	flags.IntVar(&f.Limit, "limit", 50, "at most this many, 1 to 500")
	flags.BoolVar(&asJSON, "json", false, "print JSON")
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := listing(state, runStates(), f.Limit); err != nil {
			return err
		}
		f.State = engine.RunState(state)
		ledger, err := p.look(c.Context())
		if err != nil {
			return err
		}
		defer ledger.Close()
		if len(args) == 1 {
			return p.oneRun(c, ledger, args[0], asJSON)
		}
		list, err := ledger.Runs(c.Context(), f)
		if err != nil {
			return &failure{err}
		}
		if asJSON {
			return printJSON(p.stdout, forms(list, server.FormOfRun))
		}
		printRuns(p.stdout, list)
		return nil
	}
	c.AddCommand(p.retry())
	return c
}

func (p *program) retry() *cobra.Command {
	return &cobra.Command{
		Use:   "retry NUMBER…",
		Short: "Carry out dead or held runs once more",
		Long: `Have the running server carry out these runs once more, from the step that failed. The step keeps its key, so a
receiver that knows keys does nothing twice.`,
		Example: "  shopbell runs retry 7",
		Args:    between(1, 1000),
		RunE: func(c *cobra.Command, args []string) error {
			return p.order(c.Context(), args, "/api/v1/runs/%d/retry", "is due now")
		},
	}
}

func runStates() []string {
	return []string{string(engine.RunDue), string(engine.RunStarted), string(engine.RunDone), string(engine.RunDead), string(engine.RunHeld)}
}

func printRuns(w io.Writer, list []engine.Run) {
	if len(list) == 0 {
		fmt.Fprintln(w, "no runs")
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "RUN\tEVENT\tSUBJECT\tRULE\tSTATE\tUPDATED\tSTEPS")
	for _, r := range list {
		steps := make([]string, len(r.Steps))
		for i, s := range r.Steps {
			steps[i] = s.Action + " " + stepWord(s)
		}
		fmt.Fprintf(t, "%d\t%d\t%s\t%s\t%s\t%s\t%s\n", r.ID, r.Event, plain(r.Subject), ruleWord(r), r.State, clock(r.Updated), strings.Join(steps, ", "))
	}
	t.Flush()
}

// ruleWord names the rule, and which of the items of its each a run is for.
func ruleWord(r engine.Run) string {
	if r.Item == 0 {
		return r.Rule
	}
	return fmt.Sprintf("%s, item %d", r.Rule, r.Item+1)
}

func stepWord(s engine.Step) string {
	switch {
	case s.Skipped:
		return "left out"
	case s.Outcome == "":
		return "waits"
	case s.Mode == rules.Shadow:
		return "in shadow"
	case s.Mode == rules.Redirect:
		return string(s.Outcome) + ", redirected"
	}
	return string(s.Outcome)
}

func (p *program) oneRun(c *cobra.Command, ledger engine.Reader, text string, asJSON bool) error {
	id, err := numbers([]string{text})
	if err != nil {
		return err
	}
	r, err := engine.WholeRun(c.Context(), ledger, id[0])
	if errors.Is(err, engine.ErrNone) {
		return failed("there is no run %d", id[0])
	}
	if err != nil {
		return &failure{err}
	}
	if asJSON {
		return printJSON(p.stdout, server.FormOfRun(r))
	}
	printRun(p.stdout, r)
	return nil
}

func printRun(w io.Writer, r engine.Run) {
	fmt.Fprintf(w, "run %d: rule %s (revision %s) on event %d, %s of %s\n  began    %s\n  state    %s: %s\n", r.ID, ruleWord(r), r.Revision, r.Event, plain(r.Type), plain(r.Subject),
		clock(r.Created), r.State, runWords(r))
	for i, s := range r.Steps {
		printStep(w, i+1, s)
	}
}

func printStep(w io.Writer, n int, s engine.Step) {
	fmt.Fprintf(w, "\n  step %d: %s", n, s.Action)
	if s.Account != "" {
		fmt.Fprintf(w, " through account %s", s.Account)
	}
	if s.ID != "" {
		fmt.Fprintf(w, ", known as steps.%s", s.ID)
	}
	fmt.Fprintf(w, "\n    %s\n", outcomeWords(s))
	if len(s.Params) > 0 {
		word := "as rendered"
		switch {
		case s.Outcome == actions.OutcomeOK:
			word = "sent"
		case s.Mode != "" && s.Outcome == actions.OutcomeSkip:
			word = "not sent"
		}
		fmt.Fprintf(w, "    %s: %s\n", word, plain(readable(s.Params)))
	}
	for _, t := range s.Tries {
		fmt.Fprintf(w, "    %s  took %s: %s", clock(t.At), t.Took.Round(time.Millisecond), t.Outcome)
		if t.Note != "" {
			fmt.Fprintf(w, ", %s", plain(t.Note))
		}
		fmt.Fprintln(w)
	}
	if s.Delivery != nil {
		fmt.Fprintf(w, "    %s\n", deliveryWords(s.Delivery))
	}
	if s.Repeated > 0 {
		fmt.Fprintf(w, "    repeated %d times although an earlier try may have reached the receiver\n", s.Repeated)
	}
}

// deliveryWords say what a provider told of a message.
func deliveryWords(d *engine.Delivery) string {
	words := fmt.Sprintf("%s, as the provider told at %s", d.State, clock(d.At))
	if d.Note != "" {
		words += ": " + plain(d.Note)
	}
	return words
}

func runWords(r engine.Run) string {
	switch r.State {
	case engine.RunDue:
		return "its next step is due " + clock(r.Due)
	case engine.RunStarted:
		return "a step is being carried out"
	case engine.RunDone:
		return "every step is done"
	case engine.RunDead:
		return fmt.Sprintf("a step failed for good; once the cause is mended: shopbell runs retry %d", r.ID)
	case engine.RunHeld:
		return fmt.Sprintf("a step may have reached its receiver; look there, and if it did not: shopbell runs retry %d", r.ID)
	}
	return ""
}

func outcomeWords(s engine.Step) string {
	if s.Skipped {
		return "left out: its own condition is false"
	}
	words := map[actions.Outcome]string{
		"":                       "not tried yet",
		actions.OutcomeOK:        "done",
		actions.OutcomeSkip:      "not needed",
		actions.OutcomeRetry:     "failed, to be tried again",
		actions.OutcomePermanent: "failed for good, the " + string(s.Blame) + " is at fault",
		actions.OutcomeUnknown:   "nobody knows whether it happened",
	}[s.Outcome]
	if s.Note != "" {
		words += ": " + plain(s.Note)
	}
	return words
}
