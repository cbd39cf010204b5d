package actions

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// ErrNoFile says that a file which a step names is not there.
var ErrNoFile = errors.New("there is no such file beside the rules")

// FilePlaces gives where a file that a step names is looked for below the folder of the rules, the first that is there counts:
// in the store's own directory and in `templates` there, then beside the rules of every store and in `templates` there. Other folders
// are only looked for in `templates`, for beside the rules they are of other stores. A name leads neither out of the folder nor to a
// rule file, nor to one that is hidden; its error is for people.
func FilePlaces(directory, name string) ([]string, error) {
	switch {
	case strings.TrimSpace(name) == "":
		return nil, errors.New("a file has a name")
	case strings.HasPrefix(name, "/") || strings.Contains(name, `\`) || strings.Contains("/"+name+"/", "/../"):
		return nil, fmt.Errorf("%q leads out of the folder of the rules", name)
	case !fs.ValidPath(name) || name == "." || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return nil, fmt.Errorf("%q cannot be the name of a file", name)
	}
	if end := strings.ToLower(path.Ext(name)); end == ".yaml" || end == ".yml" {
		return nil, fmt.Errorf("%q is a file of rules", name)
	}
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") {
			return nil, fmt.Errorf("%q is a hidden file", name)
		}
	}
	var places []string
	add := func(directory string) {
		if !strings.Contains(name, "/") || strings.HasPrefix(name, "templates/") {
			places = append(places, path.Join(directory, name))
		}
		places = append(places, path.Join(directory, "templates", name))
	}
	if directory != "" && fs.ValidPath(directory) && !strings.ContainsAny(directory, `/\`) && !strings.HasPrefix(directory, ".") {
		add(directory)
	}
	add("")
	return places, nil
}

// ReadFile reads a file that a step of a store's event names, see [FilePlaces], of at most so many bytes. Links that lead out of
// the folder are not followed. The error is for people; a file that is not there is [ErrNoFile].
func (e Env) ReadFile(store, name string, most int64) ([]byte, error) {
	places, err := FilePlaces(store, name)
	if err != nil {
		return nil, err
	}
	if e.Templates == "" {
		return nil, fmt.Errorf("%q: %w", name, ErrNoFile)
	}
	root, err := os.OpenRoot(e.Templates)
	if err != nil {
		return nil, fmt.Errorf("%q: the folder of the rules cannot be read", name)
	}
	defer root.Close()
	for _, place := range places {
		info, err := root.Stat(place)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		switch {
		case err != nil:
			return nil, fmt.Errorf("%q cannot be read", name)
		case !info.Mode().IsRegular():
			return nil, fmt.Errorf("%q is not a file", name)
		case info.Size() > most:
			return nil, fmt.Errorf("%q is larger than %s", name, size(most))
		}
		return readAll(root, place, name, most)
	}
	return nil, fmt.Errorf("%q: %w", name, ErrNoFile)
}

func readAll(root *os.Root, place, name string, most int64) ([]byte, error) {
	f, err := root.Open(place)
	if err != nil {
		return nil, fmt.Errorf("%q cannot be read", name)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, fmt.Errorf("%q cannot be read", name)
	}
	if int64(len(content)) > most { // it grew
		return nil, fmt.Errorf("%q is larger than %s", name, size(most))
	}
	return content, nil
}

// size gives a number of bytes as people read it.
func size(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.4g MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%d KB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}
