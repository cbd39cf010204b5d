package cli

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

// healthcheck is for containers, whose image holds no other program that could ask.
func (p *program) healthcheck() *cobra.Command {
	var address string
	c := &cobra.Command{
		Use:     "healthcheck",
		Short:   "Ask a running server whether it lives",
		Long:    "Ask a running server, at the address of the config, whether it lives: exit 0 when it answers, 1 when not.",
		Example: "  shopbell healthcheck\n  shopbell healthcheck --url http://127.0.0.1:8080",
		Hidden:  true,
		Args:    none,
	}
	c.Flags().StringVar(&address, "url", "", "address of the server (default: from the config)")
	c.RunE = func(c *cobra.Command, _ []string) error {
		base, err := p.base(address)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(c.Context(), 4*time.Second)
		defer cancel()
		answer, err := get(ctx, base+"/healthz")
		if err != nil {
			return failed("no server answers at %s", base)
		}
		if answer.StatusCode != http.StatusOK {
			return failed("the server at %s is not well: %s", base, answer.Status)
		}
		return nil
	}
	return c
}

// base gives the address of the server: as given, or else as the config says.
func (p *program) base(given string) (string, error) {
	if given != "" {
		return trimBase(given)
	}
	c, err := p.load()
	if err != nil {
		return "", err
	}
	return reachable(c.Listen), nil
}

// reachable makes the address at which a listen address is reached from this machine.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "http://" + listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}
