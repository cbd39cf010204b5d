package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"shopbell/actions"
)

// torn is the end of the name of what was put aside.
const torn = ".torn"

// A held file is open, and locked against others.
type held struct {
	*os.File
	root *os.Root
	name string
}

// hold opens a file, and waits until nobody else has it.
func (s *sender) hold(ctx context.Context, name string) (*held, error) {
	root, err := os.OpenRoot(s.folder)
	if err != nil {
		return nil, folderTrouble(err)
	}
	for ctx.Err() == nil {
		f, err := root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o640)
		if err != nil {
			_ = root.Close()
			return nil, err
		}
		h := &held{f, root, name}
		info, err := f.Stat()
		if err == nil && !info.Mode().IsRegular() {
			err = actions.Permanent(actions.BlameRequest, fmt.Errorf("%s is not a file", name))
		}
		if err == nil {
			err = lock(ctx, f)
		}
		if err != nil {
			h.close()
			return nil, err
		}
		// A program that saves a file may have put another in its place.
		if now, err := root.Stat(name); err == nil && os.SameFile(now, info) {
			return h, nil
		}
		_ = f.Close()
	}
	_ = root.Close()
	return nil, actions.RetryAfter(0, errors.New("the file is replaced again and again"))
}

// close lets others have the file.
func (h *held) close() {
	_ = h.Close()
	_ = h.root.Close()
}

// lock waits for the lock of a file. It asks again and again: a wait in the kernel would not end with ctx.
func lock(ctx context.Context, f *os.File) error {
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for {
		free, err := tryLock(f)
		if free || err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return actions.RetryAfter(0, errors.New("another program has the file"))
		}
	}
}

// add writes at the end: all of the text or, as far as it depends on us, nothing.
func (h *held) add(k *known, text []byte) error {
	n, err := h.Write(text)
	if err != nil {
		if n > 0 {
			err = errors.Join(err, h.Truncate(k.size)) // what stays is put aside by whoever comes next
		}
		return err
	}
	if err := h.Sync(); err != nil {
		return actions.Unknown(fmt.Errorf("the row may not be on disk: %w", err))
	}
	if k.size == 0 {
		return h.syncFolder() // the file may be new
	}
	return nil
}

func (h *held) syncFolder() error {
	folder, err := h.root.Open(".")
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}

// putAside moves the end of the file, from a place on, to the file beside it.
func (h *held) putAside(text []byte, from int64) error {
	aside, err := h.root.OpenFile(h.name+torn, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o640)
	if err != nil {
		return err
	}
	defer aside.Close()
	if _, err := aside.Write(append(text[:len(text):len(text)], '\n')); err != nil {
		return err
	}
	return errors.Join(aside.Sync(), h.Truncate(from), h.Sync())
}

var errTooLarge = actions.Permanent(actions.BlameRequest, fmt.Errorf("the file is larger than %d MB: put a date into its name, so that a new one begins", maxFile>>20))

// folderTrouble says what is wrong with the account's folder.
func folderTrouble(err error) error {
	if !errors.Is(err, syscall.EIO) && !errors.Is(err, syscall.EMFILE) && !errors.Is(err, syscall.ENFILE) {
		return actions.Permanent(actions.BlameAccount, fmt.Errorf("the folder cannot be used: %w", err))
	}
	return err
}

// sorted gives errors of the file system their class. What is full or broken may be mended.
func sorted(err error) error {
	switch {
	case actions.Sorted(err):
		return err
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return actions.Permanent(actions.BlameAccount, err)
	case errors.Is(err, syscall.EISDIR), errors.Is(err, syscall.ELOOP), errors.Is(err, syscall.ENAMETOOLONG), strings.Contains(err.Error(), "escapes"):
		return actions.Permanent(actions.BlameRequest, err)
	}
	return actions.RetryAfter(0, err)
}

// Test implements [actions.Tester]: it makes a file in the folder, and takes it away.
func (s *sender) Test(context.Context) (string, error) {
	root, err := os.OpenRoot(s.folder)
	if err != nil {
		return "", folderTrouble(err)
	}
	defer root.Close()
	const name = ".shopbell-test"
	f, err := root.Create(name)
	if err != nil {
		return "", folderTrouble(err)
	}
	_, err = tryLock(f)
	if err := errors.Join(err, f.Close(), root.Remove(name)); err != nil {
		return "", folderTrouble(err)
	}
	return "files can be written to " + s.folder, nil
}
