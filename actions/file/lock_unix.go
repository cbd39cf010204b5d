//go:build unix && !aix && !solaris && !illumos

package file

import (
	"errors"
	"os"
	"syscall"
)

// tryLock locks a file, and tells whether it could: not while another program or account has it. The lock ends with the file.
func tryLock(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EINTR) {
		return false, nil
	}
	return err == nil, err
}
