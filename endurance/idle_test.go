//go:build linux

package endurance

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"shopbell/engine/ledger/postgres/postgrestest"
)

var idling = flag.Duration("idle", 30*time.Second, "how long an idle node is watched")

// TestIdle counts all that an idle node sends to its database. It must ask less than once a second, where what is between begin
// and commit is one question. River's leader, which a single node is, alone makes up for two thirds of the statements.
func TestIdle(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "shopbell-idle-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil { // PostgreSQL may run as another user
		t.Fatal(err)
	}
	server := postgrestest.Start(t, "logging_collector=on", "log_directory="+dir, "log_filename=all", "log_file_mode=0644", "log_statement=all",
		"log_connections=on", "log_line_prefix=%a|%d|")
	target := newSink(t)
	s := limited(target.URL, "rate: 10/s")
	s.accounts, s.database = "retention: 90d\n"+s.accounts, server.Database(t)
	p := newProgramWith(t, t.TempDir(), s)
	p.start()
	for n := range 20 {
		if status, _ := p.post(n); status != 200 {
			t.Fatalf("an event was answered %d", status)
		}
	}
	target.wait(t, 10, time.Minute)
	p.settled(time.Minute)
	<-time.After(5 * time.Second)
	before := statements(t, dir)
	<-time.After(*idling)
	said := statements(t, dir)[len(before):]
	count := map[string]int{}
	for _, statement := range said {
		count[statement]++
	}
	rate := float64(len(said)) / idling.Seconds()
	asked := float64(len(said)-2*count["commit"]) / idling.Seconds()
	if asked >= 0.75 || rate >= 1.2 {
		t.Errorf("an idle node asks %.2f times a second", asked)
	}
	if len(said) == 0 {
		t.Error("nothing was counted, though a node tells that it is alive")
	}
	lines := fmt.Sprintf("%.2f questions and %.2f statements a second:", asked, rate)
	for _, statement := range slices.SortedFunc(maps.Keys(count), func(a, b string) int { return count[b] - count[a] }) {
		lines += fmt.Sprintf("\n%4d  %.100s", count[statement], statement)
	}
	t.Log(lines)
}

var spaces = regexp.MustCompile(`\s+`)

// statements lists what programs, not this test, have sent to the server.
func statements(t *testing.T, dir string) (list []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "all"))
	if err != nil {
		t.Fatal(err)
	}
	entry := regexp.MustCompile(`(?m)^([^|\n]*)\|([^|\n]*)\|LOG:  (statement|execute [^:]*|connection authorized): ?((?:.*)(?:\n\t.*)*)`)
	for _, m := range entry.FindAllStringSubmatch(string(text), -1) {
		if m[2] == "postgres" {
			continue // the harness
		}
		statement := strings.TrimSpace(spaces.ReplaceAllString(m[4], " "))
		if m[3] == "connection authorized" {
			statement = "a connection"
		}
		list = append(list, statement)
	}
	return list
}
