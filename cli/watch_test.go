package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"

	"shopbell/document"
	"shopbell/rules"
)

// watched is a rules folder whose rules are kept and watched, as `serve` does.
type watched struct {
	*testing.T
	*keeper
	swaps chan *rules.Set
	lines *lines
	// always is what holds of every set that is swapped in; nil for nothing.
	always func(*rules.Set) bool
}

// lines is a log.
type lines struct {
	mu  sync.Mutex
	all []string
}

// Write implements [io.Writer]; slog writes one line at a time.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, string(p))
	return len(p), nil
}

func (l *lines) count(words string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, line := range l.all {
		if strings.Contains(line, words) {
			n++
		}
	}
	return n
}

// watching makes a folder of files and watches it until the test ends. change may change the watcher before it starts.
func watching(t *testing.T, files map[string]string, change func(*watcher)) *watched {
	t.Helper()
	f := keeping(t, filepath.Join(t.TempDir(), "rules"), files)
	f.run(change)
	return f
}

// keeping makes a folder of files and reads it.
func keeping(t *testing.T, dir string, files map[string]string) *watched {
	t.Helper()
	f := &watched{T: t, swaps: make(chan *rules.Set, 1000), lines: new(lines)}
	for name, text := range files {
		f.write(filepath.Join(dir, name), text)
	}
	f.keeper = newKeeper(dir, defaultWorld(), slog.New(slog.NewTextHandler(f.lines, nil)))
	f.use = func(s *rules.Set) { f.swaps <- s }
	return f
}

func (f *watched) run(change func(*watcher)) {
	w := newWatcher(f.keeper)
	if change != nil {
		change(w)
	}
	var once sync.Once
	ended, looked := make(chan struct{}), make(chan struct{})
	w.looked = func() { once.Do(func() { close(looked) }) }
	ctx := f.Context()
	go func() {
		w.run(ctx)
		close(ended)
	}()
	f.Cleanup(func() { <-ended })
	<-looked // what changes from now on is not found by the first look
}

// path gives the path of a file of the rules folder.
func (f *watched) path(name string) string { return filepath.Join(f.dir, name) }

func (f *watched) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *watched) write(path, text string) {
	f.Helper()
	f.must(os.MkdirAll(filepath.Dir(path), 0o755))
	f.must(os.WriteFile(path, []byte(text), 0o644))
}

// until waits for a set of which something is true.
func (f *watched) until(what string, is func(*rules.Set) bool) *rules.Set {
	f.Helper()
	late := time.After(30 * time.Second)
	for {
		select {
		case s := <-f.swaps:
			if f.always != nil && !f.always(s) {
				f.Errorf("a set was swapped in that has %q", names(s))
			}
			if is(s) {
				return s
			}
		case <-late:
			f.Fatalf("never: %s; in use are %q, and the log says\n%s", what, names(f.set()), strings.Join(f.lines.all, ""))
		}
	}
}

// untilRules waits until these rules are in use, and no folder is broken.
func (f *watched) untilRules(want ...string) {
	f.Helper()
	slices.Sort(want)
	f.until("the rules "+strings.Join(want, " "), func(s *rules.Set) bool {
		problems, _ := document.Split(s.Problems())
		return slices.Equal(names(s), want) && len(problems) == 0
	})
}

// names lists the rules of a set.
func names(s *rules.Set) []string {
	var all []string
	for _, r := range s.Rules() {
		all = append(all, r.ID())
	}
	slices.Sort(all)
	return all
}

// rule is a rule file that has one rule.
func rule(name string) string {
	return "rules:\n  - name: " + name + "\n    when: order.created\n    then:\n      - log: { message: \"{{ order.id }}\" }\n"
}

