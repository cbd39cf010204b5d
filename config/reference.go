package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"shopbell/document"
	"shopbell/shape"
)

// maxReferenced is the largest file, in bytes, that ${file:…} takes in.
const maxReferenced = 64 << 10

var (
	reference  = regexp.MustCompile(`\$?\$\{([^}]*)\}`)
	references = regexp.MustCompile(`^(?:\$\{[^}]*\})+$`) // text that is nothing but references
	whole      = regexp.MustCompile(`^\$\{[^}]*\}$`)
)

// bare finds a reference without quotes between { and }, where YAML takes its brackets for its own.
var bare = regexp.MustCompile(`[{,]\s*["']?[\w-]+["']?:\s+(\$\{)`)

// unquoted says of a file that is not YAML for want of quotes around a reference that this is why.
func unquoted(name string, text []byte, p document.Problem) document.Problem {
	for i, line := range strings.Split(string(text), "\n") {
		if at := bare.FindStringSubmatchIndex(line); at != nil {
			return document.Problem{File: name, Line: i + 1, Column: utf8.RuneCountInString(line[:at[2]]) + 1, Source: strings.TrimRight(line, "\r"),
				Message: "a reference between { and } must be in quotes", Hint: `Write "${env:NAME}" with quotes around it.`}
		}
	}
	return p
}

// An expander puts in what references stand for.
type expander struct {
	file     *document.File
	dir      string
	env      func(string) (string, bool)
	written  map[*yaml.Node]string // by expanded scalar: the text as it is in the file
	failed   map[*yaml.Node]bool   // expanded scalars with a problem of their own
	secrets  []string              // what references stand for; never shown
	problems []document.Problem
}

// expand copies a tree with every reference in its values replaced and every alias resolved.
func (e *expander) expand(n *yaml.Node) *yaml.Node {
	n = document.Resolve(n)
	out := *n
	out.Content = make([]*yaml.Node, len(n.Content))
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			out.Content[i] = c
			e.key(c)
			continue
		}
		out.Content[i] = e.expand(c)
	}
	if n.Kind == yaml.ScalarNode && strings.Contains(n.Value, "${") {
		before := len(e.problems)
		out.Value, out.Tag = e.replace(n), "!!str"
		e.written[&out] = n.Value
		e.failed[&out] = len(e.problems) > before
	}
	return &out
}

func (e *expander) key(n *yaml.Node) {
	if reference.MatchString(n.Value) {
		e.problems = append(e.problems, e.file.At(n, "a key cannot hold a reference", "Write the key out; ${…} is for values."))
	}
}

func (e *expander) replace(n *yaml.Node) string {
	out := reference.ReplaceAllStringFunc(n.Value, func(found string) string {
		if strings.HasPrefix(found, "$$") {
			return found[1:]
		}
		value, err := e.resolve(found[2 : len(found)-1])
		if err != nil {
			e.problems = append(e.problems, e.file.At(n, err.message, err.hint))
			return ""
		}
		if value != "" {
			e.secrets = append(e.secrets, value)
		}
		return value
	})
	if rest := reference.ReplaceAllString(n.Value, ""); strings.Contains(rest, "${") {
		e.problems = append(e.problems, e.file.At(n, "${ is opened and never closed", "Write ${env:NAME} or ${file:PATH}, or $${ for the characters themselves."))
	}
	return out
}

var variableName = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)

// An unresolved reference, in words.
type unresolved struct{ message, hint string }

func (e *expander) resolve(inside string) (string, *unresolved) {
	kind, name, _ := strings.Cut(inside, ":")
	switch {
	case strings.Contains(inside, "${"):
		return "", &unresolved{"a reference cannot stand inside another", "Write the name out: ${env:NAME} or ${file:PATH}."}
	case kind == "env" && name != "":
		if value, ok := e.env(name); ok && value != "" {
			return value, nil
		}
		return "", &unresolved{fmt.Sprintf("the environment variable %s is not set", name),
			fmt.Sprintf("Set it before the start, for example: export %s=…", name)}
	case kind == "file" && name != "":
		return e.read(name)
	}
	if variableName.MatchString(inside) {
		return "", &unresolved{fmt.Sprintf("${%s} is not a reference", inside), fmt.Sprintf("Write ${env:%s}, or $${ for the characters themselves.", inside)}
	}
	return "", &unresolved{fmt.Sprintf("${%s} is not a reference", inside), "Write ${env:NAME} or ${file:PATH}, or $${ for the characters themselves."}
}

func (e *expander) read(name string) (string, *unresolved) {
	path := joined(e.dir, name)
	text, err := readBounded(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", &unresolved{fmt.Sprintf("the file %s is not there", path), "A relative path begins at the folder of this file."}
	case err != nil:
		return "", &unresolved{fmt.Sprintf("the file %s cannot be read: %s", path, reason(err)), ""}
	}
	value := strings.TrimRight(text, "\r\n")
	if value == "" {
		return "", &unresolved{fmt.Sprintf("the file %s is empty", path), ""}
	}
	return value, nil
}

func readBounded(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if info.IsDir() {
		return "", errors.New("it is a folder")
	}
	if !info.Mode().IsRegular() { // a pipe or a device could keep the start waiting for ever
		return "", errors.New("it is not an ordinary file")
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxReferenced+1))
	if err == nil && len(text) > maxReferenced {
		err = fmt.Errorf("it has more than %d bytes", maxReferenced)
	}
	return string(text), err
}

// reason leaves the path out of a file error, for the problem has said it.
func reason(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err.Error()
	}
	return err.Error()
}

// joined gives a path of the file as the process can open it.
func joined(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

// retype lets a value that is one whole reference be a number or a truth value where the declaration wants one.
func (e *expander) retype(n *yaml.Node, f *shape.Field) {
	if f == nil {
		return
	}
	switch n.Kind {
	case yaml.ScalarNode:
		if whole.MatchString(e.written[n]) {
			n.Tag = tagFor(f.Type, n.Value)
		}
	case yaml.SequenceNode:
		for _, c := range n.Content {
			e.retype(c, f.Elem)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			e.retype(n.Content[i+1], inner(f, n.Content[i].Value))
		}
	}
}

func tagFor(wanted, value string) string {
	switch wanted {
	case "number":
		if _, err := strconv.Atoi(value); err == nil {
			return "!!int"
		}
		if _, err := strconv.ParseFloat(value, 64); err == nil {
			return "!!float"
		}
	case "true or false":
		if value == "true" || value == "false" {
			return "!!bool"
		}
	}
	return "!!str"
}

// inner gives the declaration of a key of an object; nil when there is none.
func inner(f *shape.Field, key string) *shape.Field {
	for i := range f.Fields {
		if f.Fields[i].Name == key {
			return &f.Fields[i]
		}
	}
	return f.Elem
}
