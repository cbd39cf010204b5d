package main

import (
	"bytes"
	"go/ast"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// long lists files that may pass the limit of lines, with the reason.
var long = map[string]string{}

const (
	maxLines     = 400
	maxTestLines = 500 // a table of cases may be longer than what it is about
)

// TestPackageComments holds that each package says once what it is for.
func TestPackageComments(t *testing.T) {
	comments := map[string][]string{}
	for _, s := range tree(t) {
		if s.test {
			continue
		}
		comments[s.dir] = append(comments[s.dir], nil...)
		if s.tree.Doc != nil {
			comments[s.dir] = append(comments[s.dir], s.name)
			if want := "Package " + s.tree.Name.Name + " "; s.tree.Name.Name != "main" && !strings.HasPrefix(s.tree.Doc.Text(), want) {
				t.Errorf("%s: the package comment does not begin with %q", s.name, want)
			}
		}
	}
	for dir, files := range comments {
		if len(files) != 1 {
			t.Errorf("%s: want one file with a package comment, got %d: %v", dir, len(files), files)
		}
	}
}

// TestDocumented holds that every exported name has a comment that begins with it.
func TestDocumented(t *testing.T) {
	for _, s := range tree(t) {
		if s.test {
			continue
		}
		for _, d := range s.tree.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && receiverExported(d) {
					begins(t, s, d.Name, d.Doc)
				}
			case *ast.GenDecl:
				documentedSpecs(t, s, d)
			}
		}
	}
}

func receiverExported(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	exported := false
	ast.Inspect(d.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && !exported {
			exported = id.IsExported()
			return false
		}
		return true
	})
	return exported
}

// documentedSpecs checks types, constants and variables. A group of constants or variables may have one comment.
func documentedSpecs(t *testing.T, s source, d *ast.GenDecl) {
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if !spec.Name.IsExported() {
				continue
			}
			doc := spec.Doc
			if doc == nil {
				doc = d.Doc
			}
			begins(t, s, spec.Name, doc)
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				if !name.IsExported() {
					continue
				}
				if d.Lparen.IsValid() && (d.Doc != nil || spec.Comment != nil) {
					continue
				}
				doc := spec.Doc
				if doc == nil {
					doc = d.Doc
				}
				begins(t, s, name, doc)
			}
		}
	}
}

func begins(t *testing.T, s source, name *ast.Ident, doc *ast.CommentGroup) {
	text := strings.TrimSpace(doc.Text())
	for _, article := range []string{"A ", "An ", "The "} {
		text = strings.TrimPrefix(text, article)
	}
	if !strings.HasPrefix(text, name.Name) {
		t.Errorf("%s: %s has no comment that begins with its name", s.at(name.Pos()), name.Name)
	}
}

// TestNoInit holds that nothing happens because a package was imported.
func TestNoInit(t *testing.T) {
	for _, s := range tree(t) {
		for _, d := range s.tree.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: func init: a plugin is a value in a list, never a side effect of an import", s.at(f.Pos()))
			}
		}
	}
}

// TestRulesArePure holds that rules ask no clock, so that live, test and explain give one answer.
func TestRulesArePure(t *testing.T) {
	for _, s := range tree(t) {
		if s.test || !within(s.dir, "rules") {
			continue
		}
		ast.Inspect(s.tree, func(n ast.Node) bool {
			call, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if pkg, ok := call.X.(*ast.Ident); ok && pkg.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "After", "Sleep"}, call.Sel.Name) {
				t.Errorf("%s: rules must not ask time.%s: the engine tells them what they may know", s.at(call.Pos()), call.Sel.Name)
			}
			return true
		})
	}
}

// TestFileLength holds that files stay small enough to hold one noun.
func TestFileLength(t *testing.T) {
	for _, s := range tree(t) {
		lines := bytes.Count(s.text, []byte("\n"))
		limit := maxLines
		if s.test {
			limit = maxTestLines
		}
		if _, excepted := long[s.name]; lines > limit && !excepted && !ast.IsGenerated(s.tree) {
			t.Errorf("%s has %d lines, more than %d: it holds more than one noun", s.name, lines, limit)
		}
	}
	for name, why := range long {
		if _, err := os.Stat(name); err != nil || why == "" {
			t.Errorf("the exception for %s has no file or no reason", name)
		}
	}
}

// TestNothingOfThisMachine holds that no file names the machine it was written on, or the hosts of package registries.
func TestNothingOfThisMachine(t *testing.T) {
	// Put together here so that this file does not hold what it looks for.
	needles := regexp.MustCompile(strings.Join([]string{
		`(^|[^\w.])/` + `work/(main|shared|\.)`, `/` + `root/`, `/` + `home/\w`, `/` + `tmp/(brief|bash|go-build)`,
		`proxy\.` + `golang\.org`, `sum\.` + `golang\.org`, `registry\.` + `npmjs`, `py` + `pi\.org`, `deb\.` + `debian\.org`,
		`archive\.` + `ubuntu\.com`, `registry-1\.` + `docker\.io`, `ghcr` + `\.io`,
	}, "|"))
	for _, name := range tracked(t) {
		text, err := os.ReadFile(name)
		if err != nil || bytes.IndexByte(text, 0) >= 0 {
			continue // deleted and not yet committed, or a picture
		}
		for i, line := range bytes.Split(text, []byte("\n")) {
			if found := needles.Find(line); found != nil {
				t.Errorf("%s:%d: holds %q", name, i+1, found)
			}
		}
	}
}

// tracked lists the files that git knows or would take; all files where there is no git.
func tracked(t *testing.T) []string {
	out, err := exec.CommandContext(t.Context(), "git", "ls-files", "-co", "--exclude-standard", "-z").Output()
	if err == nil && len(out) > 0 {
		return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	}
	var found []string
	err = filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == ".git" {
			return filepath.SkipDir
		}
		if err == nil && d.Type().IsRegular() {
			found = append(found, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