// savings are the ways in which editors and tools save a file.
func savings() map[string]func(f *watched, path, text string) {
	rename := func(f *watched, from, to string) { f.must(os.Rename(from, to)) }
	return map[string]func(f *watched, path, text string){
		"in place": func(f *watched, path, text string) { f.write(path, text) },
		"emptied, then written in two parts": func(f *watched, path, text string) {
			file, err := os.Create(path)
			f.must(err)
			for _, part := range []string{text[:40], text[40:]} {
				_, err := file.WriteString(part)
				f.must(err)
				f.must(file.Sync())
			}
			f.must(file.Close())
		},
		"another file renamed over it": func(f *watched, path, text string) {
			f.write(path+".tmp", text)
			rename(f, path+".tmp", path)
		},
		"a hidden file renamed over it": func(f *watched, path, text string) {
			hidden := filepath.Join(filepath.Dir(path), ".goutputstream-X")
			f.write(hidden, text)
			f.must(os.Chmod(hidden, 0o600))
			rename(f, hidden, path)
		},
		"vim with a backup": func(f *watched, path, text string) {
			f.write(filepath.Join(filepath.Dir(path), "4913"), "")
			f.must(os.Remove(filepath.Join(filepath.Dir(path), "4913")))
			rename(f, path, path+"~")
			f.write(path, text)
			f.must(os.Chmod(path, 0o640))
			f.must(os.Remove(path + "~"))
		},
		"removed and written again": func(f *watched, path, text string) {
			f.must(os.Remove(path))
			f.write(path, text)
		},
		"from outside": func(f *watched, path, text string) {
			outside := filepath.Join(filepath.Dir(f.dir), "outside.yaml")
			f.write(outside, text)
			rename(f, outside, path)
		},
	}
}

// TestSaving holds that every way of saving a file is seen, twice in a row, and that no other folder ever loses its rules.
func TestSaving(t *testing.T) {
	for how, save := range savings() {
		for _, file := range []string{"top.yaml", "1003/own.yaml"} {
			t.Run(how+" "+filepath.Dir(file), func(t *testing.T) {
				t.Parallel()
				f := watching(t, map[string]string{file: rule("old"), "1004/other.yaml": rule("other")}, nil)
				f.always = func(s *rules.Set) bool { return slices.Contains(names(s), "1004/other") && len(names(s)) == 2 }
				id := strings.TrimPrefix(filepath.Dir(file)+"/", "./")
				save(f, f.path(file), rule("new"))
				f.untilRules("1004/other", id+"new")
				save(f, f.path(file), rule("newer"))
				f.untilRules("1004/other", id+"newer")
			})
		}
	}
}

// TestFolders holds that folders which come, go and change places are seen, and that what changes in them afterwards is
// seen too.
func TestFolders(t *testing.T) {
	before := map[string]string{"top.yaml": rule("top"), "1003/own.yaml": rule("own")}
	for name, run := range map[string]func(f *watched){
		"a new store": func(f *watched) {
			f.write(f.path("1005/a.yaml"), rule("a"))
			f.untilRules("top", "1003/own", "1005/a")
			f.write(f.path("1005/a.yaml"), rule("b"))
			f.untilRules("top", "1003/own", "1005/b")
		},
		"removed and made again": func(f *watched) {
			f.must(os.RemoveAll(f.path("1003")))
			f.untilRules("top")
			f.write(f.path("1003/own.yaml"), rule("back"))
			f.untilRules("top", "1003/back")
			f.write(f.path("1003/own.yaml"), rule("again"))
			f.untilRules("top", "1003/again")
		},
		"another in its place": func(f *watched) {
			f.write(filepath.Join(filepath.Dir(f.dir), "next/own.yaml"), rule("next"))
			f.must(os.Rename(f.path("1003"), filepath.Join(filepath.Dir(f.dir), "gone")))
			f.must(os.Rename(filepath.Join(filepath.Dir(f.dir), "next"), f.path("1003")))
			f.untilRules("top", "1003/next")
			f.write(f.path("1003/own.yaml"), rule("again"))
			f.untilRules("top", "1003/again")
		},
		"another rules folder": func(f *watched) {
			f.write(filepath.Join(filepath.Dir(f.dir), "next/other.yaml"), rule("next"))
			f.must(os.Rename(f.dir, f.dir+".old"))
			f.must(os.Rename(filepath.Join(filepath.Dir(f.dir), "next"), f.dir))
			f.untilRules("next")
			f.write(f.path("1003/own.yaml"), rule("again"))
			f.untilRules("next", "1003/again")
		},
		"no rules folder for a moment": func(f *watched) {
			f.always = func(s *rules.Set) bool { return slices.Equal(names(s), []string{"1003/own", "top"}) }
			f.must(os.Rename(f.dir, f.dir+".old"))
			f.until("a problem", func(s *rules.Set) bool {
				return len(s.Problems()) == 1 && strings.Contains(s.Problems()[0].Message, "it does not exist")
			})
			f.must(os.Rename(f.dir+".old", f.dir))
			f.untilRules("top", "1003/own")
			f.always = nil
			f.write(f.path("1003/own.yaml"), rule("again"))
			f.untilRules("top", "1003/again")
		},
		"many files one by one": func(f *watched) {
			want := []string{"top", "1003/own"}
			for i := range 300 {
				f.write(f.path(fmt.Sprintf("%d/%d.yaml", 2000+i%30, i)), rule(fmt.Sprint("r", i)))
				want = append(want, fmt.Sprintf("%d/r%d", 2000+i%30, i))
			}
			f.untilRules(want...)
			if n := f.lines.count("rules reloaded"); n > 30 {
				f.Errorf("300 files were read %d times", n)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(watching(t, before, nil))
		})
	}
}

