package plugin

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"shopbell/actions"
)

// The bounds of what a program may say and how long it may take to end.
const (
	maxStdout = 1 << 20               // bytes of one answer
	maxStderr = 4 << 10               // bytes of one request that come into the log
	grace     = 2 * time.Second       // from SIGTERM to SIGKILL
	drain     = 50 * time.Millisecond // for what is in a pipe when its program has ended
)

// A program is the executable of a plugin, started with as little as it needs.
type program struct {
	name   string
	dir    string // the plugin's folder, absolute
	argv   []string
	pin    string // SHA-256 of the file; "" for any
	veil   *veil
	census bool // whether to count what a process leaves behind
	guard  sync.Mutex
	known  fs.FileInfo // of the file, when its hash was last found to be the pinned one
}

// A process is one program that runs.
type process struct {
	command               *exec.Cmd
	home                  string // its HOME, removed in the end
	stdin, stdout, stderr *os.File
	ended                 chan struct{} // closed when it has exited and its group was killed
	state                 *os.ProcessState
	census                bool
	left                  int // processes that it left behind
	kill                  sync.Once
}

// path gives the executable.
func (g *program) path() string { return filepath.Join(g.dir, filepath.FromSlash(g.argv[0])) }

// start starts the program. Its error is of package actions.
func (g *program) start() (*process, error) {
	if err := g.pinned(); err != nil {
		return nil, err
	}
	home, err := os.MkdirTemp("", "shopbell-plugin-")
	if err != nil {
		return nil, actions.RetryAfter(0, fmt.Errorf("the plugin %s cannot be given a temporary folder", g.name))
	}
	p := &process{home: home, census: g.census, ended: make(chan struct{})}
	var theirs [3]*os.File
	ours := []**os.File{&p.stdin, &p.stdout, &p.stderr}
	for i := range theirs {
		r, w, perr := os.Pipe()
		if perr != nil {
			err = perr
			break
		}
		if i == 0 {
			theirs[i], *ours[i] = r, w
		} else {
			theirs[i], *ours[i] = w, r
		}
	}
	if err == nil {
		p.command = &exec.Cmd{Path: g.path(), Args: append([]string{g.path()}, g.argv[1:]...), Dir: g.dir, SysProcAttr: apart(),
			Env: []string{"PATH=" + searchPath(), "LANG=C.UTF-8", "HOME=" + home}, Stdin: theirs[0], Stdout: theirs[1], Stderr: theirs[2]}
		err = children.start(p.command)
	}
	for _, f := range theirs {
		if f != nil {
			_ = f.Close()
		}
	}
	if err != nil {
		p.clean()
		return nil, g.notStarted(err)
	}
	bound(p.command.Process.Pid)
	go p.wait()
	return p, nil
}

// notStarted sorts why a program could not be started.
func (g *program) notStarted(err error) error {
	why := errors.New("the plugin " + g.name + " could not be started")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return actions.RetryAfter(0, fmt.Errorf("%w: its program, or what runs it, is not there", why))
	case errors.Is(err, fs.ErrPermission):
		return actions.Permanent(actions.BlameAccount, fmt.Errorf("%w: its program may not be run", why))
	case errors.Is(err, syscall.ENOEXEC):
		return actions.Permanent(actions.BlameAccount, fmt.Errorf("%w: its program is not one for this machine; a script begins with #! and what runs it", why))
	}
	return actions.RetryAfter(0, fmt.Errorf("%w: %s", why, reason(err)))
}

// wait waits for the end of the program, and then ends all that it left.
func (p *process) wait() {
	pid := p.command.Process.Pid
	awaitExit(pid)
	if p.census {
		p.left = relatives(pid)
	}
	killGroup(pid, syscall.SIGKILL) // while the number is still its own
	p.state, _ = p.command.Process.Wait()
	children.gone(pid)
	late := time.Now().Add(drain) // who has left the group may hold the pipes
	_ = p.stdout.SetReadDeadline(late)
	_ = p.stderr.SetReadDeadline(late)
	close(p.ended)
}

// end ends the program with all it started: at once, or after a grace in which it may end itself. It returns when it has ended.
func (p *process) end(patient bool) {
	p.kill.Do(func() {
		pid := p.command.Process.Pid
		if patient {
			killGroup(pid, syscall.SIGTERM)
			select {
			case <-p.ended:
				return
			case <-time.After(grace):
			}
		}
		select {
		case <-p.ended: // its number may be another's now
		default:
			killGroup(pid, syscall.SIGKILL)
		}
	})
	<-p.ended
}

// clean lets go of everything, when nothing reads any more.
func (p *process) clean() {
	for _, f := range []*os.File{p.stdin, p.stdout, p.stderr} {
		if f != nil {
			_ = f.Close()
		}
	}
	_ = os.RemoveAll(p.home)
}

// exit says how a program ended that gave no answer: as its exit code says, or unknown when it was cut off.
func (p *process) exit(name, said string) error {
	if said != "" {
		said = ": " + said
	}
	code := p.state.ExitCode()
	switch {
	case code == exConfig:
		return actions.Permanent(actions.BlameAccount, fmt.Errorf("%s: exit code %d, which says that its account or its files are wrong%s", name, code, said))
	case code > 0:
		return actions.RetryAfter(0, fmt.Errorf("%s: exit code %d%s", name, code, said))
	case code < 0:
		return actions.Unknown(fmt.Errorf("%s was ended by a signal%s", name, said))
	}
	return nil
}

// exConfig is the exit code of <sysexits.h> for a wrong configuration. Any other but 0 means: try again.
const exConfig = 78

// searchPath is where scripts find what runs them.
func searchPath() string {
	if path := os.Getenv("PATH"); path != "" {
		return path
	}
	return "/usr/local/bin:/usr/bin:/bin"
}

// reason leaves the path out of a file error.
func reason(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err.Error()
	}
	return err.Error()
}

// readCapped reads what fits into a bound; over tells that there was more, which is left.
func readCapped(r io.Reader, most int) (text []byte, over bool) {
	text, _ = io.ReadAll(io.LimitReader(r, int64(most)+1))
	if len(text) > most {
		return text[:most], true
	}
	return text, false
}
