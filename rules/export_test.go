package rules

import (
	"io/fs"

	"shopbell/document"
)

// LoadFS is Load of files that need not be on a disk.
func LoadFS(files fs.FS, w World, previous *Set) *Set { return load(files, "rules", w, previous) }

// LoadFoldersFS is LoadFolders of files that need not be on a disk.
func LoadFoldersFS(files fs.FS, w World, previous *Set, changed []string) *Set {
	return loadFolders(files, "rules", w, previous, changed)
}

// Unkept gives a set of which a load keeps the rules of broken directories only, as if the files were new.
func (s *Set) Unkept() *Set {
	if s == nil {
		return nil
	}
	return &Set{loaded: s.loaded}
}

// Candidates tells how many rules an event is held against.
func (s *Set) Candidates(in *Input) int {
	l := s.listeners(in.Event.Source, in.Event.Type)
	if l == nil {
		return 0
	}
	return len(candidates(l.groups(in.Event.Store), environment(in, l.noun, true)))
}

// Made gives what is made of a rule's condition, for comparing it with another's: the necessities, and the program.
func (r *Rule) Made() []any {
	if r.condition == nil {
		return nil
	}
	p := r.condition.vm
	return []any{r.necessities, r.need, r.self, r.envelope, p.Constants, p.Bytecode, p.Arguments, r.condition.cast, r.condition.code}
}

// A Read is what was made of one file, without what is told of a whole directory.
type Read struct {
	Rules    []*Rule
	Filled   int // conditions that were made of blanks
	problems []document.Problem
}

// ReadEach reads files one by one, so that one has nothing of another. Every rule is there, also one that has problems.
func ReadEach(w World, texts ...string) (all []Read) {
	crew := newLoading("", w, nil).crew
	for _, text := range texts {
		r := crew.reader("")
		r.blanks = &blanks{}
		all = append(all, Read{Rules: r.read("r.yaml", []byte(text)), Filled: r.filledIn, problems: r.problems})
		crew.rest(r)
	}
	crew.disband()
	return all
}

// Told lists what is wrong with some lines, as if they were the first.
func (r Read) Told(from, to int) (all []document.Problem) {
	for _, p := range r.problems {
		if from <= p.Line && p.Line <= to {
			p.Line -= from
			p.Source = ""
			all = append(all, p)
		}
	}
	return all
}
