// Package examples writes a new plugin, in one of the languages that it has an example in:
//
//	made, err := examples.Write("plugins", "hello", "python")
//	fmt.Println(made.Next) // what to do before it can be used; "" for nothing
//
// What it writes passes the exam. It knows nothing of what is there already but that it writes over nothing.
package examples

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

//go:embed common.yaml sh python node go
var files embed.FS

// Languages lists what plugins can be written in.
func Languages() []string { return []string{"sh", "python", "go", "node"} }

// Made is a new plugin.
type Made struct {
	Dir   string
	Files []string
	Next  string // a command that must be called before it can be used; "" for none
}

// ways says how the program of each language is called and how it runs.
func ways(language, name string) (run, mode string, ok bool) {
	switch language {
	case "sh":
		return "./" + name + ".sh", "once", true
	case "python":
		return "./" + name + ".py", "lines", true
	case "node":
		return "./" + name + ".mjs", "lines", true
	case "go":
		return "./" + name, "lines", true
	}
	return "", "", false
}

var named = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)

// Write writes a plugin into a folder of its own below dir. A plugin in Go is built when Go is there.
func Write(dir, name, language string) (*Made, error) {
	run, mode, ok := ways(language, name)
	switch {
	case !ok:
		return nil, fmt.Errorf("there is no example in %q: there is %s", language, strings.Join(Languages(), ", "))
	case !named.MatchString(name):
		return nil, fmt.Errorf("%q cannot be the name of a plugin: use lower-case letters, digits and _, a letter first", name)
	}
	m := &Made{Dir: filepath.Join(dir, name)}
	if _, err := os.Lstat(m.Dir); err == nil {
		return nil, fmt.Errorf("%s is there already", m.Dir)
	}
	if err := os.MkdirAll(m.Dir, 0o755); err != nil {
		return nil, err
	}
	put := strings.NewReplacer("NAME", name, "RUN", run, "MODE", mode)
	if err := m.copy("common.yaml", "action.yaml", put); err != nil {
		return nil, err
	}
	entries, err := fs.ReadDir(files, language)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if err := m.copy(path.Join(language, e.Name()), strings.TrimSuffix(put.Replace(e.Name()), ".txt"), put); err != nil {
			return nil, err
		}
	}
	if language == "go" {
		return m, m.build(name)
	}
	return m, nil
}

// copy writes one file; one that begins with #! may be run. No right is given to everybody but reading.
func (m *Made) copy(from, to string, put *strings.Replacer) error {
	text, err := files.ReadFile(from)
	if err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if strings.HasPrefix(string(text), "#!") {
		mode = 0o755
	}
	m.Files = append(m.Files, to)
	return os.WriteFile(filepath.Join(m.Dir, to), []byte(put.Replace(string(text))), mode)
}

// build builds a plugin in Go.
func (m *Made) build(name string) error {
	module := fmt.Sprintf("module %s\n\ngo 1.22\n", name)
	if err := os.WriteFile(filepath.Join(m.Dir, "go.mod"), []byte(module), 0o644); err != nil {
		return err
	}
	m.Files = append(m.Files, "go.mod")
	m.Next = fmt.Sprintf("cd %s && go build -o %s .", m.Dir, name)
	command, err := exec.LookPath("go")
	if errors.Is(err, exec.ErrNotFound) {
		return nil
	}
	build := exec.Command(command, "build", "-o", name, ".")
	build.Dir = m.Dir
	build.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("it was written, and cannot be built: %w: %s", err, said)
	}
	m.Next = ""
	m.Files = append(m.Files, name)
	return nil
}
