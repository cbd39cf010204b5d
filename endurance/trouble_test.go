//go:build linux

package endurance

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// TestFullDisk runs the server on a small disk of its own that fills up. Events are answered by 503 while it is full; when
// there is room again all goes on by itself, and nothing that got its 200 is missing.
func TestFullDisk(t *testing.T) {
	disk := smallDisk(t)
	target := newSink(t)
	p := newProgram(t, t.TempDir(), target.URL)
	if err := os.RemoveAll(filepath.Join(p.dir, "data")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(disk, filepath.Join(p.dir, "data")); err != nil {
		t.Fatal(err)
	}
	p.start()
	accepted := 0
	accept := func(n int) (status int) {
		status, header := p.post(n)
		if status == 503 && header.Get("Retry-After") == "" {
			t.Error("a 503 does not say when to come again")
		}
		if status == 200 && n%2 == 1 {
			accepted++
		}
		return status
	}
	n := 0
	for ; n < 100; n++ {
		if status := accept(n); status != 200 {
			t.Fatalf("event %d was answered %d", n, status)
		}
	}
	filler := filepath.Join(disk, "filler")
	fill(t, filler)
	refused := 0
	for ; refused < 20; n++ {
		switch status := accept(n); status {
		case 200:
		case 503:
			refused++
		default:
			t.Fatalf("with the disk full event %d was answered %d", n, status)
		}
		if n > 20_000 {
			t.Fatal("the disk never got full")
		}
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); accept(n) != 200; n++ {
		if time.Now().After(end) {
			t.Fatal("with room on the disk again, events are still not taken")
		}
	}
	target.wait(t, accepted, 30*time.Second)
	p.settled(time.Minute)
}

// smallDisk mounts a file system of 8 MB. That needs the rights of root.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=8m"); err != nil {
		if os.Getenv("SHOPBELL_REQUIRE_ALL") != "" {
			t.Fatalf("a small disk cannot be mounted: %v", err)
		}
		t.Skipf("a small disk cannot be mounted without root: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for chunk := make([]byte, 4096); ; {
		if _, err := f.Write(chunk); errors.Is(err, syscall.ENOSPC) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// TestLockedLedger has another program hold the ledger's lock: events are answered by 503 in bounded time, and taken when
// it lets go.
func TestLockedLedger(t *testing.T) {
	target := newSink(t)
	p := newProgram(t, t.TempDir(), target.URL)
	p.start()
	other, err := sqlite.OpenConn(filepath.Join(p.dir, "data", "shopbell.db"), sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := sqlitex.ExecuteTransient(other, "BEGIN IMMEDIATE", nil); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if status, header := p.post(1); status != 503 || header.Get("Retry-After") == "" {
		t.Errorf("with the ledger locked an event was answered %d, Retry-After %q", status, header.Get("Retry-After"))
	}
	if took := time.Since(began); took > 9*time.Second {
		t.Errorf("the answer took %v; Ecwid waits 10 s", took)
	}
	if err := sqlitex.ExecuteTransient(other, "COMMIT", nil); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); ; {
		if status, _ := p.post(1); status == 200 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("with the lock gone events are still not taken")
		}
	}
	target.wait(t, 1, 10*time.Second)
	if got := p.settled(time.Minute); len(got) != 0 {
		t.Errorf("something was repeated: %v", got)
	}
}

// TestStopAndGo sends SIGTERM while events come in: the server drains, ends in time with status 0, and goes on at the next
// start.
func TestStopAndGo(t *testing.T) {
	target := newSink(t)
	p := newProgram(t, t.TempDir(), target.URL)
	p.start()
	target.setDown(true)
	for n := range 50 {
		if status, _ := p.post(n); status != 200 {
			t.Fatalf("event %d was answered %d", n, status)
		}
	}
	slow, err := net.Dial("tcp", p.address) // a sender whose body trickles in, and one that says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	fmt.Fprint(slow, "POST /webhooks/ecwid HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{}")
	silent, err := net.Dial("tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(8 * time.Second):
		t.Fatal("the server does not stop, although no step is under way")
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("an orderly stop ended with status %d", code)
	}
	target.setDown(false)
	p.start()
	target.wait(t, 25, time.Minute)
	if got := p.settled(time.Minute); len(got) != 0 {
		t.Errorf("something was repeated: %v", got)
	}
	if target.total != 25 {
		t.Errorf("%d arrived, want 25", target.total)
	}
}
