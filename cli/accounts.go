package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"shopbell/actions"
	"shopbell/config"
	"shopbell/document"
	"shopbell/server"
)

func (p *program) accounts() *cobra.Command {
	c := &cobra.Command{
		Use:   "accounts",
		Short: "List the accounts, or test one",
		Long: `List the accounts of the config, with how each does as the running server knows: when a provider last took something, and what
last went wrong. Without a server, the accounts alone are listed.`,
		Example: "  shopbell accounts\n  shopbell accounts test email",
		Args:    none,
		RunE: func(c *cobra.Command, _ []string) error {
			conf, err := p.loadQuiet()
			if err != nil {
				return err
			}
			return p.listAccounts(c.Context(), conf)
		},
	}
	c.AddCommand(p.testAccount())
	return c
}

// asked are how long the server may take to say how accounts do.
const asked = 3 * time.Second

func (p *program) listAccounts(ctx context.Context, conf *config.Config) error {
	ctx, cancel := context.WithTimeout(ctx, asked)
	defer cancel()
	health := map[string]server.AccountForm{}
	text, err := ask(ctx, conf, http.MethodGet, "/api/v1/status", nil)
	if err == nil {
		var status server.StatusForm
		if err := json.Unmarshal(text, &status); err != nil {
			return &failure{err}
		}
		for _, a := range status.Accounts {
			health[a.Name] = a
		}
	}
	t := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ACCOUNT\tKIND\tSTORES\tLAST OK\tLAST TROUBLE")
	var shut []string
	for _, a := range conf.Accounts {
		stores := "every store"
		if len(a.Stores) > 0 {
			stores = strings.Join(a.Stores, ", ")
		}
		good, bad := "not known", "not known"
		if h, known := health[a.Name]; known {
			good, bad = clock(h.LastOK), clock(h.ErrorAt)
			if h.LastError != "" {
				bad += ": " + h.LastError
			}
			for _, s := range h.Shut {
				shut = append(shut, shutText(a.Name, s))
			}
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", a.Name, a.Kind.Name, stores, good, bad)
	}
	if ferr := t.Flush(); ferr != nil {
		return ferr
	}
	for _, line := range shut {
		fmt.Fprintln(p.stdout, line)
	}
	if err != nil {
		fmt.Fprintf(p.stderr, "How they do is not known: %v\n", err)
	}
	return nil
}

// errUntried says that an account has no harmless call.
var errUntried = errors.New("it cannot be tested without sending something")

func (p *program) testAccount() *cobra.Command {
	return &cobra.Command{
		Use:   "test NAME",
		Short: "Ask a provider whether an account works",
		Long: `Make one harmless call with an account of the config, which nobody notices: sign in to a mail server, ask Slack whose token it is,
read the account at Twilio, ask stores what their tokens may read. Nothing is sent, and no server of ours is needed. Exit code 1 when
the account does not work, or cannot be asked without sending something, as an incoming webhook.`,
		Example: "  shopbell accounts test email",
		Args:    between(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			conf, err := p.loadQuiet()
			if err != nil {
				return err
			}
			i := slices.IndexFunc(conf.Accounts, func(a config.Account) bool { return a.Name == args[0] })
			if i < 0 {
				var names []string
				for _, a := range conf.Accounts {
					names = append(names, a.Name)
				}
				return hinted(fmt.Sprintf("the config has no account %q", args[0]), document.DidYouMean(args[0], names))
			}
			said, err := tryAccount(c.Context(), conf, conf.Accounts[i])
			if errors.Is(err, errUntried) {
				return &failure{hinted(fmt.Sprintf("%s cannot be tested without sending something: its provider has no call that nobody would notice", args[0]),
					fmt.Sprintf("Have it send a message that you look for: write a rule with a step %s and account: %s, and set it off with: shopbell send", conf.Accounts[i].Kind.Name, args[0]))}
			}
			if err != nil {
				return &failure{fmt.Errorf("%s does not work: %w", args[0], err)}
			}
			fmt.Fprintf(p.stdout, "%s works: %s.\n", args[0], said)
			return nil
		},
	}
}

func tryAccount(ctx context.Context, conf *config.Config, a config.Account) (string, error) {
	env := opened{changes: &changes{}, stock: newStock()}.env(conf, slog.New(slog.DiscardHandler))
	env.Stores = visit{conf, a}
	outlet, err := a.Kind.Open(env, a.Config)
	if err != nil {
		return "", err
	}
	tester, ok := actions.TesterOf(outlet)
	if !ok {
		return "", errUntried
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return tester.Test(ctx)
}
