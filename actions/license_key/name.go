package licensekey

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ending is how the files of pools end.
const ending = ".txt"

// maxName is the longest name of a pool, in bytes: file systems take 255.
const maxName = 200

// checkName refuses what cannot be a pool's name. It may come from an event, so it must not lead out of the folder.
func checkName(name string) error {
	switch {
	case len(name) > maxName || !utf8.ValidString(name):
		return errors.New("that is too long for the name of a pool")
	case strings.HasPrefix(name, "."), strings.ContainsAny(name, `/\:`), strings.ContainsFunc(name, unicode.IsControl),
		strings.TrimSpace(name) != name, !filepath.IsLocal(name + ending):
		return errors.New(`that cannot be the name of a pool: it is the name of a file, without / \ : and without a dot at its beginning`)
	}
	return nil
}

// Pools lists the pools of a folder, by name. A folder that cannot be read has none.
func Pools(folder string) []string {
	found := []string{}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return found
	}
	for _, e := range entries {
		name, is := strings.CutSuffix(e.Name(), ending)
		if is && !e.IsDir() && checkName(name) == nil {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found
}
