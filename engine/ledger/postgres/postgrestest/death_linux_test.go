package postgrestest_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"shopbell/engine/ledger/postgres/postgrestest"
)

// TestDeath holds that no server outlives a test binary that is killed. Elsewhere than on Linux it does.
func TestDeath(t *testing.T) {
	const child = "SHOPBELL_POSTGRESTEST_CHILD"
	if os.Getenv(child) != "" {
		s := postgrestest.Start(t)
		bounced := s.Bouncer(t, "session")
		fmt.Printf("server %s\nserver %s\n", s.Database(t), bounced("shopbell_1"))
		_, _ = io.Copy(io.Discard, os.Stdin) // until it is killed, or the test that started it has ended
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestDeath$", "-test.v")
	cmd.Env = append(os.Environ(), child+"=1", "TMPDIR="+openFolder(t)) // for nobody removes what it has made
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	servers, said := announced(out)
	for _, address := range servers {
		one(t, connect(t, address), "SELECT 1", 1)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if len(servers) != 2 {
		if strings.Contains(said, "--- SKIP") {
			t.Skip(said)
		}
		t.Fatalf("want the addresses of two servers, got: %s", said)
	}
	for _, address := range servers {
		gone(t, address)
	}
}

// announced reads two addresses from what a test says.
func announced(out io.Reader) (servers []string, said string) {
	for lines := bufio.NewScanner(out); len(servers) < 2 && lines.Scan(); {
		said += lines.Text() + "\n"
		if _, address, found := strings.Cut(lines.Text(), "server "); found {
			servers = append(servers, address)
		}
	}
	return servers, said
}

// openFolder is a temporary folder in which others may have theirs, as those of testing.TB are not.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "shopbell-death-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// gone holds that soon nobody listens at an address.
func gone(t *testing.T, address string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	limit := time.After(20 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		c, err := net.Dial("tcp", u.Host)
		if err != nil {
			return
		}
		_ = c.Close()
		select {
		case <-limit:
			t.Fatalf("%s outlives the test binary that started it", address)
		case <-tick.C:
		}
	}
}
