//go:build unix

package sqlite

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lock keeps other servers from a ledger until the file that it gives is closed, or the program ends in any way. It is taken on a
// file of its own: closing a second handle of the ledger would drop the locks that SQLite holds on it.
func lock(path string) (*os.File, error) {
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("ledger %s: %w", path, err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		f.Close()
		return nil, fmt.Errorf("another program works on the ledger %s: stop that one first, or give this one a database of its own", path)
	}
	if err != nil { // a file system without locks
		f.Close()
		return nil, nil
	}
	return f, nil
}
