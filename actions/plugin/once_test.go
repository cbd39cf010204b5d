package plugin_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/actions/plugin"
)

const sh = "#!/bin/sh\n"

// TestRequest holds what a program is given, and that it is all.
func TestRequest(t *testing.T) {
	s := play(t, "", sh+`env > env; echo "$#" > args; pwd > cwd; cat > request; echo '{"outcome":"ok","output":{"said":"yes","id":9007199254740993,"more":1}}'`+"\n")
	t.Setenv("SHOPBELL_ADMIN_TOKEN", "not for plugins")
	got := s.send(t, `{"text":"a \"b\" <é>","count":9007199254740993}`)
	if want := (actions.Result{"said": "yes", "id": 9007199254740993}); !reflect.DeepEqual(got.result, want) {
		t.Fatalf("got %+v", got)
	}
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(s.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	request := read("request")
	if !strings.HasPrefix(request, `{"protocol":1,"id":"`) || !strings.HasSuffix(request, "}\n") || strings.Count(request, "\n") != 1 {
		t.Errorf("the request is %q", request)
	}
	var q map[string]any
	if err := json.Unmarshal([]byte(request), &q); err != nil {
		t.Fatal(err)
	}
	deadline, _ := time.Parse(time.RFC3339, q["deadline"].(string))
	if left := time.Until(deadline); left < 20*time.Second || left > 30*time.Second {
		t.Errorf("the deadline is %s away", left)
	}
	delete(q, "deadline")
	delete(q, "id")
	want := map[string]any{"protocol": 1.0, "action": "act", "key": "key-1", "try": 2.0, "source": "ecwid", "store": "1003",
		"account": map[string]any{"zone": "eu"}, "secrets": map[string]any{"api_key": secretKey}, "params": map[string]any{"text": `a "b" <é>`, "count": 9007199254740993.0}}
	if !reflect.DeepEqual(q, want) {
		t.Errorf("got %v", q)
	}
	var names []string
	for line := range strings.Lines(read("env")) {
		name, _, _ := strings.Cut(line, "=")
		if !slices.Contains([]string{"PWD", "SHLVL", "_", "OLDPWD"}, name) { // the shell's own
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"HOME", "LANG", "PATH"}) || read("args") != "0\n" || strings.TrimSpace(read("cwd")) != s.dir {
		t.Errorf("env %q, args %q, cwd %q", names, read("args"), read("cwd"))
	}
	if strings.Contains(read("env"), secretKey) || strings.Contains(read("env"), "not for plugins") {
		t.Error("the environment tells secrets")
	}
	_, home, _ := strings.Cut(read("env"), "HOME=")
	home, _, _ = strings.Cut(home, "\n")
	if _, err := os.Stat(home); !os.IsNotExist(err) {
		t.Errorf("its HOME %q is left: %v", home, err)
	}
}

// TestOutcomes is the table of what a program may say and how it may end.
func TestOutcomes(t *testing.T) {
	permanent := func(b actions.Blame) actions.Answer {
		return actions.Answer{Outcome: actions.OutcomePermanent, Blame: b}
	}
	retry, unknown := actions.Answer{Outcome: actions.OutcomeRetry}, actions.Answer{Outcome: actions.OutcomeUnknown}
	request := permanent(actions.BlameRequest)
	for _, test := range []struct {
		name, script string
		want         actions.Answer
		words        string
	}{
		{"ok", `echo '{"outcome":"ok"}'`, actions.Answer{Outcome: actions.OutcomeOK}, ""},
		{"ok, spread", `printf '{\n"outcome":\n"ok"\n}\n\n'`, actions.Answer{Outcome: actions.OutcomeOK}, ""},
		{"ok, exit code", `echo '{"outcome":"ok"}'; exit 3`, actions.Answer{Outcome: actions.OutcomeOK}, ""},
		{"skip", `echo '{"outcome":"skip","message":"had it"}'`, actions.Answer{Outcome: actions.OutcomeSkip}, "act: had it"},
		{"retry", `echo '{"outcome":"retry","retry_after_ms":1500,"message":"busy","code":429}'`, actions.Answer{Outcome: actions.OutcomeRetry, Wait: 1500 * time.Millisecond}, "act: busy (429)"},
		{"retry, in a year", `echo '{"outcome":"retry","retry_after_ms":31536000000}'`, actions.Answer{Outcome: actions.OutcomeRetry, Wait: 24 * time.Hour}, "act: it answered retry"},
		{"permanent", `echo '{"outcome":"permanent"}'`, request, "act: it answered permanent"},
		{"recipient", `echo '{"outcome":"permanent","kind":"recipient","message":"no such person"}'`, permanent(actions.BlameRecipient), "act: no such person"},
		{"account", `echo '{"outcome":"permanent","kind":"account","message":"bad key"}'`, permanent(actions.BlameAccount), "act: bad key"},
		{"config", `echo '{"outcome":"permanent","kind":"config"}'`, permanent(actions.BlameAccount), "act: it answered permanent"},
		{"unknown", `echo '{"outcome":"unknown","message":"cut off"}'`, unknown, "act: cut off"},
		{"nothing", `:`, request, "it printed nothing"},
		{"rubbish", `echo hello`, request, "it printed what is no answer: hello"},
		{"a list", `echo '[]'`, request, "it printed what is no answer"},
		{"cut", `printf '{"outcome":"ok"'`, request, "it printed what is no answer"},
		{"two", `echo '{"outcome":"ok"}{"outcome":"ok"}'`, request, "it printed more than one answer"},
		{"no outcome", `echo '{}'`, request, "its answer has no outcome"},
		{"odd outcome", `echo '{"outcome":"fine"}'`, request, `its answer has the outcome "fine", which is none`},
		{"output", `echo '{"outcome":"ok","output":{"id":"x"}}'`, request, "output.id does not fit its result: want a whole number, got text"},
		{"output, a list", `echo '{"outcome":"ok","output":[]}'`, request, "its output is not an object"},
		{"exit 1", `echo 'it broke' >&2; exit 1`, retry, "act: exit code 1: it broke"},
		{"exit 75", `exit 75`, retry, "act: exit code 75"},
		{"exit 78", `exit 78`, permanent(actions.BlameAccount), "act: exit code 78, which says that its account or its files are wrong"},
		{"rubbish and exit 1", `echo oh; exit 1`, retry, "act: exit code 1"},
		{"signal", `kill -SEGV $$`, unknown, "act was ended by a signal"},
		{"deaf", `exec 0<&-; echo '{"outcome":"ok"}'`, actions.Answer{Outcome: actions.OutcomeOK}, ""},
		{"flood", `while :; do printf '%4096s' x; done`, request, "it printed more than 1 MiB"},
		{"flood of words", `i=0; while [ $i -lt 300 ]; do printf '%4096s\n' x >&2; i=$((i+1)); done; echo '{"outcome":"ok"}'`, actions.Answer{Outcome: actions.OutcomeOK}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := play(t, "", sh+test.script+"\n").send(t, `{}`)
			if got.answer != test.want || !strings.Contains(got.words, test.words) {
				t.Errorf("got %+v, want %+v %q", got, test.want, test.words)
			}
		})
	}
}

