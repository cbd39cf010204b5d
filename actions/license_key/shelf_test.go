package licensekey_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shopbell/actions"
	licensekey "shopbell/actions/license_key"
)

// TestForms reads files as people write them.
func TestForms(t *testing.T) {
	long := strings.Repeat("x", 1000)
	for name, test := range map[string]struct {
		file string
		want []string
		bad  string
	}{
		"plain":                 {"A\nB\n", []string{"A", "B"}, ""},
		"Windows":               {"\ufeffA\r\nB\r\n", []string{"A", "B"}, ""},
		"no end":                {"A\nB", []string{"A", "B"}, ""},
		"comments and gaps":     {"# keys of June\n\n  A  \n\t\n#B\nC # D\n\n", []string{"A", "C # D"}, ""},
		"duplicates":            {"A\nB\nA\n B \nC\nA\n", []string{"A", "B", "C"}, ""},
		"any letters":           {"ключ-1\n鍵\n🔑\n", []string{"ключ-1", "鍵", "🔑"}, ""},
		"inside a line":         {"user name\tpass word\n", []string{"user name\tpass word"}, ""},
		"a mark that is no key": {"\ufeff\nA\n", []string{"A"}, ""},
		"not UTF-8":             {"A\n\xff\xfe\nB\nC\x00\n", []string{"A", "B"}, "lines=2 first=2"},
		"long":                  {long + "\nA\n" + strings.Repeat("y", 100_000) + "\nB\n", []string{long, "A", "B"}, "lines=1 first=3"},
		"nothing":               {"", nil, ""},
		"nothing but words":     {"# none yet\n", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			s.put("games", test.file)
			for i, want := range test.want {
				s.want("a key", "games", fmt.Sprint("k", i), fmt.Sprintf("%s, %d left", want, len(test.want)-i-1))
			}
			s.want("no more", "games", "more", "permanent request: the pool is empty: add keys to the file games.txt in the folder of pools, and retry the run")
			if told := s.logged("left out"); (told == 1) != (test.bad != "") || told == 1 && s.logged(test.bad) != 1 {
				t.Errorf("the log says\n%s, want %q", s.log.String(), test.bad)
			}
		})
	}
}

// TestEmpty holds that a pool without keys is told once, and that steps go on when there are some.
func TestEmpty(t *testing.T) {
	const empty = "permanent request: the pool is empty: add keys to the file games.txt in the folder of pools, and retry the run"
	s := newShop(t)
	s.put("games", lines(1, 3))
	s.want("first", "games", "k1", "KEY-0000001, 1 left")
	s.want("last", "games", "k2", "KEY-0000002, 0 left")
	for i := range 10 {
		s.want("none", "games", fmt.Sprint("more", i), empty)
	}
	if low, none := s.logged("running low"), s.logged("level=ERROR msg=\"a pool of keys is empty"); low != 1 || none != 1 {
		t.Errorf("it is told %d times that the pool runs low, and %d times that it is empty:\n%s", low, none, s.log.String())
	}
	if left, told := s.stock["games"]; left != 0 || !told {
		t.Errorf("the stock is told to be %d: %v", left, told)
	}
	s.put("games", lines(1, 20))
	s.want("retried", "games", "more3", "KEY-0000003, 16 left")
	s.want("the same key again", "games", "k1", "KEY-0000001, 16 left")
	s.put("games", lines(1, 3)) // what is given is put there once more, instead of new ones
	s.want("old ones", "games", "more4", empty)
	if none := s.logged("is empty"); none != 2 {
		t.Errorf("told %d times to be empty, want once more", none)
	}
}

