package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"shopbell/config"
	"shopbell/server"
)

// statusTime is how long a running server may take to tell how it is.
const statusTime = 15 * time.Second

// maxStatus bounds what is read of an answer, in bytes: a farm of many nodes with many stores tells much.
const maxStatus = 256 << 20

func (p *program) status() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "status",
		Short: "Tell how the running server is, and every node beside it",
		Long: `Ask the running server of the config how it is: whether it takes events, which nodes share its ledger, with what version
and which rules, where they differ, what is wrong with rule files, and how sources and accounts are.

Exit 0: it takes events and nodes do not differ. Exit 1: it does not, or they do, or no server answers.`,
		Example: "  shopbell status\n  shopbell status --json",
		Args:    none,
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.RunE = func(c *cobra.Command, _ []string) error {
		conf, err := p.loadQuiet()
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(c.Context(), statusTime)
		defer cancel()
		text, err := fetchStatus(ctx, conf)
		if err != nil {
			return &failure{err}
		}
		var form server.StatusForm
		if err := json.Unmarshal(text, &form); err != nil {
			return failed("what answers at %s is not a Shopbell of this version: %w", reachable(conf.Listen), err)
		}
		if asJSON {
			err = printJSON(p.stdout, json.RawMessage(text))
		} else {
			err = printStatus(p.stdout, form)
		}
		if err != nil {
			return &failure{err}
		}
		if !form.Ready || len(form.Differences) > 0 {
			return &failure{}
		}
		return nil
	}
	return c
}

// fetchStatus gives the running server's own words, as JSON.
func fetchStatus(ctx context.Context, c *config.Config) ([]byte, error) {
	token, err := readToken(c)
	if err != nil {
		return nil, err
	}
	base := reachable(c.Listen)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/api/v1/status", nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := client().Do(r)
	if err != nil && ctx.Err() != nil {
		return nil, fmt.Errorf("the server at %s does not answer within %s: its log says why", base, statusTime)
	} else if err != nil {
		return nil, fmt.Errorf("no server answers at %s: start it with: shopbell serve", base)
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusOK:
		return io.ReadAll(io.LimitReader(answer.Body, maxStatus))
	case http.StatusUnauthorized:
		return nil, fmt.Errorf("the server at %s does not take the admin token of this config: name the config that it was started with, by --config", base)
	}
	return nil, fmt.Errorf("at %s: %s", base, serverSays(answer))
}