// link makes a link, or has one lead elsewhere in one step, as Kubernetes does.
func (f *watched) link(to, at string) {
	f.Helper()
	f.must(os.MkdirAll(filepath.Dir(at), 0o755))
	f.must(os.Symlink(to, at+"_tmp"))
	f.must(os.Rename(at+"_tmp", at))
}

// TestLinks holds that links which lead elsewhere are followed: those of a ConfigMap, of a store's folder, and of the whole.
func TestLinks(t *testing.T) {
	t.Run("config map", func(t *testing.T) {
		t.Parallel()
		f := &watched{T: t}
		dir := filepath.Join(t.TempDir(), "rules")
		for _, mount := range []string{dir, filepath.Join(dir, "1003")} {
			f.write(filepath.Join(mount, "..2026_1/sales.yaml"), rule("first"))
			f.link("..2026_1", filepath.Join(mount, "..data"))
			f.link("..data/sales.yaml", filepath.Join(mount, "sales.yaml"))
		}
		f = keeping(t, dir, nil)
		f.run(nil)
		for i, mount := range []string{dir, filepath.Join(dir, "1003"), dir} {
			name := fmt.Sprint("..2026_", i+2)
			f.write(filepath.Join(mount, name, "sales.yaml"), rule(fmt.Sprint("edit", i)))
			f.link(name, filepath.Join(mount, "..data"))
			f.until(fmt.Sprint("edit", i), func(s *rules.Set) bool { return strings.Contains(strings.Join(names(s), " "), fmt.Sprint("edit", i)) })
		}
		if got := names(f.set()); !slices.Equal(got, []string{"1003/edit1", "edit2"}) {
			t.Errorf("in use are %q", got)
		}
	})
	t.Run("folder of a store", func(t *testing.T) {
		t.Parallel()
		f := &watched{T: t}
		dir := filepath.Join(t.TempDir(), "rules")
		releases := filepath.Join(dir, ".releases") // a link that leads out of the rules is not followed
		f.write(filepath.Join(releases, "1/own.yaml"), rule("one"))
		f.write(filepath.Join(releases, "2/own.yaml"), rule("two"))
		f.link(".releases/1", filepath.Join(dir, "1003"))
		f = keeping(t, dir, nil)
		f.run(nil)
		f.link(".releases/2", f.path("1003"))
		f.untilRules("1003/two")
		f.write(filepath.Join(releases, "2/own.yaml"), rule("three"))
		f.untilRules("1003/three")
		f.must(os.Rename(filepath.Join(releases, "2"), filepath.Join(releases, "3")))
		f.link(".releases/gone", f.path("1003"))
		s := f.until("a problem", func(s *rules.Set) bool { return len(s.Problems()) > 0 })
		if got := names(s); !slices.Equal(got, []string{"1003/three"}) {
			t.Errorf("with a link that leads nowhere, in use are %q", got)
		}
	})
	t.Run("rules folder", func(t *testing.T) {
		t.Parallel()
		releases := t.TempDir()
		f := &watched{T: t}
		f.write(filepath.Join(releases, "1/top.yaml"), rule("one"))
		f.write(filepath.Join(releases, "2/top.yaml"), rule("two"))
		f.link(filepath.Join(releases, "1"), filepath.Join(releases, "current"))
		f = keeping(t, filepath.Join(releases, "current"), nil)
		f.run(nil)
		f.link(filepath.Join(releases, "2"), f.dir)
		f.untilRules("two")
		f.write(filepath.Join(releases, "2/1003/own.yaml"), rule("three"))
		f.untilRules("two", "1003/three")
	})
}

