package cli

import (
	"fmt"
	"io"
	"log/slog"
	"net/url"

	"github.com/spf13/cobra"

	"shopbell/actions/plugin"
)

func (p *program) serve() *cobra.Command {
	var form string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Receive webhooks and carry out the rules",
		Long: `Receive webhooks at /webhooks/NAME for each source of the config, carry out what the rules say, and serve the
dashboard and the API. The log goes to standard error.

Rules are read again when their files change, and on SIGHUP; a broken folder of rules keeps its last good ones. SIGINT and SIGTERM stop: requests and
steps under way come to their end, for at most 20 seconds; what waits stays on disk for the next start. A second signal
quits at once, and nothing is lost then either.

Without admin.token in the config, a random one is made at the first start and kept beside the database.`,
		Example: "  shopbell serve\n  shopbell serve --config /etc/shopbell/shopbell.yaml --log json",
		Args:    none,
	}
	c.Flags().StringVar(&form, "log", "text", "form of the log: text or json")
	c.RunE = func(c *cobra.Command, _ []string) error {
		log, err := newLog(p.stderr, form)
		if err != nil {
			return err
		}
		conf, err := p.load()
		if err != nil {
			return err
		}
		plugin.Adopt() // nothing but plugins is started here
		ctx, stop := untilSignal(c.Context())
		defer stop()
		hangup, quiet := hangups()
		defer quiet()
		h, err := p.furnish(ctx, conf, log, nil, nil)
		if err != nil {
			return err
		}
		h.greet()
		if err := h.run(ctx, hangup); err != nil {
			return &failure{err}
		}
		log.Info("stopped")
		return nil
	}
	return c
}

// greet says in one line that all is ready.
func (h *house) greet() {
	if h.ownToken {
		h.log.Info("sign in with this link", "url", signIn(h.address(), h.token), "token kept in", tokenFile(h.config))
	}
	h.log.Info("ready", "address", h.address(), "rules", len(h.engine.Rules().Rules()), "sources", len(h.config.Sources),
		"accounts", len(h.config.Accounts))
}

// newLog makes a log of one line an entry.
func newLog(w io.Writer, form string) (*slog.Logger, error) {
	switch form {
	case "text":
		return slog.New(slog.NewTextHandler(w, nil)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, nil)), nil
	}
	return nil, fmt.Errorf("--log %s: want text or json", form)
}

// signIn makes the link that signs a browser in.
func signIn(address, token string) string {
	return address + "/login?" + url.Values{"token": {token}}.Encode()
}
