package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"shopbell/config"
	"shopbell/server"
	"shopbell/sources"
)

func (p *program) sources() *cobra.Command {
	var asJSON bool
	var store string
	var limit int
	c := &cobra.Command{
		Use:   "sources [NAME]",
		Short: "Tell how sources and their stores do",
		Long: `Ask the running server how each source does: when the last true webhook came, what was refused and why, whether it is
unusually quiet, how its polling does, and for each store, those in trouble first, how its token does and what to do about it.
Sums are of the last seven days.

Exit 1 when a source is quiet or a store in trouble.`,
		Example: "  shopbell sources\n  shopbell sources ecwid --store 1003\n  shopbell sources revive ecwid 1003",
		Args:    between(0, 1),
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().StringVar(&store, "store", "", "only this store")
	c.Flags().IntVar(&limit, "limit", 20, "at most this many stores of each source")
	c.RunE = func(c *cobra.Command, args []string) error {
		conf, err := p.loadQuiet()
		if err != nil {
			return err
		}
		path := "/api/v1/sources"
		if len(args) == 1 {
			path += "/" + url.PathEscape(args[0])
		}
		text, err := ask(c.Context(), conf, http.MethodGet, path+"?"+url.Values{"store": {store}, "limit": {strconv.Itoa(limit)}}.Encode(), nil)
		if err != nil {
			return &failure{err}
		}
		return p.showSources(text, len(args) == 1, asJSON)
	}
	c.AddCommand(p.revive(), p.register())
	return c
}

func (p *program) showSources(text []byte, one, asJSON bool) error {
	if one {
		text = slices.Concat([]byte(`{"items":[`), text, []byte("]}"))
	}
	var page struct{ Items []server.SourceReportForm }
	if err := json.Unmarshal(text, &page); err != nil {
		return failed("what answers is not a Shopbell of this version: %w", err)
	}
	trouble := slices.ContainsFunc(page.Items, func(s server.SourceReportForm) bool {
		return s.Quiet != "" || slices.ContainsFunc(s.List, func(r server.StoreReportForm) bool { return r.Trouble })
	})
	if asJSON {
		if err := printJSON(p.stdout, page.Items); err != nil {
			return err
		}
	} else {
		for i, s := range page.Items {
			if i > 0 {
				fmt.Fprintln(p.stdout)
			}
			printSource(p.stdout, s, time.Now())
		}
	}
	if trouble {
		return &failure{}
	}
	return nil
}

func printSource(w io.Writer, s server.SourceReportForm, now time.Time) {
	fmt.Fprintf(w, "%s (%s): webhooks to %s\n", s.Name, s.Kind, s.Address)
	fmt.Fprintf(w, "  last true event %s, %d events in a week; refused %s\n", since(s.LastVerified, now), s.Events, refusals(s.Refusals))
	if s.Quiet != "" {
		fmt.Fprintf(w, "  quiet: %s\n", s.Quiet)
	}
	if !s.LastRefusal.IsZero() {
		fmt.Fprintf(w, "  last refused %s: %s\n", since(s.LastRefusal, now), s.RefusalReason)
	}
	if s.Failures > 0 || s.LastAttestError != "" {
		fmt.Fprintf(w, "  %d failures to read back in a week; the last %s: %s\n", s.Failures, since(s.AttestErrorAt, now), s.LastAttestError)
	}
	if s.PollSeconds > 0 {
		fmt.Fprintf(w, "  polled every %s%s\n", time.Duration(s.PollSeconds)*time.Second, late(s.LagSeconds))
	}
	if s.Install != "" {
		fmt.Fprintf(w, "  stores are connected at %s\n", s.Install)
	}
	if len(s.List) == 0 {
		return
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "  STORE\tTOKEN\tLAST EVENT\tIN A WEEK\tPOLLED\t")
	for _, r := range s.List {
		fmt.Fprintf(t, "  %s\t%s\t%s\t%d\t%s\t\n", r.Store, orDash(string(r.Credential)), since(r.LastEvent, now), r.Events, since(r.Polled, now))
	}
	_ = t.Flush()
	for _, r := range s.List {
		if r.Note != "" {
			fmt.Fprintf(w, "  %s: %s\n", r.Store, r.Note)
		}
		if r.PollError != "" {
			fmt.Fprintf(w, "  %s is not polled: %s\n", r.Store, r.PollError)
		}
	}
	if s.Stores > len(s.List) {
		fmt.Fprintf(w, "  and %d more stores\n", s.Stores-len(s.List))
	}
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func late(seconds float64) string {
	if seconds <= 0 {
		return ""
	}
	return fmt.Sprintf(", %s late", time.Duration(seconds)*time.Second)
}

func refusals(n map[string]int64) string {
	if len(n) == 0 {
		return "none"
	}
	var parts []string
	for _, label := range slices.Sorted(maps.Keys(n)) {
		parts = append(parts, fmt.Sprintf("%d for %s", n[label], label))
	}
	return strings.Join(parts, ", ")
}

// since says how long ago something was.
func since(t, now time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return now.Sub(t).Round(time.Second).String() + " ago"
}

func (p *program) revive() *cobra.Command {
	return &cobra.Command{
		Use:   "revive NAME STORE",
		Short: "Have a store's refused token tried again",
		Long: `A token that the platform has refused is not used again, for a platform blocks addresses that go on with dead tokens. When
it was refused by mistake, or the store was opened again, have the running server try it once more.`,
		Example: "  shopbell sources revive ecwid 1003",
		Args:    between(2, 2),
		RunE: func(c *cobra.Command, args []string) error {
			conf, err := p.loadQuiet()
			if err != nil {
				return err
			}
			if err := command(c.Context(), conf, "/api/v1/sources/"+url.PathEscape(args[0])+"/stores/"+url.PathEscape(args[1])+"/revive"); err != nil {
				return &failure{err}
			}
			fmt.Fprintf(p.stdout, "The token of store %s is tried again.\n", args[1])
			return nil
		},
	}
}

func (p *program) register() *cobra.Command {
	var at string
	var dry bool
	var events []string
	c := &cobra.Command{
		Use:   "register NAME",
		Short: "Register the webhooks of a source's stores at their platform",
		Long: `Make the platform send its events to this server, for every store of a source, by the platform's own API: what is missing is
made, what was switched off is switched on, what goes to an old address is changed. Webhooks of others are left alone. It may be
repeated. Not every platform can be told so.`,
		Example: "  shopbell sources register cloudcart --url https://bell.example.com",
		Args:    between(1, 1),
	}
	c.Flags().StringVar(&at, "url", "", "the address under which the platform reaches this server, such as https://bell.example.com (default: url of the config)")
	c.Flags().BoolVar(&dry, "dry-run", false, "only tell what would be done")
	c.Flags().StringSliceVar(&events, "event", nil, "only these events; all without it")
	c.RunE = func(c *cobra.Command, args []string) error {
		conf, err := p.load()
		if err != nil {
			return err
		}
		if at = cmp.Or(at, conf.URL); at == "" {
			return fmt.Errorf("where does the platform reach this server? Give --url, or url: in the config, such as https://bell.example.com")
		}
		base, err := trimBase(at)
		if err != nil {
			return err
		}
		source, ok := conf.Find(args[0])
		if !ok {
			return failed("the config has no source %q", args[0])
		}
		opened, err := source.Kind.Open(source.Name, source.Config)
		if err != nil {
			return &failure{err}
		}
		registrar, ok := opened.(sources.Registrar)
		if !ok {
			return failed("the platform of %s cannot be told by a program where to send its webhooks: docs/sources tells how it is done by hand", args[0])
		}
		done, err := registrar.Register(c.Context(), sources.Registration{Base: base, Events: events, DryRun: dry})
		for _, r := range done {
			fmt.Fprintln(p.stdout, r)
		}
		if err != nil {
			return &failure{err}
		}
		return nil
	}
	return c
}

// ask asks the running server, and gives its answer as JSON.
func ask(ctx context.Context, c *config.Config, method, path string, body []byte) ([]byte, error) {
	token, err := readToken(c)
	if err != nil {
		return nil, err
	}
	base := reachable(c.Listen)
	r, err := http.NewRequestWithContext(ctx, method, base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := client().Do(r)
	if err != nil {
		return nil, fmt.Errorf("no server answers at %s: start it with: shopbell serve", base)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s", serverSays(answer))
	}
	return io.ReadAll(io.LimitReader(answer.Body, maxStatus))
}
