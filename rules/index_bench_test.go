package rules_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"shopbell/rules"
)

// The workloads of the index, each with ever more rules on one event type, of which ten fire where there are so many. They
// are baselines: do not change them, add others.
func BenchmarkIndex(b *testing.B) {
	for _, w := range workloads() {
		for _, n := range []int{1, 100, 10_000, 100_000} {
			b.Run(fmt.Sprintf("%s/%d", w.name, n), func(b *testing.B) {
				s := rules.Parse(many(n, w.condition), fuzzWorld())
				in := input("order.created", order(nil), nil)
				b.ReportAllocs()
				for b.Loop() {
					if made := s.Match(in); len(made) != min(n, 10) {
						b.Fatalf("%d fire", len(made))
					}
				}
			})
		}
	}
}

// inUse tells how many bytes are in use after all that is not has been freed.
func inUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkLoad100000 reads as many rules, from 20 files.
func BenchmarkLoad100000(b *testing.B) {
	for _, w := range workloads() {
		b.Run(w.name, func(b *testing.B) {
			files, world := many(100_000, w.condition), fuzzWorld()
			before := inUse()
			var s *rules.Set
			for b.Loop() {
				if s = rules.Parse(files, world); len(s.Rules()) != 100_000 {
					b.Fatal(s.Problems()[0])
				}
			}
			b.ReportMetric(float64(inUse()-before)/(1<<20), "MB-in-use")
			runtime.KeepAlive(s)
		})
	}
}

// BenchmarkReload1Of1000 reads a directory of 1,000 files again of which one has changed.
func BenchmarkReload1Of1000(b *testing.B) {
	equal := workloads()[0].condition
	for _, each := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("%d-rules-each", each), func(b *testing.B) {
			dir, world := b.TempDir(), fuzzWorld()
			write := func(file, from int) {
				text := "rules:\n"
				for i := file * each; i < (file+1)*each; i++ {
					text += fmt.Sprintf("  - name: r%d\n    when: order.created\n    if: %s\n    then:\n      - log: { message: x }\n", i, equal(i+from))
				}
				if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("r%03d.yaml", file)), []byte(text), 0o644); err != nil {
					b.Fatal(err)
				}
			}
			for i := range 1000 {
				write(i, 0)
			}
			s := rules.Load(dir, world, nil)
			if len(s.Rules()) != 1000*each {
				b.Fatal(s.Problems()[0])
			}
			changes := 0
			for b.Loop() {
				b.StopTimer()
				changes++
				write(500, changes)
				b.StartTimer()
				next := rules.Load(dir, world, s)
				if len(next.Rules()) != 1000*each || next.Rules()[0] != s.Rules()[0] || next.Rules()[500*each] == s.Rules()[500*each] {
					b.Fatal("not what was expected to change did")
				}
				s = next
			}
		})
	}
}
