package config

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"shopbell/actions"
	"shopbell/document"
	"shopbell/event"
	"shopbell/sources"
)

var update = flag.Bool("update", false, "rewrite the expected parts of testdata")

// The kinds of these tests, so that they do not change with the real ones.
type (
	secret  string
	shopKey struct {
		Token secret `json:"token" jsonschema_description:"Token of the store."`
	}
	platform struct {
		Secret secret             `json:"client_secret" jsonschema_description:"Secret of the app."`
		API    string             `json:"api,omitempty" jsonschema_description:"Base URL."`
		Attest string             `json:"attest,omitempty" jsonschema:"enum=always,enum=needed,enum=never" jsonschema_description:"When to read back."`
		Stores map[string]shopKey `json:"stores,omitempty" jsonschema_description:"Stores by id."`
	}
	mailbox struct {
		Host     string         `json:"host" jsonschema_description:"Name of the server."`
		Port     int            `json:"port,omitempty" jsonschema_description:"Port of the server."`
		Verify   bool           `json:"verify,omitempty" jsonschema_description:"Check the address."`
		Password actions.Secret `json:"password,omitempty" jsonschema_description:"Password of the user."`
	}
	mail struct {
		To string `json:"to" jsonschema_description:"Who gets it."`
	}
	nobody struct{}
)

func (s secret) Reveal() string { return string(s) }

type silent struct{}

func (silent) Send(context.Context, actions.Call[mail]) (actions.Result, error) { return nil, nil }

func testKinds() Kinds {
	open := func(actions.Env, mailbox) (actions.Sender[mail], error) { return silent{}, nil }
	idle := func(actions.Env, nobody) (actions.Sender[mail], error) { return silent{}, nil }
	return Kinds{
		Sources: []*sources.Kind{{Name: "ecwid", Summary: "A store", Catalog: &event.Catalog{}, Config: new(platform)}},
		Actions: []*actions.Kind{
			actions.Define(actions.Spec[mailbox, mail]{Name: "email", Summary: "Send a mail", Example: "email: { to: a@b.example }", Open: open}),
			actions.Define(actions.Spec[nobody, mail]{Name: "log", Summary: "Write a line", Example: "log: { to: a@b.example }", NoAccount: true, Open: idle}),
		},
	}
}

