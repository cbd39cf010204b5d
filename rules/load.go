package rules

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"shopbell/document"
)

// The bounds of a rules directory. What passes them is a problem.
const (
	maxFiles    = 20_000       // rule files of one directory
	maxDirSize  = 64 << 20     // bytes of one directory's rule files
	maxProblems = 1_000        // told of one directory
	maxStores   = 100_000      // directories of stores
	fileSuffix  = ".yaml"      // of rule files
	testSuffix  = "_test.yaml" // of files that hold tests of rules

	templatesFolder = "templates" // holds no rules: see [actions.FilePlaces]
)

// Load reads the rule files below dir: those at its top apply to every store, those in a directory below it to the
// store that the directory is named for. Each directory stands alone: one that has problems keeps the rules that it
// had in previous, if any, and is marked as broken. Load itself never fails; what is wrong is in [Set.Problems].
func Load(dir string, w World, previous *Set) *Set {
	root, err := os.OpenRoot(dir) // links that lead out of it are not followed
	if err != nil {
		return load(os.DirFS(dir), dir, w, previous)
	}
	defer root.Close()
	return load(root.FS(), dir, w, previous)
}

// Parse makes a set of files given by their path below the rules directory ("sales.yaml", "1003/sales.yaml") and their
// text, as [Load] does of a directory.
func Parse(files map[string]string, w World) *Set {
	l := newLoading("", w, nil)
	l.crew.beside = newBeside(nil)
	l.crew.beside.given = map[string]string{}
	for name, text := range files {
		if besideRules(name) {
			l.crew.beside.given[name] = text
		}
	}
	for _, name := range slices.Sorted(mapsKeys(files)) {
		if strings.HasSuffix(name, testSuffix) || besideRules(name) {
			continue
		}
		directory, _ := path.Split(name)
		l.take(strings.TrimSuffix(directory, "/"), name, func(*bytes.Buffer) ([]byte, error) { return []byte(files[name]), nil })
	}
	return l.finish()
}

func mapsKeys[V any](m map[string]V) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for key := range m {
			if !yield(key) {
				return
			}
		}
	}
}

func load(files fs.FS, dir string, w World, previous *Set) *Set {
	return newLoading(dir, w, previous).read(files)
}

func (l *loading) read(files fs.FS) *Set {
	dir := l.dir
	if l.crew.beside == nil {
		l.crew.beside = newBeside(files)
	}
	l.open("")
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		l.fail("", dir, "the rules directory cannot be read: "+reason(err))
		l.keepStores()
		return l.finish()
	}
	unchanged := l.unchanged()
	top := unchanged[""]
	if top != nil {
		l.keep(top)
	}
	var stores []string
	count := 0
	for _, e := range entries {
		if e.Type()&fs.ModeSymlink != 0 {
			l.set.linked = true
		} else if top != nil && !e.IsDir() {
			continue
		}
		if !isDirectory(files, e.Name(), e) {
			if l.wasStore(e.Name()) && !ignored(e.Name()) { // a link that leads nowhere for a moment
				l.fail(e.Name(), filepath.Join(dir, e.Name()), "this is not a directory any more")
				continue
			}
			l.file(files, "", e.Name())
			l.outside(files, "", e)
			continue
		}
		if ignored(e.Name()) || e.Name() == templatesFolder {
			continue
		}
		if count++; count > maxStores {
			l.fail("", dir, fmt.Sprintf("there are more than %d directories of stores", maxStores))
			break
		}
		if d := unchanged[e.Name()]; d != nil && e.IsDir() {
			l.keep(d)
			continue
		}
		stores = append(stores, e.Name())
		l.open(e.Name())
	}
	l.crew.each(len(stores), func(i int) { l.store(files, stores[i]) })
	return l.finish()
}

// outside tells of a link to a directory that is not below the rules directory. One to a file is told of when it is read.
func (l *loading) outside(files fs.FS, directory string, e fs.DirEntry) {
	if e.Type()&fs.ModeSymlink == 0 || ignored(e.Name()) || strings.Contains(e.Name(), ".") { // a name with a dot is a file's
		return
	}
	if _, err := fs.Stat(files, path.Join(directory, e.Name())); err != nil && escapes(err) {
		l.fail(directory, filepath.Join(l.dir, directory, e.Name()), reason(err))
	}
}

// escapes tells whether an error says that a link leads out of the rules directory.
func escapes(err error) bool { return strings.Contains(err.Error(), "escapes from parent") }

