package rules

import (
	"io/fs"
	"os"
)

// LoadFolders is Load where it is known in which directories files have changed since previous was loaded, "" for the top.
// The others are left as they are, without a look at their files. Where that cannot be right, all are read: when the world is
// another, or a file or a directory is a link, which may lead to what has changed.
func LoadFolders(dir string, w World, previous *Set, changed []string) *Set {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return load(os.DirFS(dir), dir, w, previous)
	}
	defer root.Close()
	return loadFolders(root.FS(), dir, w, previous, changed)
}

func loadFolders(files fs.FS, dir string, w World, previous *Set, changed []string) *Set {
	l := newLoading(dir, w, previous)
	if previous != nil && !previous.linked && l.kept != nil {
		l.changed = make(map[string]bool, len(changed))
		for _, name := range changed {
			l.changed[name] = true
		}
	}
	return l.read(files)
}

// unchanged gives, by name, the directories that are as they were; none when nobody knows.
func (l *loading) unchanged() map[string]*Directory {
	if l.changed == nil {
		return nil
	}
	all := make(map[string]*Directory, len(l.previous.directories))
	for i := range l.previous.directories {
		if d := &l.previous.directories[i]; !l.changed[d.Name] && l.crew.beside.still(l.previous.sights[d.Name]) {
			all[d.Name] = d
		}
	}
	return all
}

// keep leaves a directory as it was.
func (l *loading) keep(d *Directory) {
	l.parts[d.Name] = &loadingPart{directory: d.Name, used: true, kept: d}
}
