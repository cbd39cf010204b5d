//go:build linux

package plugin_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"shopbell/actions"
	"shopbell/actions/plugin"
)

// TestAdopt holds that a program which starts nothing but plugins ends all that they leave behind, whatever that does to get away. It
// runs in a process of its own, for it would end what other tests start.
func TestAdopt(t *testing.T) {
	if os.Getenv("SHOPBELL_TEST_ADOPT") == "" {
		again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAdopt$", "-test.v")
		again.Env = append(os.Environ(), "SHOPBELL_TEST_ADOPT=1")
		if said, err := again.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, said)
		}
		return
	}
	before := exec.CommandContext(t.Context(), "setsid", "sleep", "300") // as of a script that became this program
	beside := exec.CommandContext(t.Context(), "sleep", "300")
	if err := before.Start(); err != nil {
		t.Fatal(err)
	}
	plugin.Adopt()
	if err := beside.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, c := range []*exec.Cmd{before, beside} {
			if err := c.Process.Signal(syscall.Signal(0)); err != nil {
				t.Errorf("%v was ended, and no plugin started it: %v", c.Args, err)
			}
			_ = c.Process.Kill()
			_ = c.Wait()
		}
	})
	for name, script := range map[string]string{
		"another group":   `set -m; sleep 300 & echo $! > child`,
		"another session": `setsid sh -c 'echo $$ > child; exec sleep 300' > /dev/null 2>&1 < /dev/null & while [ ! -s child ]; do sleep 0.01; done`,
		"holds the pipes": `setsid sh -c 'echo $$ > child; exec sleep 300' & while [ ! -s child ]; do sleep 0.01; done`,
		"no environment":  `env -i setsid sh -c 'echo $$ > child; exec sleep 300' & while [ ! -s child ]; do sleep 0.01; done`,
		"a chain without end": `echo 'echo $$ > child; setsid sh ./chain & sleep 0.02' > chain
			setsid sh ./chain > /dev/null 2>&1 < /dev/null & while [ ! -s child ]; do sleep 0.01; done`,
	} {
		t.Run(name, func(t *testing.T) {
			s := play(t, "timeout: 5s\n", sh+script+"\necho '{\"outcome\":\"ok\"}'\n")
			if got := s.send(t, `{}`); got.answer.Outcome != actions.OutcomeOK {
				t.Errorf("got %+v", got)
			}
			for last := ""; ; { // of a chain, the last one counts
				text, err := os.ReadFile(filepath.Join(s.dir, "child"))
				if err != nil {
					t.Fatal(err)
				}
				if pid := strings.TrimSpace(string(text)); pid != last && pid != "" {
					last = pid
					awaitGone(t, pid)
					continue
				}
				return
			}
		})
	}
}

// TestBounds holds that a program takes no more than it may of what has limits.
func TestBounds(t *testing.T) {
	s := play(t, "", sh+`sleep 0.2; echo "{\"outcome\":\"ok\",\"output\":{\"said\":\"$(ulimit -n) $(ulimit -c) $(ulimit -f)\"}}"`+"\n")
	if got := s.send(t, `{}`); got.result["said"] != "1024 0 2097152" {
		t.Errorf("got %+v", got)
	}
}