// isDirectory follows a symbolic link, for some systems mount configuration as links.
func isDirectory(files fs.FS, name string, e fs.DirEntry) bool {
	if e.Type()&fs.ModeSymlink == 0 {
		return e.IsDir()
	}
	info, err := fs.Stat(files, name)
	return err == nil && info.IsDir()
}

// ignored tells of names that editors, version control and mounts leave behind.
func ignored(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "#") || strings.HasSuffix(name, "~") ||
		strings.HasSuffix(name, ".swp") || strings.HasSuffix(name, ".tmp") || strings.HasSuffix(name, ".bak") || strings.HasSuffix(name, ".orig")
}

// reason gives an error of the file system without the path, which the problem names already.
func reason(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "it does not exist"
	}
	if escapes(err) {
		return "it is a link that leads out of the rules directory"
	}
	if errors.Is(err, fs.ErrPermission) {
		return "this is not permitted"
	}
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err.Error()
	}
	return err.Error()
}

// loading is a load in progress.
type loading struct {
	dir      string // as shown before the names of files
	world    World
	previous *Set
	changed  map[string]bool     // directories that are to be read, beside new ones; nil for all
	kept     map[string]readings // by directory, what the previous load made of files
	distinct map[string]bool     // by directory, whether it found no name twice
	parts    map[string]*loadingPart
	crew     *crew
	set      *Set
}

// loadingPart is one directory of a load in progress. Parts are read at once; what is found is put together in order.
type loadingPart struct {
	directory string
	used      bool // there is something in it
	distinct  bool // no two of its rules have one name
	files     []*loadingFile
	problems  []document.Problem
	rules     []*Rule
	hash      []string
	linked    bool       // there is a link in it
	kept      *Directory // as it was, for nothing has changed in it, or nobody knows how it is
}

func newLoading(dir string, w World, previous *Set) *loading {
	l := &loading{dir: dir, world: w.copied(), previous: previous, parts: map[string]*loadingPart{}, set: &Set{loaded: map[string][]*Rule{}}}
	l.crew = newCrew(l.world)
	l.crew.root = dir
	if previous != nil && previous.world.same(w) {
		l.kept, l.distinct = previous.readings, previous.distinct
	}
	l.set.world = l.world
	return l
}

// open begins a directory.
func (l *loading) open(directory string) *loadingPart {
	p := l.parts[directory]
	if p == nil {
		p = &loadingPart{directory: directory}
		l.parts[directory] = p
		if directory != "" && !l.crew.served.has(directory) {
			hint := document.DidYouMean(directory, l.world.stores())
			if hint == "" {
				hint = "The config has " + orNone(l.world.stores()) + "."
			}
			p.problems = append(p.problems, document.Problem{File: filepath.Join(l.dir, directory),
				Message: fmt.Sprintf("no source has a store %q, for which this directory is named", directory), Hint: hint})
		}
	}
	return p
}

// fail keeps a problem of a whole file or directory.
func (l *loading) fail(directory, name, message string) {
	p := l.open(directory)
	p.used = true
	p.problems = append(p.problems, document.Problem{File: name, Message: message})
}

// keepStores leaves every store's directory as it was.
func (l *loading) keepStores() {
	if l.previous == nil {
		return
	}
	for _, d := range l.previous.directories {
		if d.Name != "" {
			l.keep(&d)
		}
	}
}

// wasStore tells whether a store's directory was in use under a name.
func (l *loading) wasStore(name string) bool {
	return l.previous != nil && name != "" && len(l.previous.loaded[name]) > 0
}

// store reads the directory of one store.
func (l *loading) store(files fs.FS, name string) {
	entries, err := fs.ReadDir(files, name)
	if err != nil {
		l.fail(name, filepath.Join(l.dir, name), "the directory cannot be read: "+reason(err))
		return
	}
	for _, e := range entries {
		if isDirectory(files, path.Join(name, e.Name()), e) {
			if !ignored(e.Name()) && e.Name() != templatesFolder {
				l.fail(name, filepath.Join(l.dir, name, e.Name()), "a directory inside a store's directory is not read")
			}
			continue
		}
		if e.Type()&fs.ModeSymlink != 0 {
			l.parts[name].linked = true
		}
		l.file(files, name, e.Name())
	}
}