// TestMisfit holds that parameters that do not fit after all never reach the program.
func TestMisfit(t *testing.T) {
	s := play(t, "", sh+"touch run; echo '{\"outcome\":\"ok\"}'\n")
	got := s.send(t, `{"count":"many"}`)
	if got.answer.Blame != actions.BlameRequest || got.words != "the parameters do not fit: count: want a whole number, got text" {
		t.Errorf("got %+v", got)
	}
	if _, err := os.Stat(filepath.Join(s.dir, "run")); err == nil {
		t.Error("it was run")
	}
}

// TestLate holds that a program which hangs costs its time and no more, even when it will not end.
func TestLate(t *testing.T) {
	for name, script := range map[string]string{
		"sleeps":                               "sleep 60",
		"will not end":                         "trap '' TERM; while :; do sleep 1; done",
		"answers and stays, with nothing said": "exec >&-; sleep 60",
		"drips":                                `printf '{"outcome"'; while :; do printf ' '; sleep 0.01; done`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := play(t, "timeout: 100ms\n", sh+script+"\n")
			begun := time.Now()
			got := s.send(t, `{}`)
			if took := time.Since(begun); got.answer.Outcome != actions.OutcomeUnknown || took > 8*time.Second {
				t.Errorf("got %+v after %s", got, took)
			}
			if want := "act did not answer within 100ms, so that it may have been done"; got.words != want {
				t.Errorf("got %q", got.words)
			}
		})
	}
	s := play(t, "timeout: 300ms\n", sh+"echo '{\"outcome\":\"ok\"}'; sleep 60\n")
	if got := s.send(t, `{}`); got.answer.Outcome != actions.OutcomeOK {
		t.Errorf("one that answers and does not end: got %+v", got)
	}
}

