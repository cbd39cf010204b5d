package rules

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"shopbell/document"
)

// A reading is what was made of one file's text. It is read-only, and kept for the next load: the same text at the same
// place, in the same world, makes the same again. What else a reading comes to depend on has to be held against the
// earlier one where it is kept: see [loadingFile.read].
type reading struct {
	text     []byte
	mentions bool     // the text may define something
	sum      string   // of the text
	defined  string   // sum of the directory's definitions
	uses     []string // names of definitions
	rules    []*Rule
	names    []naming
	sorted   []string // the names, in alphabetical order
	deeds    []*deed
	things   map[thing]bool // that the rules name, and whether they were there
	sights   sight          // of files that the rules name
	problems []document.Problem
}

// readings are those of a directory, by the name of the file. They are read-only.
type readings map[string]*reading

// readings gives what was made of the files.
func (p *loadingPart) readings() readings {
	all := make(readings, len(p.files))
	for _, f := range p.files {
		if f.reading != nil {
			all[f.name] = f.reading
		}
	}
	return all
}

// A naming is a rule's name where it stands. Whether it is the first one is told when all files are there.
type naming struct {
	name         string
	line, column int
	quiet        bool // the line has a problem already
}

// loadingFile is one file of a load in progress.
type loadingFile struct {
	name    string                              // as shown
	open    func(*bytes.Buffer) ([]byte, error) // what it gives may be the buffer's
	text    []byte
	old     *reading // of the load before, when the text is the same
	defines bool     // the text may define something
	refused string   // why it is not read
	reading *reading
	kept    bool // it is from the load before
}

// batch is how many files are opened before the bounds of their directory are looked at again.
const batch = 64

// read reads the files of a directory, some of them at once, and then puts together in order what was found.
func (p *loadingPart) read(l *loading) {
	p.texts(l)
	defined := p.define(l)
	l.crew.each(len(p.files), func(i int) { p.files[i].read(l, p.directory, defined) })
	p.distinct = p.areDistinct(l.distinct[p.directory])
	seen := map[string]string{}
	rules := 0
	for _, f := range p.files {
		if f.reading != nil {
			rules += len(f.reading.rules)
		}
	}
	p.rules, p.hash = make([]*Rule, 0, rules), make([]string, 0, 2*len(p.files))
	for _, f := range p.files {
		p.gather(f, seen)
	}
	p.together()
	if slices.ContainsFunc(p.files, func(f *loadingFile) bool { return f.reading != nil && len(f.reading.sights) > 0 }) {
		// What is wrong with a template shows in each file that uses it, and is told once.
		p.problems = slices.CompactFunc(document.Sort(p.problems), sameProblem)
	}
	p.examine(l, defined)
}

// areDistinct tells whether no two rules of a directory have one name. before says that of the rules of the load before.
func (p *loadingPart) areDistinct(before bool) bool {
	var fresh []*loadingFile
	all := 0
	for _, f := range p.files {
		if f.reading == nil {
			continue
		}
		all += len(f.reading.sorted)
		if !f.kept {
			fresh = append(fresh, f)
		}
	}
	if !before || len(fresh) > 10 {
		seen := make(map[string]bool, all)
		for _, f := range p.files {
			if f.reading != nil {
				for _, name := range f.reading.sorted {
					seen[name] = true
				}
			}
		}
		return len(seen) == all
	}
	for _, f := range fresh {
		for i, name := range f.reading.sorted {
			if i > 0 && f.reading.sorted[i-1] == name {
				return false
			}
		}
		for _, other := range p.files {
			if other != f && other.reading != nil && overlap(f.reading.sorted, other.reading.sorted) {
				return false
			}
		}
	}
	return true
}

// overlap tells whether two lists in alphabetical order have a name in common.
func overlap(a, b []string) bool {
	for len(a) > 0 && len(b) > 0 {
		switch c := strings.Compare(a[0], b[0]); {
		case c == 0:
			return true
		case c < 0:
			at, _ := slices.BinarySearch(a, b[0])
			a = a[at:]
		default:
			at, _ := slices.BinarySearch(b, a[0])
			b = b[at:]
		}
	}
	return false
}

