package plugin_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"shopbell/actions"
	"shopbell/actions/plugin"
	"shopbell/document"
)

const fine = sh + "echo '{\"outcome\":\"ok\"}'\n"

// TestProblems is what may be wrong with an action.yaml, with its place.
func TestProblems(t *testing.T) {
	base := strings.ReplaceAll(manifest, "NAME", "act") + "run: ./act\n"
	for _, test := range []struct{ name, text, want string }{
		{"fine", base, ""},
		{"empty", "", "action.yaml: the file is empty"},
		{"a list", "[]", "action.yaml:1:1: the file must hold keys and values"},
		{"key", base + "timout: 5s\n", `action.yaml:19:1: unknown key "timout"` + "\n | timout: 5s\n | ^\n Did you mean \"timeout\"?"},
		{"protocol", strings.Replace(base, "protocol: 1", "protocol: 2", 1), "action.yaml:1:11: want 1, got 2"},
		{"name", strings.Replace(base, "name: act", "name: cat", 1), `action.yaml:2:7: the name is "cat", and the folder is "act"`},
		{"summary", strings.Replace(base, "a test says", "a test says.", 1), "action.yaml:3:10: the summary is not one line without a full stop"},
		{"no way", strings.Replace(base, "run: ./act\n", "", 1), "neither run nor url is given"},
		{"two ways", base + "url: https://example.com\n", "action.yaml:19:6: run and url exclude each other"},
		{"url", strings.Replace(base, "run: ./act", "url: ftp://example.com", 1), "action.yaml:18:6: want an address such as"},
		{"url, mode", strings.Replace(base, "run: ./act", "url: https://example.com\nmode: lines", 1), "mode and sha256 are for programs"},
		{"mode", base + "mode: line\n", `want one of "once", "lines", got "line"`},
		{"timeout", base + "timeout: 2m\n", "action.yaml:19:10: want a time from 10ms to 50s"},
		{"rate", base + "rate: 5\n", "action.yaml:19:7: want text, got a number"},
		{"causes", base + "causes: [order]\n", `action.yaml:19:10: "order" is not an event type`},
		{"schema word", strings.Replace(base, "description: What.", "descripion: What.", 1), `action.yaml:6:27: unknown key "descripion"`},
		{"schema type", strings.Replace(base, "type: integer, description: How", "type: int, description: How", 1), `action.yaml:7:20: there is no type "int"`},
		{"schema types", strings.Replace(base, "type: integer, description: How", "type: [integer], description: How", 1), "want one type\n"},
		{"landing", base + "dry_run: true\n", ""},
		{"reference", strings.Replace(base, "type: integer, description: How", "$ref: x, description: How", 1), `unknown key "$ref"`},
		{"example", strings.Replace(base, "example: { text: hello }", "example: { txt: hello }", 1), "action.yaml:17:12: unknown key \"txt\""},
		{"example, hole", strings.Replace(base, "text: hello", `text: "{{ order.id }}"`, 1), "the example holds {{ … }}"},
		{"secret", strings.Replace(base, "[api_key]", "[apikey]", 1), `action.yaml:12:11: the account has no key "apikey"`},
		{"account key", strings.Replace(base, "zone: {", "rate: {", 1), `action.yaml:11:5: every account has a key "rate" already`},
		{"reaches", base + "reaches: { txt: email }\n", `action.yaml:19:12: there is no parameter "txt"`},
		{"reaches, number", base + "reaches: { count: email }\n", `the parameter "count" is neither text nor a list of texts`},
		{"reaches, channel", base + "reaches: { text: mail }\n", `want email or phone, got "mail"`},
		{"program", strings.Replace(base, "./act", "./cat", 1), "action.yaml: the program ./cat is not there"},
		{"program outside", strings.Replace(base, "./act", "../act", 1), "the program ../act is not in the plugin's folder"},
		{"program, absolute", strings.Replace(base, "./act", "/bin/sh", 1), "the program /bin/sh is not in the plugin's folder"},
		{"program, a text", strings.Replace(base, "./act", "action.yaml", 1), "the program action.yaml may not be run"},
		{"hash", base + "sha256: " + strings.Repeat("ab", 32) + "\n", "the program ./act has another hash than sha256: says"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "act/action.yaml", test.text)
			write(t, dir, "act/act", fine)
			set := plugin.Load(dir, nil, nil)
			got := strings.ReplaceAll(document.Text(set.Problems()), dir+"/act/", "")
			if test.want == "" != (got == "") || !strings.Contains(got, test.want) {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
			if (set.Find("act") != nil) != (test.want == "") {
				t.Error("it is used although it is broken, or the other way round")
			}
		})
	}
}

