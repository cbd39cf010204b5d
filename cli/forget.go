package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"shopbell/server"
)

func (p *program) forget() *cobra.Command {
	var form server.ForgetForm
	var store string
	c := &cobra.Command{
		Use:   "forget",
		Short: "Erase a person, or all of a store",
		Long: `Have the running server erase a person from all events, snapshots, runs and messages: everything that names the person, and
the names, addresses and numbers that stand beside. What was still to be sent to that person is not sent. Counts, states, times and
ids of orders stay, so that statistics and the memory of what was done are right.

With --store and no --person, everything that is known of a store is erased, its token too; no call is made for it any more.`,
		Example: "  shopbell forget --person jane@example.com\n  shopbell forget --person jane@example.com --store ecwid/1003\n  shopbell forget --store ecwid/1003",
		Args:    none,
	}
	c.Flags().StringVar(&form.Person, "person", "", "what the person is known by, such as an e-mail address")
	c.Flags().StringVar(&store, "store", "", "the store, with its source: SOURCE/STORE")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if store != "" {
			var err error
			if form.Source, form.Store, err = sourceAndStore(store); err != nil {
				return err
			}
		}
		if form.Person == "" && form.Store == "" {
			return fmt.Errorf("name whom to forget: --person or --store")
		}
		conf, err := p.loadQuiet()
		if err != nil {
			return err
		}
		var sum server.ForgotForm
		for {
			body, err := json.Marshal(form)
			if err != nil {
				return err
			}
			text, err := ask(c.Context(), conf, http.MethodPost, "/api/v1/forget", body)
			if err != nil {
				return &failure{err}
			}
			var done server.ForgotForm
			if err := json.Unmarshal(text, &done); err != nil {
				return &failure{err}
			}
			sum.Looked, sum.Events, sum.Runs = sum.Looked+done.Looked, sum.Events+done.Events, sum.Runs+done.Runs
			if form.Before = done.Next; done.Next == 0 {
				break
			}
		}
		fmt.Fprintf(p.stdout, "Erased from %s and %s; %s looked at.\n", counted(sum.Events, "event"), counted(sum.Runs, "run"), counted(sum.Looked, "event"))
		return nil
	}
	return c
}

// sourceAndStore reads what the flag --store says of a store with its source.
func sourceAndStore(text string) (source, store string, err error) {
	source, store, ok := strings.Cut(text, "/")
	if !ok || source == "" || store == "" {
		return "", "", fmt.Errorf("--store %s: want the source and the store, such as ecwid/1003", text)
	}
	return source, store, nil
}
