package licensekey_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"shopbell/actions"
	licensekey "shopbell/actions/license_key"
)

// ledger plays what keeps who has what.
type ledger struct {
	mu     sync.Mutex
	has    map[[2]string]string // pool and key
	taken  map[[2]string]bool   // pool and value
	n      map[string]int64
	asked  int // claims made, looks among them
	offers int // most in one
	fail   error
}

func newLedger() *ledger {
	return &ledger{has: map[[2]string]string{}, taken: map[[2]string]bool{}, n: map[string]int64{}}
}

func (l *ledger) claim(ctx context.Context, pool, key string, offers []string) (actions.Claimed, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked, l.offers = l.asked+1, max(l.offers, len(offers))
	if err := errors.Join(l.fail, ctx.Err()); err != nil {
		return actions.Claimed{}, err
	}
	c := actions.Claimed{Value: l.has[[2]string{pool, key}], At: -1}
	seen := map[string]bool{}
	for i, o := range offers {
		switch {
		case seen[o] || l.taken[[2]string{pool, o}]:
		case key != "" && c.Value == "":
			c.Value, c.At = o, i
			l.has[[2]string{pool, key}], l.taken[[2]string{pool, o}] = o, true
			l.n[pool]++
		default:
			c.Free++
		}
		seen[o] = true
	}
	c.Taken = l.n[pool]
	return c, nil
}

// shop is a folder of pools with everything around it.
type shop struct {
	testing.TB
	*ledger
	folder string
	sender actions.Sender[licensekey.Params]
	log    bytes.Buffer
	stock  map[string]int64
	random io.Reader
}

func newShop(t testing.TB) *shop {
	s := &shop{TB: t, ledger: newLedger(), folder: t.TempDir(), stock: map[string]int64{}, random: rand.Reader}
	s.restart()
	return s
}

// restart makes another process on the same ledger.
func (s *shop) restart() {
	var mu sync.Mutex
	s.sender = licensekey.NewSender(actions.Env{
		Claim: s.claim, Pools: s.folder, Log: slog.New(slog.NewTextHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Stock: func(pool string, left int64) { mu.Lock(); s.stock[pool] = left; mu.Unlock() },
	}, s.random)
}

// old is when files of tests were written, unless they were written just now.
var old = time.Now().Add(-time.Hour)

// put writes the file of a pool. Every state of it has a time of its own, as on a machine slower than this one.
func (s *shop) put(name, text string) {
	s.Helper()
	path := filepath.Join(s.folder, name+".txt")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
	old = old.Add(time.Millisecond)
	if err := os.Chtimes(path, old, old); err != nil {
		s.Fatal(err)
	}
}

// lines makes numbered keys, a line each.
func lines(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, "KEY-%07d\n", i)
	}
	return b.String()
}

func (s *shop) send(key string, p licensekey.Params) (actions.Result, error) {
	return s.sender.Send(s.Context(), actions.Call[licensekey.Params]{Key: key, Try: 1, Params: p})
}

// want has a step take a key of a pool: "KEY-0000001, 7 left", or the outcome and the words of an error.
func (s *shop) want(what, pool, key, want string) {
	s.Helper()
	r, err := s.send(key, licensekey.Params{Pool: actions.Text(pool)})
	got := fmt.Sprintf("%v, %v left", r["value"], r["left"])
	if err != nil {
		answer := actions.OutcomeOf(err)
		got = strings.Replace(fmt.Sprintf("%s %s: %v", answer.Outcome, answer.Blame, err), " :", ":", 1)
	}
	if got != want {
		s.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

// logged tells how often the log says something.
func (s *shop) logged(words string) int { return strings.Count(s.log.String(), words) }
