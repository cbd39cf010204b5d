package rules

import (
	"slices"
	"strings"

	"shopbell/document"
)

// A Folder is one directory of rules as it is in use. By its Revision two machines tell whether they work by the same
// rules.
type Folder struct {
	Directory string // "" for the rules of every store, else the store's id
	// Revision is a hash over the rules in use, 16 hex digits. Names and order of files do not matter, nor does what is
	// wrong with them: a directory that keeps its last good rules keeps their revision.
	Revision string
	Rules    int // in use, also those that are not enabled
	Problems int // of the files as they are now, warnings left out
}

// Folders lists what is in use of each directory, the top first, then by name. It is computed anew at each call, in time
// that grows with the number of rules, and may be called at once.
func (s *Set) Folders() []Folder {
	list := make([]Folder, len(s.directories))
	for i, d := range s.directories {
		problems, _ := document.Split(d.Problems)
		inUse := s.loaded[d.Name]
		list[i] = Folder{Directory: d.Name, Revision: inUseRevision(inUse), Rules: len(inUse), Problems: len(problems)}
	}
	return list
}

// inUseRevision hashes rules of one directory, where each name is unique.
func inUseRevision(list []*Rule) string {
	ordered := slices.SortedFunc(slices.Values(list), func(a, b *Rule) int { return strings.Compare(a.Name, b.Name) })
	words := make([]string, 0, 2*len(ordered))
	for _, r := range ordered {
		words = append(words, r.Name, r.Revision)
	}
	return digest(words...)
}
