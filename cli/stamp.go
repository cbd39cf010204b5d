package cli

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A stamp stands for how a rules folder is: names, sizes, times and permissions of what is in it and in the folders of
// stores and of templates, links followed. No file is read. Two stamps are equal when, as far as that tells, nothing has changed.
type stamp [sha256.Size]byte

// stampOf looks at a folder. One that cannot be read has a stamp too.
func stampOf(dir string) stamp {
	h := sha256.New()
	stampFolder(h, dir, 0, false)
	return stamp(h.Sum(nil))
}

// templates is the folder of templates, beside rules.
const templates = "templates"

// deepest bounds the folders inside each other that are looked at: a link may lead back.
const deepest = 8

func stampFolder(h hash.Hash, dir string, level int, inTemplates bool) {
	stampOne(h, dir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		h.Write([]byte(err.Error()))
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		path := filepath.Join(dir, e.Name())
		in := inTemplates || e.Name() == templates
		if (level == 0 || in) && level < deepest && isFolder(path, e) {
			stampFolder(h, path, level+1, in)
			continue
		}
		stampOne(h, path)
	}
}

// stampOne adds one file or folder.
func stampOne(h hash.Hash, path string) {
	h.Write([]byte(path))
	info, err := os.Stat(path)
	if err != nil {
		h.Write([]byte(err.Error()))
		return
	}
	var about [25]byte
	binary.LittleEndian.PutUint64(about[1:], uint64(info.Size()))
	binary.LittleEndian.PutUint64(about[9:], uint64(info.ModTime().UnixNano()))
	binary.LittleEndian.PutUint64(about[17:], uint64(info.Mode()))
	h.Write(about[:]) // begins with a zero, which no path has
}

// isFolder follows a symbolic link.
func isFolder(path string, e fs.DirEntry) bool {
	if e.Type()&fs.ModeSymlink == 0 {
		return e.IsDir()
	}
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
