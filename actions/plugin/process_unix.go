//go:build unix

package plugin

import "syscall"

// killGroup sends a signal to all processes of a group, which bears the number of its first.
func killGroup(pid int, s syscall.Signal) { _ = syscall.Kill(-pid, s) }
