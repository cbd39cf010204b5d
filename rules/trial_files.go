package rules

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"shopbell/document"
)

// LoadTrials reads the tests below dir, for the rules that were loaded from it.
func LoadTrials(dir string, set *Set) *Suite {
	l := &trialLoading{suite: &Suite{set: set}}
	files := os.DirFS(dir)
	if root, err := os.OpenRoot(dir); err == nil { // as for the rules: links that lead out of it are not followed
		defer root.Close()
		files = root.FS()
	}
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return l.suite // the set tells of it
	}
	for _, e := range entries {
		if ignored(e.Name()) {
			continue
		}
		if !isDirectory(files, e.Name(), e) {
			l.file(files, dir, "", e.Name())
			continue
		}
		below, _ := fs.ReadDir(files, e.Name())
		for _, b := range below {
			if !ignored(b.Name()) && !isDirectory(files, path.Join(e.Name(), b.Name()), b) {
				l.file(files, dir, e.Name(), b.Name())
			}
		}
	}
	return l.finish()
}

// ParseTrials reads the tests of files given by their path below the rules directory and their text, as [LoadTrials] does
// of a directory.
func ParseTrials(files map[string]string, set *Set) *Suite {
	l := &trialLoading{suite: &Suite{set: set}}
	for _, name := range slices.Sorted(mapsKeys(files)) {
		if directory, base := path.Split(name); strings.HasSuffix(base, fileSuffix) {
			l.take(strings.TrimSuffix(directory, "/"), name, []byte(files[name]))
		}
	}
	return l.finish()
}

// trialLoading is a suite in the making.
type trialLoading struct {
	suite  *Suite
	reader *reader // of the file before, for what is the same for all files
	bytes  int
}

func (l *trialLoading) file(files fs.FS, dir, directory, name string) {
	if !strings.HasSuffix(name, fileSuffix) || len(l.suite.problems) >= maxProblems {
		return
	}
	shown := filepath.Join(dir, directory, name)
	text, err := readBounded(files, path.Join(directory, name), new(bytes.Buffer))
	if err != nil {
		if strings.HasSuffix(name, testSuffix) { // of the others the set tells
			l.suite.problems = append(l.suite.problems, document.Problem{File: shown, Message: "the file cannot be read: " + reason(err)})
		}
		return
	}
	l.take(directory, shown, text)
}

// take reads one file. Most rule files hold no tests, and are not parsed again for them.
func (l *trialLoading) take(directory, name string, text []byte) {
	only := strings.HasSuffix(name, testSuffix)
	if l.bytes += len(text); l.bytes > maxDirSize {
		l.suite.problems = append(l.suite.problems, document.Problem{File: name, ID: "too-many-files", Message: fmt.Sprintf("a directory may have %d MB of tests; this one has more", maxDirSize>>20)})
		return
	}
	if !only && !bytes.Contains(text, []byte("tests")) {
		return
	}
	file, broken := document.Parse(name, text)
	if only {
		l.suite.problems = append(l.suite.problems, broken...)
	}
	if file == nil || file.Root == nil {
		return
	}
	if l.reader == nil {
		l.reader = newReader(l.suite.set.world, l.suite.set.world.served(), directory)
	}
	t := &trialReader{reader: l.reader.anew(directory), suite: l.suite, names: map[string]int{}}
	t.file = file
	t.settle(directory)
	if at := t.top(file.Root, only); at != nil {
		t.list(at)
	}
	stop, _ := document.Split(append(broken, t.problems...))
	l.suite.problems = append(l.suite.problems, t.problems...)
	if len(stop) == 0 {
		l.suite.trials = append(l.suite.trials, t.trials...)
	}
}

func (l *trialLoading) finish() *Suite {
	all := document.Sort(l.suite.problems)
	if len(all) > maxProblems {
		all = all[:maxProblems]
	}
	Identify(all)
	l.suite.problems = all
	return l.suite
}

// top finds the list of tests in a file. A file of tests has nothing else.
func (t *trialReader) top(root *yaml.Node, only bool) *yaml.Node {
	if root.Kind != yaml.MappingNode {
		if only {
			t.fault("test-form", root, "a file of tests begins with tests:", "Write \"tests:\" in the first line, and each test as \"- name: …\" below it.")
		}
		return nil
	}
	for i := 0; only && i+1 < len(root.Content); i += 2 {
		key := root.Content[i]
		if key.Value == "tests" {
			continue
		}
		hint := document.DidYouMean(key.Value, []string{"tests"})
		if slices.Contains([]string{"rules", "define"}, key.Value) {
			hint = "A file whose name ends in _test.yaml has only tests; put this into a rule file beside it."
		}
		t.fault("unknown-key", key, fmt.Sprintf("unknown key %q", key.Value), hint)
	}
	_, value := document.Find(root, "tests")
	return value
}