// file reads one file, unless it is none of ours.
func (l *loading) file(files fs.FS, directory, name string) {
	shown := filepath.Join(l.dir, directory, name)
	switch {
	case ignored(name), strings.HasSuffix(name, testSuffix):
		return
	case strings.HasSuffix(strings.ToLower(name), ".yml"), strings.HasSuffix(strings.ToLower(name), fileSuffix) && !strings.HasSuffix(name, fileSuffix):
		l.fail(directory, shown, "a rule file ends in .yaml: rename it to "+name[:strings.LastIndexByte(name, '.')]+fileSuffix)
		return
	case !strings.HasSuffix(name, fileSuffix):
		return
	}
	l.take(directory, shown, func(b *bytes.Buffer) ([]byte, error) { return readBounded(files, path.Join(directory, name), b) })
}

// take puts a file on the list of its directory.
func (l *loading) take(directory, name string, text func(*bytes.Buffer) ([]byte, error)) {
	if strings.Contains(directory, "/") {
		l.fail(directory[:strings.IndexByte(directory, '/')], name, "a directory inside a store's directory is not read")
		return
	}
	p := l.open(directory)
	p.used = true
	p.files = append(p.files, &loadingFile{name: name, open: text})
}

// finish reads the files and makes the set: the good directories as they are, the broken ones as they were.
func (l *loading) finish() *Set {
	l.open("").used = true
	maps.DeleteFunc(l.parts, func(_ string, p *loadingPart) bool { return !p.used })
	names := slices.Sorted(mapsKeys(l.parts))
	read := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return l.parts[name].kept != nil })
	l.crew.each(len(read), func(i int) { l.parts[read[i]].read(l) })
	l.crew.disband()
	rules := 0
	for _, p := range l.parts {
		rules += len(p.rules)
		if p.kept != nil {
			rules += p.kept.Rules
		}
	}
	l.set.readings, l.set.distinct = make(map[string]readings, len(names)), make(map[string]bool, len(names))
	l.set.sights = map[string]sight{}
	l.set.rules = make([]*Rule, 0, rules)
	for _, name := range names {
		p := l.parts[name]
		if p.kept != nil {
			l.set.loaded[name] = l.previous.loaded[name]
			l.set.rules = append(l.set.rules, l.set.loaded[name]...)
			l.set.directories = append(l.set.directories, *p.kept)
			l.set.linked = l.set.linked || l.previous.linked
			if made, ok := l.kept[name]; ok {
				l.set.readings[name], l.set.distinct[name] = made, l.distinct[name]
				l.set.sights[name] = l.previous.sights[name]
			}
			continue
		}
		l.set.distinct[name] = p.distinct
		d := Directory{Name: name, Revision: digest(p.hash...), Problems: document.Sort(p.problems)}
		Identify(d.Problems)
		problems, _ := document.Split(d.Problems)
		rules := p.rules
		if d.Broken = len(problems) > 0; d.Broken {
			rules = nil
			if l.previous != nil {
				rules = l.previous.loaded[name]
			}
		}
		l.set.readings[name], l.set.linked = p.readings(), l.set.linked || p.linked
		if seen := p.sights(); len(seen) > 0 {
			l.set.sights[name] = seen
		}
		d.Rules = len(rules)
		l.set.loaded[name] = rules
		l.set.rules = append(l.set.rules, rules...)
		l.set.directories = append(l.set.directories, d)
	}
	var same *Set
	if l.kept != nil {
		same = l.previous
	}
	l.set.build(same)
	return l.set
}

// digest hashes words, 16 hex digits.
func digest(words ...string) string {
	h := sha256.New()
	var b []byte
	for _, w := range words {
		b = append(append(strconv.AppendInt(b[:0], int64(len(w)), 10), ':'), w...)
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

func revision(directory, text string) string { return digest(directory, text) }

// Directories lists the state of each directory, the top first, then by name. It must not be changed.
func (s *Set) Directories() []Directory { return s.directories }

// Problems lists what is wrong in all directories, warnings too, ordered by file and place.
func (s *Set) Problems() []document.Problem {
	var all []document.Problem
	for _, d := range s.directories {
		all = append(all, d.Problems...)
	}
	return document.Sort(all)
}

// Rules lists every rule that is loaded, also those that are not enabled, by directory, file and place. It must not be
// changed.
func (s *Set) Rules() []*Rule { return s.rules }

// Revision gives a hash over the rules that are loaded: 16 hex digits, the same for the same rules.
func (s *Set) Revision() string {
	words := make([]string, 0, 2*len(s.rules))
	for _, r := range s.rules {
		words = append(words, r.Directory, r.Revision)
	}
	return digest(words...)
}
