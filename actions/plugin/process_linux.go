package plugin

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// apart gives a program a session and a group of its own, so that all that it starts can be ended with it, and has it end when
// this one does.
func apart() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
}

// awaitExit returns when a child has exited, and leaves it there, so that its number stays its own.
func awaitExit(pid int) {
	const byPID, exited, leave = 1, 4, 0x01000000 // P_PID, WEXITED, WNOWAIT
	var info [128]byte
	for {
		_, _, errno := syscall.Syscall6(syscall.SYS_WAITID, byPID, uintptr(pid), uintptr(unsafe.Pointer(&info)), exited|leave, 0, 0)
		if errno != syscall.EINTR {
			return
		}
	}
}

// What one program may take, beside time. Linux counts processes by user, and not at all for root.
const (
	maxFiles     = 1024
	maxProcesses = 4096
	maxFileSize  = 1 << 30 // in bytes
)

// bound lowers the limits of a process.
func bound(pid int) {
	type limit struct{ soft, hard uint64 }
	for resource, most := range map[uintptr]uint64{syscall.RLIMIT_CORE: 0, syscall.RLIMIT_NOFILE: maxFiles, 6: maxProcesses, syscall.RLIMIT_FSIZE: maxFileSize} {
		var now limit
		if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(pid), resource, 0, uintptr(unsafe.Pointer(&now)), 0, 0); errno != 0 {
			continue
		}
		low := limit{min(now.soft, most), min(now.hard, most)}
		_, _, _ = syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(pid), resource, uintptr(unsafe.Pointer(&low)), 0, 0, 0)
	}
}

// nursery knows the processes that this one started. Once it adopts, whatever a plugin left behind becomes a child of this process
// and is ended.
type nursery struct {
	starting sync.RWMutex // held while a program is started, so that nobody takes it for one left behind
	mu       sync.Mutex
	ours     map[int]bool
	others   map[int]bool // children that were there before plugins: of a script that became this program
	adopting bool
	wake     chan struct{}
}

var children = &nursery{ours: map[int]bool{}, wake: make(chan struct{}, 1)}

func (n *nursery) start(c *exec.Cmd) error {
	n.starting.RLock()
	defer n.starting.RUnlock()
	err := c.Start()
	if err == nil {
		n.mu.Lock()
		n.ours[c.Process.Pid] = true
		n.mu.Unlock()
	}
	return err
}

func (n *nursery) gone(pid int) {
	n.mu.Lock()
	delete(n.ours, pid)
	n.mu.Unlock()
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// sweepEvery is how often at most is looked for what plugins left behind: a look goes through all processes of the machine.
const sweepEvery = 200 * time.Millisecond

// Adopt has all that plugins leave behind end, also what left their group and session. It is for a program that starts nothing
// but plugins, and needs to be called once.
func Adopt() {
	const subreaper = 36 // PR_SET_CHILD_SUBREAPER
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, subreaper, 1, 0, 0, 0, 0); errno != 0 {
		return
	}
	children.mu.Lock()
	before := children.adopting
	children.adopting = true
	if !before {
		children.others = childrenNow()
	}
	children.mu.Unlock()
	if before {
		return
	}
	go func() {
		for range children.wake {
			for children.sweep() > 0 { // what is ended may leave children of its own
				time.Sleep(time.Millisecond) // and others want to start programs
			}
			time.Sleep(sweepEvery)
		}
	}()
}

// End ends every program of every plugin at once, with all that it started. It is for a program that is about to end itself.
func End() {
	children.mu.Lock()
	defer children.mu.Unlock()
	for pid := range children.ours {
		killGroup(pid, syscall.SIGKILL)
	}
}

// sweep ends what was left behind, and tells how much there was.
func (n *nursery) sweep() (found int) {
	n.starting.Lock()
	defer n.starting.Unlock()
	self := os.Getpid()
	_, own, _ := family(self) // no plugin is in this program's own session
	for _, pid := range processes() {
		parent, session, zombie := family(pid)
		n.mu.Lock()
		ours := n.ours[pid] || n.ours[session] && !zombie || n.others[pid]
		n.mu.Unlock()
		if parent != self || ours || session == own {
			continue
		}
		found++
		_ = syscall.Kill(pid, syscall.SIGKILL)
		for range 100 { // a killed process is there for a moment
			if got, err := syscall.Wait4(pid, nil, syscall.WNOHANG, nil); got == pid || err != nil && !errors.Is(err, syscall.EINTR) {
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
	return found
}

func childrenNow() map[int]bool {
	found, self := map[int]bool{}, os.Getpid()
	for _, pid := range processes() {
		if parent, _, _ := family(pid); parent == self {
			found[pid] = true
		}
	}
	return found
}

// processes lists all processes.
func processes() (all []int) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			all = append(all, pid)
		}
	}
	return all
}

// family tells whose child a process is, and of which session.
func family(pid int) (parent, session int, zombie bool) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, 0, false
	}
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:]) // its name may hold spaces
	if len(fields) < 4 {
		return 0, 0, false
	}
	parent, _ = strconv.Atoi(string(fields[1]))
	session, _ = strconv.Atoi(string(fields[3]))
	return parent, session, fields[0][0] == 'Z'
}

// relatives counts the processes of a session, beside its first.
func relatives(session int) (n int) {
	for _, pid := range processes() {
		if _, s, zombie := family(pid); s == session && pid != session && !zombie {
			n++
		}
	}
	return n
}
