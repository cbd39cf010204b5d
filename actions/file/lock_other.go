//go:build !unix || aix || solaris || illumos

package file

import (
	"errors"
	"os"

	"shopbell/actions"
)

// tryLock refuses: without a lock, rows of two programs could be mixed.
func tryLock(*os.File) (bool, error) {
	return false, actions.Permanent(actions.BlameAccount, errors.New("files cannot be locked on this system"))
}