// TestGolden reads each shopbell.yaml of testdata and compares what is said of it, to the caret. A part named env holds
// NAME=value lines; other parts but want are files beside it.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no goldens", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got, want := loadArchive(t, archive)
			if got == string(want.Data) {
				return
			}
			if !*update {
				t.Fatalf("got:\n%s\nwant:\n%s", got, want.Data)
			}
			want.Data = []byte(got)
			if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func loadArchive(t *testing.T, archive *txtar.Archive) (string, *txtar.File) {
	dir, env := t.TempDir(), map[string]string{}
	want := &txtar.File{Name: "want"}
	for i, f := range archive.Files {
		switch f.Name {
		case "want":
			want = &archive.Files[i]
		case "env":
			for line := range strings.Lines(string(f.Data)) {
				k, v, _ := strings.Cut(strings.TrimSpace(line), "=")
				env[k] = strings.ReplaceAll(v, `\n`, "\n")
			}
		default:
			path := filepath.Join(dir, f.Name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, f.Data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	path := filepath.Join(dir, "shopbell.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c, problems := Parse(path, text, testKinds(), func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	return strings.NewReplacer(dir+string(filepath.Separator), "", dir, "FOLDER").Replace(document.Text(problems) + show(c)), want
}

// show prints a config with its secrets, which only a test may do.
func show(c *Config) string {
	if c == nil {
		return "no config\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "listen %s\ndatabase %s\nrules %s\nplugins %s\ntoken %q\nallow %v\n",
		c.Listen, c.Database, c.Rules, c.Plugins, c.Admin.Token.Reveal(), c.HTTP.Allow)
	if c.Cap.PerDay > 0 {
		fmt.Fprintf(&b, "a person gets %d a day, but %s\n", c.Cap.PerDay, c.Cap.Except)
	}
	for _, s := range c.Sources {
		fmt.Fprintf(&b, "%s: %s\n", s, s.Config)
	}
	for _, a := range c.Accounts {
		fmt.Fprintf(&b, "%s: %s %v", a, a.Config, a.Stores)
		if a.Budget != 0 {
			fmt.Fprintf(&b, " budget %d", a.Budget)
		}
		if a.Rate != 0 || a.Concurrency != 0 {
			fmt.Fprintf(&b, " rate %g concurrency %d", a.Rate, a.Concurrency)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// TestNothingTells holds that no way of printing a config shows a secret.
func TestNothingTells(t *testing.T) {
	text := "admin: { token: hunter2-hunter2-hunter2 }\nsources:\n  ecwid: { kind: ecwid, client_secret: hunter2 }\n" +
		"accounts:\n  email: { kind: email, host: h, password: hunter2 }\n"
	c, problems := Parse("shopbell.yaml", []byte(text), testKinds(), noEnv)
	if c == nil {
		t.Fatal(document.Text(problems))
	}
	place := c.Sources[0].At("the secret is refused", "").String() + c.Accounts[0].At("the host is not there", "").String()
	shown := fmt.Sprintf("%v %+v %s %v %s %v", c.Sources[0], c.Sources[0], c.Accounts[0], c.Accounts, c.Admin, c.Admin.Token)
	for _, s := range []string{place, shown, document.Text(problems)} {
		if strings.Contains(s, "hunter2") {
			t.Errorf("a secret is told: %s", s)
		}
	}
	if !strings.Contains(place, "shopbell.yaml:3:3: the secret is refused") || !strings.Contains(place, "kind: ecwid") {
		t.Errorf("the place is not shown: %s", place)
	}
}

func noEnv(string) (string, bool) { return "", false }

func TestLoadMissing(t *testing.T) {
	c, problems := Load(filepath.Join(t.TempDir(), "shopbell.yaml"), testKinds())
	if c != nil || len(problems) != 1 || problems[0].Message != "the file is not there" {
		t.Fatalf("%v %v", c, problems)
	}
	if _, problems = Load(t.TempDir(), testKinds()); len(problems) != 1 || !strings.Contains(problems[0].Message, "cannot be read") {
		t.Fatal(problems)
	}
}

// FuzzLoad holds that any text is answered without a panic, that what is accepted fits its declarations, and that a
// value of the environment changes no structure and is never told.
func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range archive.Files {
			if part.Name == "shopbell.yaml" {
				f.Add(string(part.Data), "zqx-7f3a-zqx")
			}
		}
	}
	kinds, dir := testKinds(), f.TempDir() // so that no ${file:…} finds anything
	f.Fuzz(func(t *testing.T, text, value string) {
		env := func(string) (string, bool) { return value, value != "" }
		c, problems := Parse(filepath.Join(dir, "shopbell.yaml"), []byte(text), kinds, env)
		stop, _ := document.Split(problems)
		if (c == nil) != (len(stop) > 0) {
			t.Fatalf("a config %v with %d problems", c != nil, len(stop))
		}
		if len(value) >= 8 && !strings.Contains(text, value) && strings.Contains(document.Text(problems), value) {
			t.Errorf("the environment is told: %s", document.Text(problems))
		}
		if c == nil {
			return
		}
		for _, s := range c.Sources {
			if err := json.Unmarshal(s.Config, new(platform)); err != nil {
				t.Errorf("%s: %v", s, err)
			}
		}
	})
}

// What YAML would rather call a number or a date is a token all the same: it must not be dropped for a random one.
func TestTokenOfDigits(t *testing.T) {
	for _, token := range []string{"12345678901234567890", "2026-01-01", "0x1234567890abcdef12"} {
		c, problems := Parse("shopbell.yaml", []byte("admin: { token: "+token+" }\n"), testKinds(), os.LookupEnv)
		if c == nil || c.Admin.Token.Reveal() != token {
			t.Errorf("the token %s is not kept: %s", token, document.Text(problems))
		}
		if text := document.Text(problems); !strings.Contains(text, "is written into this file") || strings.Contains(text, token) {
			t.Errorf("of the token %s is said:\n%s", token, text)
		}
	}
}
