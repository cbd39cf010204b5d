//go:build linux

package endurance

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// deafTo names, for this binary started again, that it becomes another program which the kernel ends when it tries to reach the network.
const deafTo = "SHOPBELL_ENDURANCE_DEAF"

// deaf has a command ended by the kernel at once when it, or what it starts, asks for a socket of the Internet: so it is known to have
// tried, whatever the address, although nobody listens. It needs no rights.
func deaf(t *testing.T, cmd *exec.Cmd) (tried func() bool) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Args = append([]string{self}, cmd.Args...)
	cmd.Path, cmd.Args[1] = self, cmd.Path
	cmd.Env = append(os.Environ(), deafTo+"=1")
	return func() bool {
		status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
		return ok && status.Signaled() && status.Signal() == syscall.SIGSYS
	}
}

// beDeaf becomes the program of its arguments, if that is what this binary was started for.
func beDeaf() {
	if os.Getenv(deafTo) == "" {
		return
	}
	os.Unsetenv(deafTo)
	runtime.LockOSThread() // a filter is of one thread, and of what that becomes
	if err := closeInternet(); err != nil {
		fmt.Fprintln(os.Stderr, "the kernel does not filter:", err)
		os.Exit(125)
	}
	err := syscall.Exec(os.Args[1], os.Args[1:], os.Environ())
	fmt.Fprintln(os.Stderr, err)
	os.Exit(125)
}

// closeInternet has the kernel end this process at a socket of IPv4 or IPv6: seccomp(2), "Seccomp BPF" of the kernel's documentation.
func closeInternet() error {
	const (
		noNewPrivileges = 38         // PR_SET_NO_NEW_PRIVS
		filterMode      = 2          // SECCOMP_MODE_FILTER
		allow           = 0x7fff0000 // SECCOMP_RET_ALLOW
		end             = 0x80000000 // SECCOMP_RET_KILL_PROCESS
		number          = 0          // where in seccomp_data the call's number stands
		first           = 16         // and its first argument
	)
	word := uint16(syscall.BPF_LD | syscall.BPF_W | syscall.BPF_ABS)
	equal := uint16(syscall.BPF_JMP | syscall.BPF_JEQ | syscall.BPF_K)
	give := uint16(syscall.BPF_RET | syscall.BPF_K)
	filter := []syscall.SockFilter{
		{Code: word, K: number},
		{Code: equal, Jf: 4, K: syscall.SYS_SOCKET},
		{Code: word, K: first},
		{Code: equal, Jt: 1, K: syscall.AF_INET},
		{Code: equal, Jf: 1, K: syscall.AF_INET6},
		{Code: give, K: end},
		{Code: give, K: allow},
	}
	if _, _, err := syscall.RawSyscall6(syscall.SYS_PRCTL, noNewPrivileges, 1, 0, 0, 0, 0); err != 0 {
		return err
	}
	program := syscall.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if _, _, err := syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_SECCOMP, filterMode, uintptr(unsafe.Pointer(&program))); err != 0 {
		return err
	}
	return nil
}

// TestNothingIsTried has the kernel watch whether the commands try to call anybody, at whatever address.
func TestNothingIsTried(t *testing.T) {
	t.Parallel()
	s := newSilence(t)
	s.program.start()
	s.order()
	s.heard()
	s.program.write("new/tell.yaml", strings.ReplaceAll(s.rules(""), "order.total >= 0", "order.total >= -1"))
	if _, tried := s.runDeaf("healthcheck"); !tried {
		t.Fatal("a command that calls the server is not found out, so nothing is proved")
	}
	s.program.kill()
	for _, c := range s.offline() {
		out, tried := s.runDeaf(strings.Fields(c.args)...)
		switch {
		case tried:
			t.Errorf("shopbell %s has tried to call somebody", c.args)
		case !strings.Contains(out, c.says):
			t.Errorf("shopbell %s has not looked:\n%s", c.args, out)
		}
	}
}

// runDeaf is run with a kernel that ends the command when it tries to call anybody.
func (s *silence) runDeaf(args ...string) (stdout string, tried bool) {
	s.Helper()
	cmd := s.command(args...)
	became := deaf(s.T, cmd)
	out, said, err := s.output(cmd)
	if tried = became(); !tried && failed(cmd, err) {
		s.Fatalf("shopbell %q: %v\n%s%s", args, err, out, said)
	}
	return out, tried
}
