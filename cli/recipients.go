package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"shopbell/engine"
	"shopbell/server"
)

func (p *program) recipients() *cobra.Command {
	c := &cobra.Command{
		Use:   "recipients",
		Short: "List who is not written to, stop or allow somebody",
		Long: `The suppression list: people to whom nothing is sent, whatever rules say. A mailbox that is not there any more, and who has told a
provider to stop, comes onto it by itself, for the store whose message it was. A step that would have written there is
skipped, and says why. The running server keeps the list.`,
		Example: "  shopbell recipients\n  shopbell recipients stop jane@example.com --why asked\n  shopbell recipients allow jane@example.com --store ecwid/1003",
		Args:    none,
		RunE:    func(c *cobra.Command, _ []string) error { return p.listRecipients(c) },
	}
	c.AddCommand(p.stopRecipient(), p.allowRecipient())
	return c
}

func (p *program) listRecipients(c *cobra.Command) error {
	conf, err := p.loadQuiet()
	if err != nil {
		return err
	}
	text, err := ask(c.Context(), conf, http.MethodGet, "/api/v1/recipients", nil)
	if err != nil {
		return &failure{err}
	}
	var page struct{ Items []server.SuppressionForm }
	if err := json.Unmarshal(text, &page); err != nil {
		return &failure{err}
	}
	if len(page.Items) == 0 {
		fmt.Fprintln(p.stdout, "Everybody may be written to.")
		return nil
	}
	t := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SINCE\tSTORE\tADDRESS\tWHY")
	for _, s := range page.Items {
		store, address := "every store", s.Address
		if s.Store != "" {
			store = s.Source + "/" + s.Store
		}
		if address == "" {
			address = s.Channel + ", forgotten"
		}
		why := s.Why
		if s.Marketing {
			why += " (from marketing only)"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", s.Since.UTC().Format(time.DateTime), store, address, why)
	}
	return t.Flush()
}

func (p *program) stopRecipient() *cobra.Command {
	var form server.RecipientForm
	var store string
	c := &cobra.Command{
		Use:     "stop ADDRESS",
		Short:   "Write to an e-mail address or a telephone number no more",
		Long:    "From now on nothing is sent to the address, by rules of every store, or of one with --store.",
		Example: "  shopbell recipients stop jane@example.com --why asked\n  shopbell recipients stop +31612345678 --store ecwid/1003",
		Args:    between(1, 1),
	}
	c.Flags().StringVar(&store, "store", "", "only this store, with its source: SOURCE/STORE")
	c.Flags().StringVar(&form.Why, "why", "", "why, for people")
	c.RunE = func(c *cobra.Command, args []string) error {
		form.Address = args[0]
		if err := p.tellRecipient(c, &form, store, "suppress"); err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "Nothing is sent to %s any more.\n", form.Address)
		return nil
	}
	return c
}

func (p *program) allowRecipient() *cobra.Command {
	var form server.RecipientForm
	var store string
	c := &cobra.Command{
		Use:     "allow ADDRESS",
		Short:   "Write to an e-mail address or a telephone number again",
		Long:    "Takes an address off the list. An entry of one store is taken off with --store.",
		Example: "  shopbell recipients allow jane@example.com --store ecwid/1003",
		Args:    between(1, 1),
	}
	c.Flags().StringVar(&store, "store", "", "the entry of this store, with its source: SOURCE/STORE")
	c.RunE = func(c *cobra.Command, args []string) error {
		form.Address = args[0]
		if err := p.tellRecipient(c, &form, store, "lift"); err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "%s is written to again.\n", form.Address)
		return nil
	}
	return c
}

// tellRecipient has the running server change the list.
func (p *program) tellRecipient(c *cobra.Command, form *server.RecipientForm, store, verb string) error {
	if store != "" {
		var err error
		if form.Source, form.Store, err = sourceAndStore(store); err != nil {
			return err
		}
	}
	if _, err := engine.RecipientOf(form.Address); err != nil {
		return fmt.Errorf("%q: %w", form.Address, err)
	}
	conf, err := p.loadQuiet()
	if err != nil {
		return err
	}
	body, err := json.Marshal(form)
	if err != nil {
		return err
	}
	if _, err := ask(c.Context(), conf, http.MethodPost, "/api/v1/recipients/"+verb, body); err != nil {
		return &failure{err}
	}
	return nil
}