// TestUnsafe holds that what anybody may change, or what is elsewhere, is not run.
func TestUnsafe(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(dir string) error
		want  string
	}{
		"program":       {func(dir string) error { return os.Chmod(dir+"/act/act", 0o777) }, "act/act: anybody may change this"},
		"manifest":      {func(dir string) error { return os.Chmod(dir+"/act/action.yaml", 0o666) }, "act/action.yaml: anybody may change this"},
		"folder":        {func(dir string) error { return os.Chmod(dir+"/act", 0o777) }, "act: anybody may change this"},
		"another file":  {func(dir string) error { write(t, dir, "act/lib/x.py", ""); return os.Chmod(dir+"/act/lib/x.py", 0o646) }, "act/lib/x.py: anybody may change this"},
		"program, link": {func(dir string) error { _ = os.Remove(dir + "/act/act"); return os.Symlink("/bin/sh", dir+"/act/act") }, "it is a link that leads out of the folder"},
		"folder, link": {func(dir string) error {
			if err := os.Rename(dir+"/act", dir+"-act"); err != nil {
				return err
			}
			return os.Symlink(dir+"-act", dir+"/act")
		}, "act: it is a link that leads out of the folder"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "plugins")
			write(t, dir, "act/action.yaml", strings.ReplaceAll(manifest, "NAME", "act")+"run: act\n")
			write(t, dir, "act/act", fine)
			load(t, dir, nil)
			if err := test.spoil(dir); err != nil {
				t.Fatal(err)
			}
			set := plugin.Load(dir, nil, nil)
			if got := document.Text(set.Problems()); !strings.Contains(got, test.want) || set.Find("act") != nil {
				t.Errorf("got %s", got)
			}
		})
	}
}

// TestPin holds that a program which was changed after it was looked at is not run.
func TestPin(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "act/action.yaml", strings.ReplaceAll(manifest, "NAME", "act")+"run: act\nsha256: 0b0f0c5f4d4ba0a8b2b5f7e86a9f3e2b6f6d7f8c9a0b1c2d3e4f5a6b7c8d9e0f\n")
	write(t, dir, "act/act", fine)
	problems := document.Text(plugin.Load(dir, nil, nil).Problems())
	_, sum, _ := strings.Cut(problems, "It is now ")
	write(t, dir, "act/action.yaml", strings.ReplaceAll(manifest, "NAME", "act")+"run: act\nsha256: "+sum[:64]+"\n")
	s := &stage{plugin: load(t, dir, nil).Find("act"), log: new(record)}
	s.open(t, "")
	if got := s.send(t, `{}`); got.answer.Outcome != actions.OutcomeOK {
		t.Fatalf("got %+v", got)
	}
	write(t, dir, "act/act", sh+"touch run; echo '{\"outcome\":\"ok\"}'\n")
	got := s.send(t, `{}`)
	if _, err := os.Stat(filepath.Join(dir, "act/run")); err == nil || got.answer.Outcome != actions.OutcomeRetry || !strings.Contains(got.words, "another hash") {
		t.Errorf("got %+v", got)
	}
}

// TestReload is what becomes of plugins when their files change.
func TestReload(t *testing.T) {
	dir := t.TempDir()
	good := strings.ReplaceAll(manifest, "NAME", "act") + "run: act\n"
	write(t, dir, "act/action.yaml", good)
	write(t, dir, "act/act", fine)
	first := load(t, dir, nil)
	if again := load(t, dir, first); !again.Same(first) || again.Find("act") != first.Find("act") {
		t.Error("nothing has changed, and it is another")
	}
	write(t, dir, "act/.state/x", "1")
	write(t, dir, "act/__pycache__/x", "1")
	if again := load(t, dir, first); !again.Same(first) {
		t.Error("what a plugin keeps for itself makes it another")
	}
	write(t, dir, "act/action.yaml", good+"nonsense: 1\n")
	broken := plugin.Load(dir, first, nil)
	state := broken.States()[0]
	if broken.Find("act") != first.Find("act") || !state.Broken() || !state.InUse || broken.Same(first) {
		t.Errorf("a broken one: %+v", state)
	}
	if state := plugin.Load(dir, nil, nil).States()[0]; state.InUse || !state.Broken() {
		t.Errorf("a broken one, at first: %+v", state)
	}
	write(t, dir, "act/action.yaml", strings.Replace(good, "Do as", "Really do as", 1))
	mended := load(t, dir, broken)
	if mended.Find("act") == first.Find("act") || mended.Find("act").Kind.Summary != "Really do as a test says" {
		t.Error("a mended one is the old one")
	}
	if err := os.RemoveAll(filepath.Join(dir, "act")); err != nil {
		t.Fatal(err)
	}
	if gone := load(t, dir, mended); len(gone.InUse()) != 0 || gone.Same(mended) {
		t.Error("one that was removed is there")
	}
	taken := plugin.Load(dir, nil, nil)
	write(t, dir, "log/action.yaml", strings.ReplaceAll(manifest, "NAME", "log")+"url: https://example.com\n")
	if taken = plugin.Load(dir, taken, []*actions.Kind{{Name: "log"}}); !strings.Contains(document.Text(taken.Problems()), `there is an action "log" already`) {
		t.Errorf("got %s", document.Text(taken.Problems()))
	}
}