// texts reads the texts of the files up to the bounds, and forgets the files that are beyond.
func (p *loadingPart) texts(l *loading) {
	bytes := 0
	for from := 0; from < len(p.files); from += batch {
		some := p.files[from:min(from+batch, len(p.files))]
		l.crew.each(len(some), func(i int) { some[i].take(l, l.kept[p.directory]) })
		for i, f := range some {
			if bytes += len(f.text); bytes > maxDirSize || from+i == maxFiles {
				f.refused = fmt.Sprintf("a directory may have %d rule files and %d MB; this one has more", maxFiles, maxDirSize>>20)
				p.files = p.files[:from+i+1]
				return
			}
		}
	}
}

func (f *loadingFile) take(l *loading, kept readings) {
	buffer := l.crew.buffers.Get().(*bytes.Buffer)
	defer l.crew.buffers.Put(buffer)
	text, err := f.open(buffer)
	if err != nil {
		f.refused = "the file cannot be read: " + reason(err)
		return
	}
	if old := kept[f.name]; old != nil && bytes.Equal(old.text, text) {
		f.old, f.text, f.defines = old, old.text, old.mentions
		return
	}
	f.text = bytes.Clone(text)
	f.defines = bytes.Contains(text, []byte("define"))
}

// readBounded reads at most one byte more than a file may have, so that no file can fill the memory. What it gives is the
// buffer's, for most files are as they were, and nobody keeps what was read.
func readBounded(files fs.FS, name string, b *bytes.Buffer) ([]byte, error) {
	info, err := fs.Stat(files, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a file") // opening a pipe waits for who writes
	}
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b.Reset()
	b.Grow(int(min(max(info.Size(), 0), document.MaxBytes)) + bytes.MinRead)
	_, err = b.ReadFrom(io.LimitReader(f, document.MaxBytes+1))
	return b.Bytes(), err
}

// read makes rules of the file's text, unless they were made before.
func (f *loadingFile) read(l *loading, directory string, defined *definitions) {
	if f.refused != "" {
		return
	}
	if f.old != nil && f.old.defined == defined.sum && l.world.still(f.old.things) && l.crew.beside.still(f.old.sights) {
		f.reading, f.kept = f.old, true
		return
	}
	r := l.crew.reader(directory)
	r.defined = defined
	sum := sha256.Sum256(f.text)
	f.reading = &reading{text: f.text, mentions: f.defines, sum: hex.EncodeToString(sum[:]), defined: defined.sum, rules: r.read(f.name, f.text), names: r.namings}
	f.reading.uses, f.reading.deeds = slices.Sorted(maps.Keys(r.usesAll)), r.deeds
	f.reading.things, f.reading.sights = r.things, r.sights
	for i, rule := range f.reading.rules {
		rule.place = i
	}
	for _, n := range r.namings {
		f.reading.sorted = append(f.reading.sorted, n.name)
	}
	slices.Sort(f.reading.sorted)
	f.reading.problems = r.problems[:min(len(r.problems), maxProblems+1)]
	l.crew.rest(r)
}

// gather adds a file to what was found so far.
func (p *loadingPart) gather(f *loadingFile, seen map[string]string) {
	if f.refused != "" {
		p.problems = append(p.problems, document.Problem{File: f.name, Message: f.refused})
		return
	}
	p.hash = append(p.hash, path.Base(filepath.ToSlash(f.name)), f.reading.sum)
	for _, name := range slices.Sorted(maps.Keys(f.reading.sights)) {
		p.hash = append(p.hash, name, f.reading.sights[name])
	}
	p.rules = append(p.rules, f.reading.rules...)
	p.problems = append(p.problems, f.reading.problems...)
	if !p.distinct {
		p.twice(f, seen)
	}
	if all := p.problems; len(all) > maxProblems {
		rest, _ := document.Split(all[maxProblems:])
		p.problems = append(all[:maxProblems:maxProblems], document.Problem{
			File: f.name, Warning: len(rest) == 0, Message: fmt.Sprintf("there are more than %d problems; the others are not shown", maxProblems),
		})
	}
}

// twice tells of names that a rule before has already. seen says where, by name.
func (p *loadingPart) twice(f *loadingFile, seen map[string]string) {
	var file *document.File // to show its lines; parsed again only for this
	for _, n := range f.reading.names {
		before, taken := seen[n.name]
		if !taken {
			seen[n.name] = fmt.Sprintf("%s, line %d", f.name, n.line)
			continue
		}
		if n.quiet || len(p.problems) > maxProblems {
			continue
		}
		if file == nil {
			file, _ = document.Parse(f.name, f.text)
		}
		p.problems = append(p.problems, file.Place(n.line, n.column, fmt.Sprintf("a rule named %q exists already", n.name), "It is in "+before+"."))
	}
}
