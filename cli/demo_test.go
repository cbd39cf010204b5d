package cli

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

var demoReady = regexp.MustCompile(`^The demo is ready: open (http://\S+/login\?token=\S+) \(Ctrl-C ends it\)$`)

// playDemo starts the built program's demo and gives what it says until it is ready, with the link.
func playDemo(t *testing.T, address string) (command *exec.Cmd, said []string, link string) {
	t.Helper()
	command = exec.Command(builtProgram(t), "demo", "--listen", address)
	command.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(20*time.Second, func() { _ = command.Process.Kill() })
	t.Cleanup(func() {
		late.Stop()
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if m := demoReady.FindStringSubmatch(lines.Text()); m != nil {
			return command, said, m[1]
		}
		said = append(said, lines.Text())
	}
	t.Fatalf("the demo did not get ready: %v", said)
	return nil, nil, ""
}

// TestDemo holds that the demo needs nothing, says one line, lets its link in, and leaves nothing behind.
func TestDemo(t *testing.T) {
	command, said, link := playDemo(t, "127.0.0.1:0")
	if len(said) > 0 {
		t.Errorf("it says more than one line: %v", said)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, Timeout: 10 * time.Second}
	root, _, _ := strings.Cut(link, "/login")
	for _, page := range []string{link, root + "/", root + "/inbox", root + "/shop", root + "/events", root + "/runs", root + "/rules"} {
		answer, err := browser.Get(page)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK || page != link && answer.Request.URL.Path == "/login" {
			t.Errorf("%s gives %s at %s (%v): %.200s", page, answer.Status, answer.Request.URL.Path, err, text)
		}
	}
	if err := command.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err != nil {
		t.Errorf("Ctrl-C ends it with %v", err)
	}
	for _, variable := range command.Env {
		if dir, ok := strings.CutPrefix(variable, "TMPDIR="); ok {
			if left, _ := filepath.Glob(dir + "/shopbell-demo-*"); len(left) > 0 {
				t.Errorf("it leaves %v", left)
			}
		}
	}
}

// TestDemoTakenAddress holds that a taken address is no reason to stop.
func TestDemoTakenAddress(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().String()
	_, said, link := playDemo(t, taken)
	if want := taken + " is taken by another program, so the demo uses a free port."; len(said) != 1 || said[0] != want {
		t.Errorf("it says %v, want %s", said, want)
	}
	if strings.Contains(link, taken) {
		t.Errorf("the link is %s", link)
	}
}
