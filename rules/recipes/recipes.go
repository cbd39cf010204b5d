// Package recipes is a library of rules for what stores want most often. Each is one rule file: at its top stands what it
// does, what it needs and what to change, below that the rules, and their tests.
//
//	r, ok := recipes.Find("low-stock")
//
// A recipe may bring templates, which lie below templates/ here as they do in a folder of rules.
//
// Every rule of a recipe is in shadow, so that a file that was copied sends nothing before somebody has read it. The package
// knows the texts only; whether they work is held by the tests of package cli, which has every action and platform.
package recipes

import (
	"embed"
	"io/fs"
	"strings"
)

//go:embed *.yaml templates
var files embed.FS

// A Recipe is one rule file of the library.
type Recipe struct {
	Name    string            // of the file, without .yaml
	Title   string            // what it is about, in a few words
	About   string            // when it does what
	Needs   string            // accounts and sources; "nothing" for none
	Change  string            // what a merchant will want to change
	Consent string            // why customers may be written to; "" when the recipe writes to none
	Text    []byte            // the file. It must not be changed
	Files   map[string]string // texts of the templates that it brings, by their path beside it. It must not be changed
}

// All gives the library, ordered by name.
func All() []Recipe {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		panic(err) // the pattern is right
	}
	all := make([]Recipe, len(names))
	for i, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			panic(err) // it was listed
		}
		all[i] = read(strings.TrimSuffix(name, ".yaml"), text)
	}
	return all
}

// Names lists the names of the library, in order.
func Names() []string {
	var names []string
	for _, r := range All() {
		names = append(names, r.Name)
	}
	return names
}

// Find gives the recipe of a name.
func Find(name string) (Recipe, bool) {
	for _, r := range All() {
		if r.Name == name {
			return r, true
		}
	}
	return Recipe{}, false
}

// read takes the comment at the top of a file apart: a title, what it is about, and paragraphs that begin with a word and a
// colon.
func read(name string, text []byte) Recipe {
	r := Recipe{Name: name, Text: text}
	parts := map[string]*string{"Needs": &r.Needs, "Change": &r.Change, "Consent": &r.Consent}
	brings := ""
	parts["Files"] = &brings
	into := &r.Title
	for line := range strings.Lines(string(text)) {
		line, comment := strings.CutPrefix(line, "#")
		if !comment {
			break
		}
		line = strings.TrimSpace(line)
		switch word, rest, _ := strings.Cut(line, ": "); {
		case strings.HasPrefix(line, "yaml-language-server:"):
			continue
		case line == "" && r.Title != "":
			into = &r.About
			continue
		case parts[word] != nil:
			into, line = parts[word], rest
		}
		*into = strings.TrimSpace(*into + " " + line)
	}
	r.Files = brought(brings)
	return r
}

// brought reads the files that a recipe says it brings.
func brought(said string) map[string]string {
	if said == "" {
		return nil
	}
	all := map[string]string{}
	for name := range strings.SplitSeq(strings.TrimSuffix(said, "."), ", ") {
		text, err := files.ReadFile(name)
		if err != nil {
			panic(err) // the words at the top of a recipe are wrong, as each test of the library finds
		}
		all[name] = string(text)
	}
	return all
}
