package cli

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// How often the rules folder is looked at, without being read: for changes that the system does not tell of, as those
// that another machine makes on a shared disk, and, more often, where it cannot be watched. A folder so large that a look
// takes long is looked at less often.
const (
	glanceEvery    = time.Second     // at the folder itself: another may have taken its place
	lookEvery      = time.Minute     // at all that is in it
	lookBlindEvery = 2 * time.Second // where it cannot be watched
	lookShare      = 50              // times as long as a look took, at least
)

// A watcher has the rules read again whenever files below the rules folder have changed. It watches folders, not files,
// for editors and mounts put new files in the place of old ones. One goroutine uses it.
type watcher struct {
	dir     string
	log     *slog.Logger
	refresh func(folders []string) // called when changes have come to rest: see [keeper.refresh]

	open func() (*fsnotify.Watcher, error)
	add  func(*fsnotify.Watcher, string) error
	// blindEvery is how often to look where the folder cannot be watched.
	blindEvery time.Duration
	looked     func() // called after each look

	system   *fsnotify.Watcher // nil where there is none
	watched  map[string]bool   // folders
	root     os.FileInfo       // of the rules folder that is watched; nil for none
	blind    bool              // some folder is not watched
	told     bool              // the log knows that
	whole    bool              // what is watched must be gone through again
	toldLost bool              // the log knows that changes may be missed
	touched  map[string]bool   // some of the files that changed and have not been seen to
	folders  map[string]bool   // folders in which something changed that has not been seen to, by name; "" for the rules folder
	unknown  bool              // something may have changed anywhere else
	seen     stamp             // at the last look
	rest     *settling
}

// watch reads the rules again whenever files below the folder have changed, until ctx ends. Where watching is not
// possible, it says so once and looks at the folder every few seconds. It sees what changed since the rules were read
// first.
func (k *keeper) watch(ctx context.Context) { newWatcher(k).run(ctx) }

func newWatcher(k *keeper) *watcher {
	return &watcher{
		dir: filepath.Clean(k.dir), log: k.log, refresh: k.refresh, seen: k.first, rest: newSettling(), whole: true,
		open: fsnotify.NewWatcher, add: (*fsnotify.Watcher).Add, blindEvery: lookBlindEvery, looked: func() {},
		watched: map[string]bool{}, touched: map[string]bool{}, folders: map[string]bool{},
	}
}

// run works until ctx ends.
func (w *watcher) run(ctx context.Context) {
	defer w.close()
	w.follow()
	glance, look := time.NewTicker(glanceEvery), time.NewTimer(0)
	defer glance.Stop()
	defer look.Stop()
	for {
		changes, losses := w.channels()
		select {
		case <-ctx.Done():
			return
		case change, open := <-changes:
			if !open {
				w.system = nil
				w.lost(fsnotify.ErrClosed)
				continue
			}
			w.changed(change)
		case err := <-losses:
			w.lost(err)
		case <-glance.C:
			w.glance()
		case <-look.C:
			look.Reset(w.look())
			w.looked()
		case <-w.rest.rest.C:
			w.rested()
		}
	}
}

func (w *watcher) close() {
	if w.system != nil {
		_ = w.system.Close()
	}
}

// channels gives where the system tells of changes; nil ones where it does not.
func (w *watcher) channels() (<-chan fsnotify.Event, <-chan error) {
	if w.system == nil {
		return nil, nil
	}
	return w.system.Events, w.system.Errors
}

// changed takes note of a change.
func (w *watcher) changed(e fsnotify.Event) {
	if e.Has(fsnotify.Create | fsnotify.Remove | fsnotify.Rename) {
		delete(w.watched, e.Name) // another folder, or none, has that name now
	}
	switch folder := filepath.Dir(e.Name); {
	case folder == w.dir:
		w.whole = true // it may be a folder
		w.folders[""], w.folders[filepath.Base(e.Name)] = true, true
	case filepath.Dir(folder) == w.dir:
		w.folders[filepath.Base(folder)] = true
	default:
		w.whole, w.unknown = true, true
	}
	if filepath.Base(e.Name) == templates || filepath.Base(filepath.Dir(e.Name)) == templates {
		w.whole = true // there may be a folder that is not watched
	}
	if len(w.touched) < 100 && (strings.HasSuffix(e.Name, ".yaml") || strings.HasSuffix(e.Name, ".html")) {
		w.touched[e.Name] = true
	}
	w.rest.stir()
}

