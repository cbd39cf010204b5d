package cli

import (
	"context"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long the rules folder must be quiet before it is read again: editors and git write many files at once.
const settle = 250 * time.Millisecond

// watch reads the rules again whenever files below the folder have changed, until ctx ends. It watches folders, not
// files, for editors and mounts put new files in the place of old ones. Where watching is not possible, it says so;
// SIGHUP and the API work all the same.
func (k *keeper) watch(ctx context.Context) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		k.log.Warn("the rules folder cannot be watched: send SIGHUP after a change", "error", err)
		return
	}
	defer w.Close()
	k.watchFolders(w)
	quiet := time.NewTimer(settle)
	quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case change := <-w.Events:
			if change.Op != fsnotify.Chmod {
				quiet.Reset(settle)
			}
		case err := <-w.Errors:
			k.log.Warn("a change of the rules folder may have been missed", "error", err)
			quiet.Reset(settle)
		case <-quiet.C:
			k.watchFolders(w) // new ones
			k.refresh()
		}
	}
}

// watchFolders watches the rules folder and the stores' folders in it. Watching one twice does nothing.
func (k *keeper) watchFolders(w *fsnotify.Watcher) {
	err := filepath.WalkDir(k.dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !d.IsDir():
			return nil
		case path != k.dir && strings.HasPrefix(d.Name(), "."):
			return filepath.SkipDir
		}
		return w.Add(path)
	})
	if err != nil {
		k.log.Warn("a part of the rules folder cannot be watched", "error", err)
	}
}
