package postgrestest

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// A process is a program that runs beside the test.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

// launch starts a program that ends when the test binary does. What it says goes to the end of the file log.
func launch(cmd *exec.Cmd, log string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close() // the program has its own
	cmd.Stdout, cmd.Stderr = out, out
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// Linux takes the end of the thread that started a program for the end of its parent. So this goroutine keeps
		// one for as long as the program runs.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
			close(p.done)
		}
	}()
	return p, <-started
}

// end sends a signal, returns when the program has ended, and says whether it did so by itself.
func (p *process) end(signal syscall.Signal) bool {
	_ = p.cmd.Process.Signal(signal) // it may have ended already
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case <-p.done:
		return true
	case <-limit.C:
		_ = p.cmd.Process.Kill()
		<-p.done
		return false
	}
}