// TestPermissionTakenAndGivenBack holds that a file which may not be read keeps its folder as it was, and that it is
// enough to permit it again.
func TestPermissionTakenAndGivenBack(t *testing.T) {
	if os.Geteuid() == 0 { // who may read everything
		asNobody(t)
		return
	}
	f := watching(t, map[string]string{"1003/own.yaml": rule("own"), "1004/other.yaml": rule("other")}, nil)
	f.always = func(s *rules.Set) bool { return slices.Equal(names(s), []string{"1003/own", "1004/other"}) }
	for _, name := range []string{"1003/own.yaml", "1003", "."} {
		f.must(os.Chmod(f.path(name), 0))
		f.until("a problem", func(s *rules.Set) bool {
			return len(s.Problems()) == 1 && strings.Contains(s.Problems()[0].Message, "not permitted")
		})
		f.must(os.Chmod(f.path(name), 0o755))
		f.untilRules("1003/own", "1004/other")
	}
}

// TestBeforeWatching holds that a change between the first reading and the watching is seen.
func TestBeforeWatching(t *testing.T) {
	f := keeping(t, filepath.Join(t.TempDir(), "rules"), map[string]string{"1003/own.yaml": rule("old")})
	f.write(f.path("1003/own.yaml"), rule("new one"))
	f.run(nil)
	f.until("a swap", func(*rules.Set) bool { return true })
}

// TestNotWatched holds that changes are seen where the system does not watch, or not every folder, and that this is told
// once; and that it is told when it can be watched after all.
func TestNotWatched(t *testing.T) {
	full := func(dir string) func(*fsnotify.Watcher, string) error {
		return func(w *fsnotify.Watcher, path string) error {
			if filepath.Base(path) == dir {
				return syscall.ENOSPC
			}
			return w.Add(path)
		}
	}
	for name, change := range map[string]func(*watcher){
		"no watcher":      func(w *watcher) { w.open = func() (*fsnotify.Watcher, error) { return nil, syscall.EMFILE } },
		"not one folder":  func(w *watcher) { w.add = full("rules") },
		"not every store": func(w *watcher) { w.add = full("1003") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := watching(t, map[string]string{"top.yaml": rule("top"), "1003/own.yaml": rule("old")}, func(w *watcher) {
				change(w)
				w.blindEvery = time.Millisecond
			})
			for i := range 3 {
				own := fmt.Sprint("own", i)
				f.write(f.path("1003/own.yaml"), rule(own))
				f.untilRules("top", "1003/"+own)
			}
			if n := f.lines.count("cannot be watched"); n != 1 {
				t.Errorf("told %d times", n)
			}
		})
	}
	t.Run("for a while", func(t *testing.T) {
		t.Parallel()
		tries := 0
		f := watching(t, map[string]string{"1003/own.yaml": rule("old")}, func(w *watcher) {
			w.blindEvery = time.Millisecond
			w.open = func() (*fsnotify.Watcher, error) {
				if tries++; tries < 5 {
					return nil, syscall.EMFILE
				}
				return fsnotify.NewWatcher()
			}
		})
		f.write(f.path("1003/own.yaml"), rule("new"))
		f.untilRules("1003/new")
		f.write(f.path("1003/own.yaml"), rule("newer"))
		f.untilRules("1003/newer")
		if told, again := f.lines.count("cannot be watched"), f.lines.count("can be watched again"); told != 1 || again != 1 {
			t.Errorf("told %d times, and %d times that it can be watched again", told, again)
		}
	})
}

// TestMoreChangesThanTheSystemTells holds that nothing is missed when the system's queue of changes overflows.
func TestMoreChangesThanTheSystemTells(t *testing.T) {
	text, err := os.ReadFile("/proc/sys/fs/inotify/max_queued_events")
	most, wrong := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || wrong != nil || most > 100_000 {
		if os.Getenv("SHOPBELL_REQUIRE_ALL") != "" {
			t.Fatal("SHOPBELL_REQUIRE_ALL is set, and the queue of this system cannot be filled", errors.Join(err, wrong))
		}
		t.Skip("the queue of this system cannot be filled", errors.Join(err, wrong))
	}
	f := keeping(t, filepath.Join(t.TempDir(), "rules"), map[string]string{"top.yaml": rule("top")})
	busy, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	swapped := f.use
	f.use = func(s *rules.Set) {
		once.Do(func() { close(busy); <-goOn })
		swapped(s)
	}
	f.run(nil)
	f.write(f.path("top.yaml"), rule("changed"))
	<-busy // nobody listens to the system now
	for range most + 8192 {
		f.must(os.Chmod(f.path("top.yaml"), 0o644))
		f.must(os.Chmod(f.dir, 0o755))
	}
	f.write(f.path("1005/new.yaml"), rule("new"))
	close(goOn)
	f.untilRules("changed", "1005/new")
	f.write(f.path("1005/new.yaml"), rule("newer"))
	f.untilRules("changed", "1005/newer")
}
