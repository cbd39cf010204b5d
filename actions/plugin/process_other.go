//go:build !linux

package plugin

import "os/exec"

// awaitExit is for systems that can tell of an exit without taking note of it.
func awaitExit(int) {}

// bound is for systems on which one process can lower the limits of another.
func bound(int) {}

type nursery struct{}

var children nursery

func (nursery) start(c *exec.Cmd) error { return c.Start() }

func (nursery) gone(int) {}

// Adopt is for systems on which a process can adopt the children of its children.
func Adopt() {}

// End is for systems on which a program knows what it started.
func End() {}

// relatives is for systems that tell of the processes of others.
func relatives(int) int { return 0 }
