package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"shopbell/document"
	"shopbell/shape"
)

// Load reads and checks a file. The config is nil when there is a problem that is not a warning; all problems are told
// at once, those of the environment too.
func Load(path string, kinds Kinds) (*Config, []document.Problem) {
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, []document.Problem{{File: path, Message: "the file is not there",
			Hint: "Name one with --config, or write a first one with: shopbell init"}}
	case err != nil:
		return nil, []document.Problem{{File: path, Message: "the file cannot be read: " + reason(err)}}
	}
	return Parse(path, text, kinds, os.LookupEnv)
}

// Parse is [Load] for text that has been read, with the environment as a function.
func Parse(path string, text []byte, kinds Kinds, env func(string) (string, bool)) (*Config, []document.Problem) {
	file, problems := document.Parse(path, text)
	if file == nil {
		for i := range problems {
			problems[i] = cleanSyntax(unquoted(path, text, problems[i]))
		}
		return nil, problems
	}
	r := &reader{file: file, kinds: kinds, problems: problems, dir: filepath.Dir(path),
		mask: &masker{file: file, spans: map[int][]span{}}}
	r.config = &Config{File: path}
	r.read(env)
	r.finish()
	all := document.Sort(r.problems)
	if stop, _ := document.Split(all); len(stop) > 0 {
		return nil, all
	}
	return r.config, all
}

// A reader turns a file into a Config and collects what is wrong.
type reader struct {
	file     *document.File
	kinds    Kinds
	dir      string
	mask     *masker
	exp      *expander
	config   *Config
	common   []string // keys that the section being checked may have beside those of its kind
	problems []document.Problem
}

// finish hides what must not be shown, in the problems and in the places that the config keeps for later ones.
func (r *reader) finish() {
	for i := range r.problems {
		r.problems[i] = r.mask.clean(r.problems[i])
	}
	for i := range r.config.Sources {
		r.config.Sources[i].place.mask(r.mask)
	}
	for i := range r.config.Accounts {
		r.config.Accounts[i].place.mask(r.mask)
	}
}

func (r *reader) problem(n *yaml.Node, message, hint string) {
	r.problems = append(r.problems, r.file.At(n, message, hint))
}

func (r *reader) warn(n *yaml.Node, message, hint string) {
	p := r.file.At(n, message, hint)
	p.Warning = true
	r.problems = append(r.problems, p)
}

func (r *reader) read(env func(string) (string, bool)) {
	if r.file.Root == nil {
		r.problems = append(r.problems, document.Problem{File: r.file.Name, Message: "the file is empty",
			Hint: "Write a first one with: shopbell init"})
		return
	}
	r.exp = &expander{file: r.file, dir: r.dir, env: env, written: map[*yaml.Node]string{}, failed: map[*yaml.Node]bool{}}
	r.mask.keys(r.file.Root)
	root := r.exp.expand(r.file.Root)
	r.problems = append(r.problems, r.exp.problems...)
	r.mask.texts = append(r.mask.texts, r.exp.secrets...)
	if root.Kind != yaml.MappingNode {
		r.problem(root, "the file must hold keys and values", "")
		return
	}
	r.check(root, root, topShape(), "shopbell")
	r.top(root)
	r.sources(root)
	r.accounts(root)
}

// check puts a part of the file against its declaration: types, unknown keys, and secrets that stand in the open. owner
// is the key that the part belongs to.
func (r *reader) check(owner, n *yaml.Node, s *shape.Shape, path ...string) {
	f := &shape.Field{Type: "object", Fields: s.Fields()}
	r.exp.retype(n, f)
	r.mask.fields(n, f, r.literal, path...)
	for _, fault := range s.Check(document.Value(n)) {
		at := document.Locate(n, fault.Path, fault.OnKey)
		if r.exp.failed[at] {
			continue // the reference has its own problem
		}
		if at.Kind == yaml.MappingNode { // a key is missing in it: point at its name, not at its first key
			if at = document.Locate(n, fault.Path, true); at == n {
				at = owner
			}
		}
		hint := fault.Hint
		if hint == "" && len(path) == 1 && path[0] == "shopbell" && !fault.OnKey {
			hint = formHint(strings.Join(fault.Path, "."), at.Value)
		}
		if hint == "" && fault.OnKey && len(fault.Path) == 1 {
			hint = document.DidYouMean(at.Value, r.common)
		}
		r.problem(at, fault.Message, hint)
	}
}

// formHint says how a key of the file is written, for a value of the wrong kind.
func formHint(key, value string) string {
	switch key {
	case "listen":
		_, hint := badAddress(value)
		return hint
	case "retention":
		return "Write a number of days or hours, such as 90d or 48h."
	case "admin":
		return `Write admin: { token: "${env:SHOPBELL_ADMIN_TOKEN}" }.`
	case "admin.token":
		return "Put it into quotes."
	case "http", "http.allow":
		return "Write http: { allow: [10.0.0.0/8] }."
	case "sources", "accounts":
		return fmt.Sprintf("Write each by its name, in a line of its own below %s:, with kind: below that.", key)
	}
	return ""
}

// literal warns of a secret that is written into the file.
func (r *reader) literal(n *yaml.Node, path []string) {
	if _, referenced := r.exp.written[n]; referenced || n.Value == "" || !isText(n) {
		return
	}
	r.warn(n, fmt.Sprintf("the %s is written into this file", path[len(path)-1]),
		fmt.Sprintf("Keep it out: write %q and set that variable.", "${env:"+variable(path)+"}"))
}

// variable makes the name of an environment variable of a path of keys.
func variable(path []string) string {
	path = slices.DeleteFunc(slices.Clone(path), func(key string) bool { return key == "stores" })
	name := strings.ToUpper(strings.Join(path, "_"))
	return strings.Map(func(c rune) rune {
		if c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			return c
		}
		return '_'
	}, name)
}
