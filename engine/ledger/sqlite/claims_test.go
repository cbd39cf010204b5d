package sqlite_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"shopbell/engine"
	"shopbell/engine/ledger/ledgertest"
)

// TestFileWithoutClaims holds that a file which was made before there were claims gets room for them.
func TestFileWithoutClaims(t *testing.T) {
	path := filepath.Join(t.TempDir(), "old.db")
	l := open(t, path)
	ledgertest.Fill(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	breakBy(t, path, "DROP TABLE claims; PRAGMA user_version = 2")
	l = open(t, path)
	defer l.Close()
	c := &engine.Claim{Pool: "games", Key: "k", Offers: []engine.Offer{{Mark: []byte("a"), Value: []byte("A")}}}
	if err := l.Commit(t.Context(), []engine.Change{c}); err != nil || string(c.Value) != "A" || c.Taken != 1 {
		t.Errorf("%+v, %v", c, err)
	}
	if text := faults(t, l); text != "" {
		t.Error(text)
	}
}

// BenchmarkClaim makes 64 claims in a commit, each with 64 offers, as when a pool is asked by many at once.
func BenchmarkClaim(b *testing.B) {
	l := open(b, filepath.Join(b.TempDir(), "ledger.db"))
	defer l.Close()
	for i := 0; b.Loop(); i++ {
		changes := make([]engine.Change, 64)
		for j := range changes {
			c := &engine.Claim{Pool: "games", Key: fmt.Sprint("k", i*64+j)}
			for o := range 64 {
				value := fmt.Appendf(nil, "KEY-%07d", i*64+o)
				c.Offers = append(c.Offers, engine.Offer{Mark: value, Value: value})
			}
			changes[j] = c
		}
		if err := l.Commit(b.Context(), changes); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*64/b.Elapsed().Seconds(), "claims/s")
}
