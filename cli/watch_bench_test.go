package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"shopbell/rules"
)

// BenchmarkTenThousandFolders is a farm: a folder for each of ten thousand stores with one rule. It tells how long the first
// reading takes, how long a look at all files takes, and how long it is from a change in one folder until it is in use, of
// which a quarter of a second is waiting for rest.
func BenchmarkTenThousandFolders(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "rules")
	for i := range 10_000 {
		path := filepath.Join(dir, fmt.Sprint(i))
		if err := os.MkdirAll(path, 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(path, "own.yaml"), []byte(rule("own")), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	begun := time.Now()
	f := keeping(&testing.T{}, dir, nil)
	start := time.Since(begun)
	begun = time.Now()
	stampOf(dir)
	look := time.Since(begun)
	followed := make(chan time.Duration)
	swaps := make(chan *rules.Set, 1)
	f.use = func(s *rules.Set) { swaps <- s }
	w := newWatcher(f.keeper)
	go func() {
		begun := time.Now()
		w.follow()
		followed <- time.Since(begun)
		w.run(b.Context())
	}()
	follow := <-followed
	n := 0
	for b.Loop() {
		n++
		if err := os.WriteFile(filepath.Join(dir, "7777", "own.yaml"), []byte(rule(fmt.Sprint("own", n))), 0o600); err != nil {
			b.Fatal(err)
		}
		for s := range swaps {
			if len(s.Rules()) != 10_000 {
				b.Fatal("rules are missing")
			}
			break
		}
	}
	b.ReportMetric(start.Seconds(), "s/start")
	b.ReportMetric(look.Seconds(), "s/look")
	b.ReportMetric(follow.Seconds(), "s/follow")
}
