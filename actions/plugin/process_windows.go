package plugin

import (
	"os"
	"syscall"
)

func apart() *syscall.SysProcAttr { return nil }

// killGroup ends the first process only: there are no groups to send a signal to.
func killGroup(pid int, _ syscall.Signal) {
	if p, err := os.FindProcess(pid); err == nil {
		_ = p.Kill()
	}
}
