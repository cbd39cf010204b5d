package plugin

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"shopbell/actions"
	"shopbell/document"
)

// The bounds of what is looked at to see whether a plugin has changed. What is beyond is told by size and time.
const (
	maxLooked = 10_000   // files of one plugin
	maxHashed = 32 << 20 // bytes of their content
)

// inside follows symbolic links, and refuses what leads out of a folder.
func inside(root, path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", errors.New("it cannot be read: " + reason(err))
	}
	if real != root && !strings.HasPrefix(real, root+string(filepath.Separator)) {
		return "", errors.New("it is a link that leads out of the folder")
	}
	return real, nil
}

// look goes through the files of a plugin: it gives what stands for all of them, and refuses what anybody may change. Folders whose
// name begins with a dot are left out, so that a plugin may keep something there.
func look(folder, shown string) (sumOf, []document.Problem) {
	h := sha256.New()
	var problems []document.Problem
	left, seen := int64(maxHashed), 0
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path != folder && stampless(e.Name()) {
			if e.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		if seen++; seen > maxLooked {
			return filepath.SkipAll
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		below, _ := filepath.Rel(folder, path)
		fmt.Fprintf(h, "%q %o %d\n", below, info.Mode(), info.Size())
		if info.Mode()&fs.ModeSymlink != 0 {
			_, err := inside(folder, path)
			if err != nil {
				problems = append(problems, document.Problem{File: filepath.Join(shown, below), Message: err.Error(), Hint: "Put the file itself there."})
			}
			return nil
		}
		if info.Mode()&0o002 != 0 && runtime.GOOS != "windows" {
			problems = append(problems, document.Problem{File: filepath.Join(shown, below), Message: "anybody may change this, and so what is run",
				Hint: fmt.Sprintf("Take that right away: chmod o-w %s", filepath.Join(shown, below))})
		}
		if !info.Mode().IsRegular() {
			return nil
		}
		if info.Size() > left {
			fmt.Fprintln(h, info.ModTime().UnixNano())
			return nil
		}
		left -= info.Size()
		return addFile(h, path)
	})
	if err != nil {
		problems = append(problems, document.Problem{File: shown, Message: "its files cannot be read: " + reason(err)})
	}
	return sumOf(h.Sum(nil)), problems
}

func addFile(to io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(to, f)
	return err
}

// runnable checks the program of a plugin; wrong tells of a problem.
func runnable(d *declared, folder, path string) (document.Problem, bool) {
	file := filepath.FromSlash(d.manifest.Run[0])
	problem := func(message, hint string) (document.Problem, bool) {
		return document.Problem{File: path, Message: message, Hint: hint}, true
	}
	if !filepath.IsLocal(file) {
		return problem(fmt.Sprintf("the program %s is not in the plugin's folder", d.manifest.Run[0]), "Put it there: run: begins at that folder.")
	}
	file = filepath.Join(folder, file)
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return problem(fmt.Sprintf("the program %s is not there", d.manifest.Run[0]), "Build it, or correct run:.")
	case err != nil:
		return problem("the program cannot be read: "+reason(err), "")
	case !info.Mode().IsRegular():
		return problem(fmt.Sprintf("the program %s is not an ordinary file", d.manifest.Run[0]), "")
	case info.Mode()&0o111 == 0 && runtime.GOOS != "windows":
		return problem(fmt.Sprintf("the program %s may not be run", d.manifest.Run[0]), fmt.Sprintf("Say that it may: chmod +x %s", filepath.Join(filepath.Dir(path), d.manifest.Run[0])))
	}
	if _, err := inside(folder, file); err != nil {
		return problem("the program "+d.manifest.Run[0]+": "+err.Error(), "Put the file itself there.")
	}
	if pin := d.manifest.SHA256; pin != "" {
		if sum, err := hashOf(file); err != nil || sum != pin {
			return problem(fmt.Sprintf("the program %s has another hash than sha256: says", d.manifest.Run[0]), "It is now "+sum+". Write that, if it is the right program.")
		}
	}
	return document.Problem{}, false
}

func hashOf(path string) (string, error) {
	h := sha256.New()
	if err := addFile(h, path); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// pinned makes sure that the program about to be started is the one that its hash names.
func (g *program) pinned() error {
	if g.pin == "" {
		return nil
	}
	g.guard.Lock()
	defer g.guard.Unlock()
	info, err := os.Stat(g.path())
	if err != nil {
		return g.notStarted(err)
	}
	if k := g.known; k != nil && os.SameFile(k, info) && k.ModTime().Equal(info.ModTime()) && k.Size() == info.Size() {
		return nil
	}
	sum, err := hashOf(g.path())
	if err != nil {
		return g.notStarted(err)
	}
	if sum != g.pin {
		return actions.RetryAfter(0, fmt.Errorf("the plugin %s is not run: its program has another hash than sha256: says", g.name))
	}
	g.known = info
	return nil
}

// Stamped stands for how the files of a folder are.
type Stamped = [sha256.Size]byte

// Stamp looks at the files of a folder of plugins without reading them: when it is the same, nothing has changed, as far as names,
// sizes, times and permissions tell.
func Stamp(dir string) Stamped {
	h := sha256.New()
	seen := 0
	var look func(dir string, depth int)
	look = func(dir string, depth int) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			fmt.Fprintln(h, err)
			return
		}
		for _, e := range entries {
			if seen++; seen > maxLooked || stampless(e.Name()) {
				continue
			}
			path := filepath.Join(dir, e.Name())
			info, err := os.Stat(path)
			if err != nil {
				fmt.Fprintln(h, path, err)
				continue
			}
			if info.IsDir() {
				fmt.Fprintf(h, "%q %o\n", path, info.Mode())
				if depth < 16 && (depth == 0 || e.IsDir()) {
					look(path, depth+1)
				}
				continue
			}
			fmt.Fprintf(h, "%q %o %d %d\n", path, info.Mode(), info.Size(), info.ModTime().UnixNano())
		}
	}
	look(dir, 0)
	return Stamped(h.Sum(nil))
}
