package licensekey_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"shopbell/actions"
	licensekey "shopbell/actions/license_key"
)

// plainly reads a pool's file in the simplest way.
func plainly(text string) (keys []string) {
	for line := range strings.SplitSeq(strings.TrimPrefix(text, "\ufeff"), "\n") {
		key := strings.TrimSpace(line)
		ok := utf8.ValidString(key) && !strings.ContainsFunc(key, func(r rune) bool { return unicode.IsControl(r) && r != '\t' })
		if ok && key != "" && key[0] != '#' && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// FuzzPool reads any file, and wants each of its keys once, in order, and then no more.
func FuzzPool(f *testing.F) {
	for _, seed := range []string{"A\nB\n", "\ufeffA\r\n\r\n#c\nA\nB", "\n\n \n", "a\x00\n\xff\nb", "\ufeff", "\r\r\nx", "\u00a0x\u00a0\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1000 { // lines may be too long
			return
		}
		s := newShop(t)
		s.put("p", text)
		want := plainly(text)
		for i := 0; i <= len(want); i++ {
			r, err := s.send(fmt.Sprint("k", i), licensekey.Params{Pool: "p"})
			if i == len(want) {
				if actions.OutcomeOf(err).Outcome != actions.OutcomePermanent {
					t.Errorf("%q: after %q comes %v, %v", text, want, r, err)
				}
			} else if err != nil || r["value"] != want[i] || r["left"] != int64(len(want)-i-1) {
				t.Errorf("%q: key %d is %v (%v), want %q", text, i, r, err, want[i])
			}
		}
	})
}

// FuzzPattern makes keys of any pattern: what is no pattern is refused, and what is made is as the pattern says.
func FuzzPattern(f *testing.F) {
	for _, seed := range []string{"key", "PIN-######", "????*", "*", "##?#-\u00fc", "#*#", strings.Repeat("?", 100)} {
		f.Add(seed, []byte("\x00\xff\xfa\xf9\x07"))
	}
	f.Fuzz(func(t *testing.T, text string, chance []byte) {
		key, err := licensekey.Make(text, bytes.NewReader(chance))
		if err != nil || text == "key" || text == "pin" || text == "true" {
			return
		}
		made := []rune(key)
		for i, c := range []rune(text) {
			symbols := map[rune]string{'#': "0123456789", '?': "0123456789ABCDEFGHJKMNPQRSTVWXYZ", '*': "0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U"}[c]
			if len(made) != len([]rune(text)) || symbols == "" && made[i] != c || symbols != "" && !strings.ContainsRune(symbols, made[i]) {
				t.Fatalf("%q gives %q", text, key)
			}
		}
	})
}
