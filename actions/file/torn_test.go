package file_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestTorn cuts a file at every byte, as a crash of the machine might, and holds that the steps, done again, leave each row once and
// whole, and that nothing is lost.
func TestTorn(t *testing.T) {
	for _, name := range []string{"a.csv", "a.jsonl"} {
		steps := []string{
			`{"file":"` + name + `","columns":["a","b","c"],"row":{"a":"x","b":"two\n\"lines\", and more\n","c":123456}}`,
			`{"file":"` + name + `","columns":["a","b","c"],"row":{"a":"","b":"\n","c":""}}`,
			`{"file":"` + name + `","columns":["a","b","c"],"row":{"a":"żółć","b":null,"c":[1,2]}}`,
		}
		folder := t.TempDir()
		path := filepath.Join(folder, name)
		out := open(t, account(folder, ""))
		for i, step := range steps {
			add(t, out, fmt.Sprint("key-", i), step)
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for cut := range len(want) + 1 {
			if err := os.WriteFile(path, want[:cut], 0o600); err != nil {
				t.Fatal(err)
			}
			again := open(t, account(folder, ""))
			if cut%2 == 0 {
				again = out // which remembers the file as it was before
			}
			for i, step := range steps {
				if _, err := send(t.Context(), again, fmt.Sprint("key-", i), step); err != nil {
					t.Fatalf("%s, cut at %d: %v", name, cut, err)
				}
			}
			holds(t, path, string(want))
			if aside, err := os.ReadFile(path + ".torn"); err == nil && !bytes.HasPrefix(want[bytes.LastIndex(want[:cut], bytes.TrimSuffix(aside, []byte("\n"))):], bytes.TrimSuffix(aside, []byte("\n"))) {
				t.Errorf("%s, cut at %d: %q was put aside", name, cut, aside)
			}
			_ = os.Remove(path + ".torn")
			if t.Failed() {
				t.Fatalf("%s, cut at %d", name, cut)
			}
		}
	}
}

// FuzzCell holds that what is written is read back as it was, in one row, by another reader of CSV, and is no formula.
func FuzzCell(f *testing.F) {
	for _, seed := range []string{"", "a", `"`, `""`, "a,b", "a\nb", "a\r\nb", "=1", "+1-1", "-", " ", "'", "\\", "\u2028", "a\"\n,\"b", "＝1", "\ufeff"} {
		f.Add(seed, "key")
	}
	folder := f.TempDir()
	out := open(f, account(folder, ""))
	n := 0
	f.Fuzz(func(t *testing.T, text, other string) {
		if !utf8.ValidString(text) || !utf8.ValidString(other) || strings.ContainsRune(text+other, 0) {
			t.Skip("not to be had from JSON, or refused")
		}
		path := filepath.Join(folder, "a.csv")
		_ = os.Remove(path)
		n++
		add(t, out, fmt.Sprint("k-", n), `{"file":"a.csv","row":{"a":`+quoted(text)+`,"b":`+quoted(other)+`}}`)
		add(t, open(t, account(folder, "")), "next", `{"file":"a.csv","row":{"a":"1"}}`)
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		rows, err := csv.NewReader(file).ReadAll()
		if err != nil || len(rows) != 3 || rows[1][2] != fmt.Sprint("k-", n) {
			t.Fatalf("%q, %q became %q: %v", text, other, rows, err)
		}
		for i, want := range []string{text, other} {
			got := rows[1][i]
			want = strings.ReplaceAll(want, "\r\n", "\n") // as this reader has it
			if strings.TrimPrefix(got, "'") != strings.TrimPrefix(want, "'") {
				t.Errorf("%q became %q", want, got)
			}
			if got != "" && strings.ContainsAny(got[:1], "=@\t\r\n") {
				t.Errorf("%q is a formula", got)
			}
		}
	})
}

func quoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		fmt.Fprintf(&b, `\u%04x`, utf16of(r))
		if r > 0xffff {
			fmt.Fprintf(&b, `\u%04x`, 0xdc00+(r-0x10000)&0x3ff)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func utf16of(r rune) rune {
	if r > 0xffff {
		return 0xd800 + (r-0x10000)>>10
	}
	return r
}
