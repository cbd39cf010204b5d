package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"shopbell/engine"
	"shopbell/server"
)

func (p *program) events() *cobra.Command {
	var f engine.EventFilter
	var state string
	var asJSON bool
	c := &cobra.Command{
		Use:   "events [NUMBER]",
		Short: "List events, or tell all about one",
		Long: `List what came in, newest first; with a number, tell all about one event and its runs. It reads the ledger, so it works
while the server runs and when it does not.`,
		Example: "  shopbell events --state refused\n  shopbell events --subject order/K8XTQ --json\n  shopbell events 12\n  shopbell events replay 12",
		Args:    numberOrNothing,
	}
	flags := c.Flags()
	flags.StringVar(&f.Source, "source", "", "only of this source")
	flags.StringVar(&f.Store, "store", "", "only of this store")
	flags.StringVar(&f.Type, "type", "", "only of this type, such as order.created")
	flags.StringVar(&f.Subject, "subject", "", "only about this, such as order/K8XTQ")
	flags.StringVar(&f.ID, "id", "", "only with this id of the platform")
	flags.StringVar(&state, "state", "", "only in this state: "+strings.Join(eventStates(), ", "))
	flags.Int64Var(&f.Before, "before", 0, "only those before this number")
	flags.IntVar(&f.Limit, "limit", 50, "at most this many, 1 to 500")
	flags.BoolVar(&asJSON, "json", false, "print JSON")
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := listing(state, eventStates(), f.Limit); err != nil {
			return err
		}
		f.State = engine.EventState(state)
		ledger, err := p.look(c.Context())
		if err != nil {
			return err
		}
		defer ledger.Close()
		if len(args) == 1 {
			return p.event(c, ledger, args[0], asJSON)
		}
		list, err := ledger.Events(c.Context(), f)
		if err != nil {
			return &failure{err}
		}
		if asJSON {
			return printJSON(p.stdout, forms(list, server.FormOfEvent))
		}
		printEvents(p.stdout, list)
		return nil
	}
	c.AddCommand(p.replay(), p.eventTypes())
	return c
}

func (p *program) replay() *cobra.Command {
	return &cobra.Command{
		Use:   "replay NUMBER…",
		Short: "Match events again against the rules of today",
		Long: `Have the running server read the entities of these events back and match them again against the rules in use. Rules
that fire make new runs, which send again.`,
		Example: "  shopbell events replay 12 13",
		Args:    between(1, 1000),
		RunE: func(c *cobra.Command, args []string) error {
			return p.order(c.Context(), args, "/api/v1/events/%d/replay", "will be matched again")
		},
	}
}

// listing checks the flags of a list.
func listing(state string, states []string, limit int) error {
	if state != "" && !slices.Contains(states, state) {
		return fmt.Errorf("--state %s: want one of %s", state, strings.Join(states, ", "))
	}
	if limit < 1 || limit > 500 {
		return fmt.Errorf("--limit %d: want 1 to 500", limit)
	}
	return nil
}

func eventStates() []string {
	return []string{string(engine.EventPending), string(engine.EventPlanned), string(engine.EventUnmatched),
		string(engine.EventUnconfirmed), string(engine.EventRefused), string(engine.EventFailed)}
}

func printEvents(w io.Writer, list []engine.Record) {
	if len(list) == 0 {
		fmt.Fprintln(w, "no events")
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NUMBER\tRECEIVED\tSOURCE\tSTORE\tTYPE\tSUBJECT\tSTATE\tNOTE")
	for _, r := range list {
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Seq, clock(r.Received), r.Source, plain(r.Store), plain(r.Type), plain(r.Subject), r.State, plain(r.Note))
	}
	t.Flush()
}

// plain keeps what a sender wrote from moving the cursor or breaking a table.
func plain(text string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c >= 0x80 && c < 0xa0 {
			return ' '
		}
		return c
	}, text)
}

func (p *program) event(c *cobra.Command, ledger engine.Reader, text string, asJSON bool) error {
	seq, err := numbers([]string{text})
	if err != nil {
		return err
	}
	r, err := ledger.Event(c.Context(), seq[0])
	if errors.Is(err, engine.ErrNone) {
		return failed("there is no event %d", seq[0])
	}
	if err != nil {
		return &failure{err}
	}
	runs, err := ledger.Runs(c.Context(), engine.RunFilter{Event: r.Seq, Limit: 500})
	if err != nil {
		return &failure{err}
	}
	if asJSON {
		form := struct {
			server.EventForm
			Runs []server.RunForm `json:"runs"`
		}{server.FormOfEvent(r), forms(runs, server.FormOfRun)}
		return printJSON(p.stdout, form)
	}
	printEvent(p.stdout, r, runs)
	return nil
}

func printEvent(w io.Writer, r engine.Record, runs []engine.Run) {
	fmt.Fprintf(w, "event %d: %s", r.Seq, plain(r.Type))
	if r.Subject != "" {
		fmt.Fprintf(w, " of %s", plain(r.Subject))
	}
	fmt.Fprintf(w, "\n  received  %s from source %s, store %s, with id %s\n", clock(r.Received), r.Source, plain(r.Store), plain(r.ID))
	if !r.Created.IsZero() {
		fmt.Fprintf(w, "  happened  %s by the platform's clock\n", clock(r.Created))
	}
	fmt.Fprintf(w, "  state     %s: %s\n", r.State, eventWords(r))
	for mark, is := range map[string]bool{"found by polling": r.Polled, "it claimed another state than the one read back": r.Stale, "our own change": r.Self} {
		if is {
			fmt.Fprintf(w, "  mark      %s\n", mark)
		}
	}
	if r.Gone {
		fmt.Fprintln(w, "  entity    is deleted, as the platform confirmed")
	}
	printJSONLine(w, "claim", r.Data)
	printJSONLine(w, "entity", r.Entity)
	if len(runs) > 0 {
		fmt.Fprintln(w)
		printRuns(w, runs)
	}
}

func printJSONLine(w io.Writer, name string, text json.RawMessage) {
	if len(text) > 0 {
		fmt.Fprintf(w, "  %-8s  %s\n", name, plain(string(text)))
	}
}

func tries(n int) string {
	if n == 1 {
		return "1 try"
	}
	return fmt.Sprintf("%d tries", n)
}

// eventWords says what a state means.
func eventWords(r engine.Record) string {
	words := map[engine.EventState]string{
		engine.EventPending:     "the entity is still to be read back",
		engine.EventPlanned:     "at least one rule fired",
		engine.EventUnmatched:   "no rule fired",
		engine.EventUnconfirmed: "the platform does not know what it claims, so nothing was done",
		engine.EventRefused:     "it was not accepted, and nothing was done",
		engine.EventFailed:      "the entity could not be read back; replay it with: shopbell events replay " + fmt.Sprint(r.Seq),
	}[r.State]
	if r.State == engine.EventPending && r.Tries > 0 {
		words += fmt.Sprintf(", after %s again at %s", tries(r.Tries), clock(r.Due))
	}
	if r.Note != "" {
		words += " (" + plain(r.Note) + ")"
	}
	return words
}

// forms gives a list that is never null.
func forms[From, To any](list []From, form func(From) To) []To {
	out := make([]To, len(list))
	for i, entry := range list {
		out[i] = form(entry)
	}
	return out
}