// TestLeftBehind holds that children of a program die with it, whether it ends or hangs, and that none delays its answer.
func TestLeftBehind(t *testing.T) {
	for name, script := range map[string]string{
		"in the background": `sleep 300 & echo $! > child; echo '{"outcome":"ok"}'`,
		"after a hang":      `sleep 300 & echo $! > child; wait`,
		"many":              `i=0; while [ $i -lt 40 ]; do sleep 300 & i=$((i+1)); done; echo $! > child; echo '{"outcome":"ok"}'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := play(t, "timeout: 2s\n", sh+script+"\n")
			s.send(t, `{}`)
			text, err := os.ReadFile(filepath.Join(s.dir, "child"))
			if err != nil {
				t.Fatal(err)
			}
			awaitGone(t, strings.TrimSpace(string(text)))
		})
	}
}

// awaitGone waits for the end of a process.
func awaitGone(t *testing.T, pid string) {
	t.Helper()
	for range 500 {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		time.Sleep(10 * time.Millisecond) // whose child it is not is told nothing of its end
	}
	t.Errorf("process %s is still there", pid)
}

// TestWords holds that standard error comes into the log, bounded, and that nothing tells a secret.
func TestWords(t *testing.T) {
	s := play(t, "", sh+`request=$(cat); echo "got $request" >&2; echo "{\"outcome\":\"permanent\",\"message\":\"bad key `+secretKey+`\"}"`+"\n")
	got := s.send(t, `{}`)
	log := s.log.String()
	if !strings.Contains(log, `msg="a plugin says" plugin=act`) || !strings.Contains(log, "key=key-1") {
		t.Errorf("the log is %s", log)
	}
	if strings.Contains(log+got.words, secretKey) || !strings.Contains(got.words, "bad key [secret]") {
		t.Errorf("got %q and %s", got.words, log)
	}
	s = play(t, "", sh+`i=0; while [ $i -lt 500 ]; do echo "0123456789012345678901234567890123456789" >&2; i=$((i+1)); done; echo '{"outcome":"ok"}'`+"\n")
	s.send(t, `{}`)
	if log := s.log.String(); !strings.Contains(log, "a plugin says more than is written down") || strings.Count(log, "0123456789012345678901234567890123456789") > 105 {
		t.Errorf("%d bytes are logged", len(log))
	}
}

// TestAtOnce holds that no more run at once than may.
func TestAtOnce(t *testing.T) {
	s := play(t, "concurrency: 2\n", sh+`mkdir "$$"; ls -d [0-9]* | wc -l >> seen; sleep 0.05; rmdir "$$"; echo '{"outcome":"ok"}'`+"\n")
	done := make(chan said)
	for range 8 {
		go func() { done <- s.send(t, `{}`) }()
	}
	for range 8 {
		if got := <-done; got.answer.Outcome != actions.OutcomeOK {
			t.Errorf("got %+v", got)
		}
	}
	text, _ := os.ReadFile(filepath.Join(s.dir, "seen"))
	for _, n := range strings.Fields(string(text)) {
		if n != "1" && n != "2" {
			t.Errorf("%s at once", n)
		}
	}
}

// FuzzAnswer holds that whatever a program prints is either told to be no answer or has one of the outcomes, in few words.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"outcome":"permanent","kind":"account","code":401,"message":"no\u0000"}`))
	f.Add([]byte(`{"outcome":"retry","retry_after_ms":-5}`))
	f.Add([]byte(`{"id":"1","outcome":"ok","output":{"a":[1e400]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		err, wrong := plugin.ReadAnswer(text)
		for _, e := range []error{err, wrong} {
			if e != nil && len(e.Error()) > 3000 {
				t.Errorf("%d bytes are told", len(e.Error()))
			}
		}
		if a := actions.OutcomeOf(err); a.Wait < 0 || a.Wait > 24*time.Hour {
			t.Errorf("wait %s", a.Wait)
		}
	})
}
