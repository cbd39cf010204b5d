//go:build !linux

package postgrestest

import "syscall"

// An account is who PostgreSQL runs as: on this system always whoever runs the test.
type account struct{}

func unprivileged() (*account, error) { return nil, nil }

func (*account) attributes() *syscall.SysProcAttr { return nil }

func (*account) own(string) error { return nil }
