package plugin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/actions/plugin"
	"shopbell/document"
)

// manifest is the beginning of an action.yaml of the tests.
const manifest = `protocol: 1
name: NAME
summary: Do as a test says
params:
  properties:
    text: { type: string, description: What. }
    count: { type: integer, description: How many. }
account:
  properties:
    api_key: { type: string, description: Key. }
    zone: { type: string, description: Where. }
secrets: [api_key]
result:
  properties:
    said: { type: string, description: What it said. }
    id: { type: integer, description: Number. }
example: { text: hello }
`

// write puts a file into a folder; a program when it begins with #!.
func write(t testing.TB, dir, name, text string) {
	t.Helper()
	mode := os.FileMode(0o644)
	if strings.HasPrefix(text, "#!") {
		mode = 0o755
	}
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// load reads a folder in which nothing may be wrong.
func load(t testing.TB, dir string, before *plugin.Set) *plugin.Set {
	t.Helper()
	s := plugin.Load(dir, before, nil)
	if stop, _ := document.Split(s.Problems()); len(stop) > 0 {
		t.Fatal(document.Text(stop))
	}
	t.Cleanup(func() { s.Close(nil) })
	return s
}

// stage is an outlet of a plugin of one script, with its log.
type stage struct {
	actions.Outlet
	plugin *plugin.Plugin
	dir    string
	log    *record
}

// record keeps a log.
type record struct {
	mu    sync.Mutex
	text  bytes.Buffer
	grown chan struct{} // closed with the next line; nil while nobody waits
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.grown != nil {
		close(r.grown)
		r.grown = nil
	}
	return r.text.Write(p)
}

// await waits until the log says something for so many times.
func (r *record) await(t testing.TB, what string, times int) {
	t.Helper()
	for late := time.After(20 * time.Second); ; {
		r.mu.Lock()
		if strings.Count(r.text.String(), what) >= times {
			r.mu.Unlock()
			return
		}
		if r.grown == nil {
			r.grown = make(chan struct{})
		}
		grown := r.grown
		r.mu.Unlock()
		select {
		case <-grown:
		case <-late:
			t.Fatalf("the log does not say %q for %d times: %s", what, times, r)
		}
	}
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// play makes a plugin of a script, with more lines of its action.yaml.
func play(t testing.TB, more, script string) *stage {
	t.Helper()
	dir := t.TempDir()
	s := &stage{dir: filepath.Join(dir, "act"), log: new(record)}
	write(t, dir, "act/action.yaml", strings.ReplaceAll(manifest, "NAME", "act")+"run: ./act\n"+more)
	write(t, dir, "act/act", script)
	s.plugin = load(t, dir, nil).Find("act")
	s.open(t, `{"api_key":"`+secretKey+`","zone":"eu"}`)
	return s
}

const secretKey = "hush-8d1f0c5e7b2a94"

func (s *stage) open(t testing.TB, account string) {
	t.Helper()
	var raw json.RawMessage
	if account != "" {
		raw = json.RawMessage(account)
	}
	env := actions.Env{Log: slog.New(slog.NewTextHandler(s.log, nil)), Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	var err error
	if s.Outlet, err = s.plugin.Kind.Open(env, raw); err != nil {
		t.Fatal(err)
	}
}

// said is what came of one step.
type said struct {
	result actions.Result
	answer actions.Answer
	words  string
}

func (s *stage) send(t testing.TB, params string) said {
	t.Helper()
	return s.sendFor(t.Context(), params)
}

// sendFor gives up when the context ends.
func (s *stage) sendFor(ctx context.Context, params string) said {
	result, err := s.Send(ctx, actions.Call[json.RawMessage]{Key: "key-1", Try: 2, Source: "ecwid", Store: "1003", Params: json.RawMessage(params)})
	out := said{result: result, answer: actions.OutcomeOf(err)}
	if err != nil {
		out.words = err.Error()
	}
	return out
}
