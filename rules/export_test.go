package rules

import "io/fs"

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