func TestLow(t *testing.T) {
	s := newShop(t)
	s.put("games", lines(0, 5))
	zero, two := 0, 2
	for i, step := range []struct {
		low  *int
		told int
	}{{&zero, 0}, {&two, 0}, {&two, 0}, {&two, 1}, {nil, 1}} {
		if _, err := s.send(fmt.Sprint("k", i), licensekey.Params{Pool: "games", Low: step.low}); err != nil {
			t.Fatal(err)
		}
		if told := s.logged("running low"); told != step.told {
			t.Errorf("after %d keys it is told %d times, want %d", i+1, told, step.told)
		}
	}
}

// TestFileThatChanges changes the file of a pool between claims, in every way that people do.
func TestFileThatChanges(t *testing.T) {
	s := newShop(t)
	s.put("games", lines(0, 100))
	for i := range 90 {
		s.want("a key", "games", fmt.Sprint("k", i), fmt.Sprintf("KEY-%07d, %d left", i, 99-i))
	}
	s.put("games", lines(0, 110))
	s.want("appended", "games", "a", "KEY-0000090, 19 left")
	s.put("games", lines(91, 110))
	s.want("those that were given are taken out", "games", "b", "KEY-0000091, 18 left")
	s.put("games", lines(200, 205)+lines(50, 95))
	s.want("new ones at the top", "games", "c", "KEY-0000200, 7 left")
	s.put("games", lines(0, 40)+lines(300, 302)+lines(40, 93))
	s.want("new ones in the middle", "games", "d", "KEY-0000092, 1 left") // the two are found though nobody would look for them there
	s.want("new ones in the middle", "games", "e", "KEY-0000300, 1 left")
	s.want("new ones in the middle", "games", "f", "KEY-0000301, 0 left")
	s.put("games", lines(500, 600))
	s.want("all new", "games", "g", "KEY-0000500, 99 left")
	other := filepath.Join(s.folder, "games.new")
	if err := os.WriteFile(other, []byte(lines(700, 703)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(other, filepath.Join(s.folder, "games.txt")); err != nil {
		t.Fatal(err)
	}
	s.want("another file in its place", "games", "h", "KEY-0000700, 2 left")
	if err := os.Remove(filepath.Join(s.folder, "games.txt")); err != nil {
		t.Fatal(err)
	}
	s.want("none in its place", "games", "i", `permanent request: there is no pool "games": put its keys into the file games.txt in the folder of pools, one a line, and retry the run`)
	s.want("the same key without a file", "games", "h", "KEY-0000700, 0 left")
}

// TestLastLine holds that a last line which may be half written is not given out.
func TestLastLine(t *testing.T) {
	s := newShop(t)
	path := filepath.Join(s.folder, "games.txt")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("KEY-1\nKEY-")
	s.want("a whole line", "games", "k1", "KEY-1, 0 left")
	const wait = `retry: the pool "games": its last line has no end, so it may still be written`
	s.want("half a line", "games", "k2", wait)
	if s.logged("is empty") != 0 {
		t.Error("it is told to be empty")
	}
	write("KEY-1\nKEY-2\nKEY-3")
	s.want("now it is whole", "games", "k2", "KEY-2, 0 left")
	s.want("another half", "games", "k3", wait)
	if err := os.Chtimes(path, old, old); err != nil { // as after some seconds
		t.Fatal(err)
	}
	s.want("it is at rest", "games", "k3", "KEY-3, 0 left")
}

// TestPlaces holds that a pool's name leads to nothing but a file in the folder.
func TestPlaces(t *testing.T) {
	s := newShop(t)
	outside := filepath.Join(t.TempDir(), "outside.txt")
	if err := os.WriteFile(outside, []byte("SECRET\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.put("games", "A\n")
	for _, link := range [][2]string{{outside, "link.txt"}, {"games.txt", "inside.txt"}, {s.folder, "absolute.txt"}} {
		if err := os.Symlink(link[0], filepath.Join(s.folder, link[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(s.folder, "dir.txt"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.want("a link that leads out", "link", "k", `permanent request: the file of the pool "link" is a link that leads out of the folder of pools`)
	s.want("a link inside", "inside", "k", "A, 0 left")
	s.want("a folder", "dir", "k", `permanent request: the pool "dir" cannot be used: it is not a file`)
	s.want("in other letters", "Games", "k", `permanent request: there is no pool "Games" (there is one named "games"): put its keys into the file Games.txt in the folder of pools, one a line, and retry the run`)
	out, err := licensekey.Action.Open(actions.Env{Claim: s.claim, Pools: s.folder}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"../outside", outside, "..", "a/../games", ".", `..\outside`} {
		_, err := out.Send(t.Context(), actions.Call[json.RawMessage]{Key: "k", Try: 1, Params: fmt.Appendf(nil, `{"pool":%q}`, name)})
		if answer := actions.OutcomeOf(err); answer.Blame != actions.BlameRequest || !strings.Contains(err.Error(), "cannot be the name") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := licensekey.Pools(s.folder); strings.Join(got, " ") != "absolute games inside link" {
		t.Errorf("the folder has the pools %q", got)
	}
	if got := licensekey.Pools(filepath.Join(s.folder, "none")); got == nil || len(got) > 0 {
		t.Errorf("a folder that is not there has the pools %v", got)
	}
}

// TestBigPool holds that a claim from a big pool costs what one from a small one does, also after a restart, and that what is free is
// found wherever it is.
func TestBigPool(t *testing.T) {
	const all = 40_000
	s := newShop(t)
	s.put("big", lines(0, all))
	s.want("first", "big", "k", fmt.Sprintf("KEY-0000000, %d left", all-1))
	s.asked, s.offers = 0, 0
	for i := 1; i <= 200; i++ {
		s.want("next", "big", fmt.Sprint("k", i), fmt.Sprintf("KEY-%07d, %d left", i, all-1-i))
	}
	if s.asked > 210 || s.offers > 64 {
		t.Errorf("200 keys took %d claims with up to %d offers", s.asked, s.offers)
	}
	give := func(from, to int) {
		for i := from; i < to; i++ {
			value := fmt.Sprintf("KEY-%07d", i)
			if !s.taken[[2]string{"big", value}] {
				s.taken[[2]string{"big", value}] = true
				s.n["big"]++
			}
		}
	}
	give(0, all*9/10) // by another node
	s.want("far ahead", "big", "far", fmt.Sprintf("KEY-%07d, %d left", all*9/10, all/10-1))
	s.restart()
	s.asked, s.offers = 0, 0
	s.want("after a restart", "big", "again", fmt.Sprintf("KEY-%07d, %d left", all*9/10+1, all/10-2))
	if s.asked > 4 {
		t.Errorf("a restart costs %d claims", s.asked)
	}
	give(0, all-1)
	s.restart()
	s.want("the last", "big", "last", fmt.Sprintf("KEY-%07d, 0 left", all-1))
	began := time.Now()
	s.want("none", "big", "none", "permanent request: the pool is empty: add keys to the file big.txt in the folder of pools, and retry the run")
	s.asked = 0
	s.want("none", "big", "none2", "permanent request: the pool is empty: add keys to the file big.txt in the folder of pools, and retry the run")
	if s.asked > 1 {
		t.Errorf("an empty pool is gone through again: %d claims, the first time took %v", s.asked, time.Since(began))
	}
}

// TestFileChangedBehindItsTime rewrites a file in its place so that its size and time stay: no part of a line is ever given for a key.
func TestFileChangedBehindItsTime(t *testing.T) {
	s := newShop(t)
	s.put("games", "AAAA\nBBBB\nCCCC\nDDDD\n")
	s.want("a key", "games", "k1", "AAAA, 3 left")
	path := filepath.Join(s.folder, "games.txt")
	if err := os.WriteFile(path, []byte("AAAA\nB\nC-DDDDD-EEEE\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	s.want("a whole line", "games", "k2", "B, 1 left")
	s.want("a whole line", "games", "k3", "C-DDDDD-EEEE, 0 left")
}