// lost takes note that the system could not tell of everything.
func (w *watcher) lost(err error) {
	if !w.toldLost && !errors.Is(err, fsnotify.ErrEventOverflow) { // after that one, nothing is missed
		w.log.Warn("the system may not tell of every change of the rules folder: it is also looked at every minute", "error", err)
		w.toldLost = true
	}
	clear(w.watched)
	w.whole, w.unknown = true, true
	w.rest.stir()
}

// glance sees whether another folder, or none, is in the place of the one that is watched.
func (w *watcher) glance() {
	info, err := os.Stat(w.dir)
	if (err != nil) == (w.root == nil) && (err != nil || os.SameFile(info, w.root)) {
		return
	}
	w.root = info
	if err != nil {
		w.root = nil
	}
	clear(w.watched)
	w.whole, w.unknown = true, true
	w.rest.stir()
}

// look finds changes that nobody told of, and gives when to look again.
func (w *watcher) look() time.Duration {
	begun := time.Now()
	if !w.blind {
		clear(w.watched) // a link may lead elsewhere now
	}
	w.whole = true
	w.follow()
	if now := stampOf(w.dir); now != w.seen {
		w.seen = now
		w.unknown = true
		w.rest.stir()
	}
	every := lookEvery
	if w.blind {
		every = w.blindEvery
	}
	return max(every, lookShare*time.Since(begun))
}

// rested has the rules read, unless a file seems to be half written.
func (w *watcher) rested() {
	if w.rest.left() > 0 && w.halfWritten() {
		w.rest.stir()
		return
	}
	w.rest.done()
	clear(w.touched)
	w.follow() // before reading, so that nothing is missed between the two
	w.refresh(w.changedFolders())
}

// changedFolders gives the folders that are to be read again, and forgets them; nil when that may be any. What the system
// does not tell of is found by the next look, and then all are read.
func (w *watcher) changedFolders() []string {
	folders := slices.Sorted(maps.Keys(w.folders))
	if w.unknown || w.blind || w.system == nil {
		folders = nil
	}
	clear(w.folders)
	w.unknown = false
	return folders
}

// halfWritten tells of a file that was emptied and not filled again, as some editors and `>` do, or, where nobody tells
// of changes, of one that has changed since the last look.
func (w *watcher) halfWritten() bool {
	for name := range w.touched {
		if info, err := os.Stat(name); err == nil && info.Size() == 0 {
			return true
		}
	}
	if !w.blind {
		return false
	}
	before := w.seen
	w.seen = stampOf(w.dir)
	return w.seen != before
}

// follow watches the rules folder and the stores' folders in it that are not watched yet.
func (w *watcher) follow() {
	if !w.whole {
		return
	}
	err := w.followAll()
	w.whole = err != nil
	w.blind = err != nil
	switch {
	case err == nil && w.told:
		w.log.Info("the rules folder can be watched again")
		w.told = false
	case err == nil || w.told || errors.Is(err, fs.ErrNotExist): // that it is not there is told by who reads it
	default:
		w.log.Warn("the rules folder cannot be watched: it is looked at every few seconds instead", "error", err,
			"hint", "On Linux, raise fs.inotify.max_user_watches and fs.inotify.max_user_instances.")
		w.told = true
	}
}

func (w *watcher) followAll() error {
	info, err := os.Stat(w.dir)
	if err != nil {
		w.root = nil
		return err
	}
	w.root = info
	if w.system == nil {
		if w.system, err = w.open(); err != nil {
			w.system = nil
			return err
		}
	}
	if err := w.followOne(w.dir); err != nil {
		return err
	}
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(w.dir, e.Name())
		if strings.HasPrefix(e.Name(), ".") || !isFolder(path, e) {
			continue
		}
		if err := w.followOne(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if e.Name() != templates {
			path = filepath.Join(path, templates)
		}
		if err := w.followTemplates(path, 1); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// followTemplates watches a folder of templates, if it is there, with all in it.
func (w *watcher) followTemplates(path string, level int) error {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() || level > deepest {
		return nil
	}
	if err := w.followOne(path); err != nil {
		return err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if inner := filepath.Join(path, e.Name()); !strings.HasPrefix(e.Name(), ".") && isFolder(inner, e) {
			if err := w.followTemplates(inner, level+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// followOne watches one folder.
func (w *watcher) followOne(path string) error {
	if w.watched[path] {
		return nil
	}
	err := w.add(w.system, path)
	if err == nil {
		w.watched[path] = true
	}
	return err
}
