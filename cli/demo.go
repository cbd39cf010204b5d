package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"shopbell/config"
	"shopbell/demo"
	"shopbell/document"
)

func (p *program) demo() *cobra.Command {
	var address string
	c := &cobra.Command{
		Use:   "demo",
		Short: "Try it, with nothing",
		Long: `Run Shopbell between a simulated Ecwid store, a mail server and a Slack that show on the dashboard what they were sent.
It needs no account and no network, and leaves nothing behind. Place an order on the page Shop, and look into the Inbox.

Ctrl-C ends it.`,
		Example: "  shopbell demo\n  shopbell demo --listen 127.0.0.1:9000",
		Args:    none,
	}
	c.Flags().StringVar(&address, "listen", "127.0.0.1:8080", "address of the dashboard; when it is taken, a free port is used")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if message := config.BadAddress(address); message != "" {
			return fmt.Errorf("--listen %s: %s", address, message)
		}
		folder, err := os.MkdirTemp("", "shopbell-demo-")
		if err != nil {
			return &failure{err}
		}
		err = p.playDemo(c.Context(), address, folder)
		return errors.Join(err, os.RemoveAll(folder))
	}
	return c
}

// playDemo runs the demo in a folder until it is told to end.
func (p *program) playDemo(ctx context.Context, address, folder string) (err error) {
	ctx, stop := untilSignal(ctx)
	defer stop()
	l, err := p.listenOrFree(address)
	if err != nil {
		return err
	}
	d, err := demo.Start(ctx, demo.Options{Listen: l.Addr().String(), Folder: folder})
	if err != nil {
		return &failure{errors.Join(err, l.Close())}
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if closed := d.Close(closing); err == nil && closed != nil {
			err = &failure{closed}
		}
	}()
	conf, problems := config.Load(d.Config, kinds())
	if conf == nil {
		return failed("the demo's own config has problems:\n%s", document.Text(problems))
	}
	log := slog.New(slog.NewTextHandler(p.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	h, err := p.furnish(ctx, conf, log, l, d.Pages())
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "The demo is ready: open %s (Ctrl-C ends it)\n", signIn(h.address(), h.token))
	hangup, quiet := hangups()
	defer quiet()
	if err := h.run(ctx, hangup); err != nil {
		return &failure{err}
	}
	return nil
}

// listenOrFree listens on an address, or on a free port of the same host when the address is taken.
func (p *program) listenOrFree(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if !errors.Is(err, syscall.EADDRINUSE) {
		if err != nil {
			return nil, failed("cannot listen on %s: %w", address, err)
		}
		return l, nil
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	l, err = listen(net.JoinHostPort(host, "0"))
	if err == nil {
		fmt.Fprintf(p.stdout, "%s is taken by another program, so the demo uses a free port.\n", address)
	}
	return l, err
}
