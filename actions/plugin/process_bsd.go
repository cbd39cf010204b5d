//go:build unix && !linux

package plugin

import "syscall"

// apart gives a program a session and a group of its own, so that all that it starts can be ended with it.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