// TestReaches holds that those who do not want to be written to are known by what a plugin declares.
func TestReaches(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "tell/action.yaml", `protocol: 1
name: tell
summary: Tell people
params:
  properties:
    to: { type: string, description: Who. }
    also: { type: array, items: { type: string }, description: Who else. }
    phone: { type: string, description: Where. }
example: {}
reaches: { to: email, also: email, phone: phone }
run: tell
`)
	write(t, dir, "tell/tell", fine)
	s := &stage{plugin: load(t, dir, nil).Find("tell"), log: new(record)}
	k := s.plugin.Kind
	s.open(t, "")
	params := json.RawMessage(`{"to":"Ann <Ann@Example.com>","also":["ben@example.com","cay@example.com","ann@example.com"],"phone":"+31 6 12345678"}`)
	mail := func(a string) actions.Recipient { return actions.Recipient{Channel: actions.Mail, Address: a} }
	want := []actions.Recipient{mail("ben@example.com"), mail("cay@example.com"), mail("ann@example.com"), {Channel: actions.Phone, Address: "+31612345678"}}
	if got := k.Reaches(params); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	left, some := k.Spare(params, []actions.Recipient{mail("ben@example.com")})
	if want := `{"also":["cay@example.com","ann@example.com"],"phone":"+31 6 12345678","to":"Ann \u003cAnn@Example.com\u003e"}`; string(left) != want || !some {
		t.Errorf("got %s, %t", left, some)
	}
	if _, some := k.Spare(params, []actions.Recipient{mail("ann@example.com")}); some {
		t.Error("a message to nobody goes out")
	}
	for params, words := range map[string]string{
		`{"to":"ann@example.com, ben@example.com"}`: "to is not one e-mail address",
		`{"also":["x"]}`:         "also is not one e-mail address",
		`{"phone":"0612345678"}`: "phone is not one telephone number with its country's code, such as +31612345678",
	} {
		if got := s.send(t, params); got.answer.Blame != actions.BlameRequest || got.words != words {
			t.Errorf("%s: got %+v", params, got)
		}
	}
}

// TestAccount holds that an account is checked, and that no way of printing what a plugin holds tells a secret.
func TestAccount(t *testing.T) {
	s := play(t, "", fine)
	for config, want := range map[string]string{
		`{"api_key":5}`:  "api_key: want text, got a number",
		`{"apikey":"x"}`: `apikey: unknown key "apikey"`,
	} {
		if _, err := s.plugin.Kind.Open(actions.Env{}, json.RawMessage(config)); err == nil || err.Error() != want {
			t.Errorf("%s: got %v", config, err)
		}
	}
	if text := fmt.Sprintf("%v", s.plugin.Kind.Account.Fields()); !strings.Contains(text, "api_key") || !s.plugin.Kind.Account.Fields()[0].Secret {
		t.Errorf("got %s", text)
	}
}

func FuzzManifest(f *testing.F) {
	f.Add(strings.ReplaceAll(manifest, "NAME", "act") + "run: ./act\nreaches: { text: email }\n")
	f.Add("protocol: 1\nname: act\nsummary: S\nurl: https://x\nparams: { properties: { a: { anyOf: [{ type: string }, { type: array, items: { enum: [x] } }] } } }\nexample: {}\n")
	dir := f.TempDir()
	write(f, dir, "act/act", fine)
	f.Fuzz(func(t *testing.T, text string) {
		write(t, dir, "act/action.yaml", text)
		set := plugin.Load(dir, nil, nil)
		if stop, _ := document.Split(set.Problems()); (len(stop) == 0) != (set.Find("act") != nil) {
			t.Errorf("usable and broken: %v", stop)
		}
	})
}
