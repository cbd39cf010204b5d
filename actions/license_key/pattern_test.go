package licensekey_test

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"shopbell/actions"
	licensekey "shopbell/actions/license_key"
)

// TestDraw gives every byte once: each number must come as often as any other, which n % base of all bytes would not do.
func TestDraw(t *testing.T) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	for base, want := range map[int]int{10: 25, 32: 8} {
		counts := make([]int, base)
		for source := bytes.NewReader(every); ; {
			n, err := licensekey.Draw(source, base)
			if err != nil {
				break
			}
			counts[n]++
		}
		for n, count := range counts {
			if count != want {
				t.Errorf("below %d, %d comes %d times of 256, want %d", base, n, count, want)
			}
		}
	}
}

// TestBias makes PINs and licence keys with a source that is always the same, and holds that no symbol is likelier than
// another at any place, nor at all places together. The bounds are those of chi square that chance passes once in a million times; digits
// made by n % 10 of a byte pass the last one every time.
func TestBias(t *testing.T) {
	source := bufio.NewReader(rand.NewChaCha8([32]byte{1, 2, 3}))
	for pattern, test := range map[string]struct {
		symbols string
		most    float64
	}{"######": {"0123456789", 46.7}, "????????": {"0123456789ABCDEFGHJKMNPQRSTVWXYZ", 85.2}} {
		const keys = 40_000
		counts := make([]map[rune]int, len(pattern)+1) // the last is of all places
		for i := range counts {
			counts[i] = map[rune]int{}
		}
		for range keys {
			key, err := licensekey.Make(pattern, source)
			if err != nil {
				t.Fatal(err)
			}
			for i, c := range key {
				counts[i][c]++
				counts[len(pattern)][c]++
			}
		}
		for place, seen := range counts {
			drawn, square := 0, 0.0
			for _, n := range seen {
				drawn += n
			}
			expected := float64(drawn) / float64(len(test.symbols))
			for _, c := range test.symbols {
				difference := float64(seen[c]) - expected
				square += difference * difference / expected
			}
			if square > test.most || len(seen) != len(test.symbols) {
				t.Errorf("%s, place %d: chi square is %.1f, more than %.1f, of %d symbols", pattern, place, square, test.most, len(seen))
			}
		}
	}
}

func TestMake(t *testing.T) {
	for _, test := range []struct {
		pattern string
		bytes   []byte
		want    string
	}{
		{"PIN-######", []byte{0, 9, 250, 255, 10, 249, 25, 7}, "PIN-090957"},
		{"???*", []byte{1, 6, 18}, "16JD"}, // 1234, the example of Crockford's page
		{"###?*", []byte{1, 2, 3, 20}, "123M4"},
		{"no-????-end", []byte{31, 32, 63, 30}, "no-Z0ZY-end"},
	} {
		got, err := licensekey.Make(test.pattern, bytes.NewReader(test.bytes))
		if err != nil || got != test.want {
			t.Errorf("%s: %q, %v, want %q", test.pattern, got, err, test.want)
		}
	}
	form := regexp.MustCompile(`^([0-9A-HJKMNP-TV-Z]{5}-){4}[0-9A-HJKMNP-TV-Z]{5}[0-9A-HJKMNP-TV-Z*~$=U]$`)
	if got, err := licensekey.Make("key", rand.NewChaCha8([32]byte{})); err != nil || !form.MatchString(got) {
		t.Errorf("key gives %q, %v", got, err)
	}
	if _, err := licensekey.Make("####", bytes.NewReader([]byte{1, 2})); err == nil {
		t.Error("a source that ends gives a key")
	}
}

// cycle is a source of chance that repeats some bytes for ever.
type cycle struct {
	bytes []byte
	at    int
}

func (c *cycle) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = c.bytes[c.at%len(c.bytes)]
		c.at++
	}
	return len(p), nil
}

// TestGenerate holds that what is made is new in its pool, the same on every try, and that it ends when there is nothing new.
func TestGenerate(t *testing.T) {
	s := newShop(t)
	s.random = &cycle{bytes: []byte{1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3}}
	s.restart()
	take := func(key, pool string) string {
		r, err := s.send(key, licensekey.Params{Generate: "A####", Pool: actions.Text(pool)})
		if err != nil {
			return fmt.Sprint(actions.OutcomeOf(err).Outcome, " ", err)
		}
		return fmt.Sprint(r["value"], " ", r["left"])
	}
	for i, step := range []struct{ key, pool, want string }{
		{"k1", "", "A1111 9999"},
		{"k1", "", "A1111 9999"},
		{"k1", "vouchers", "A1111 9999"},
		{"k2", "", "A2222 9998"},
		{"k3", "", "A3333 9997"},
		{"k2", "", "A2222 9997"},
	} {
		s.random.(*cycle).at = 0 // the same chance for all
		if got := take(step.key, step.pool); got != step.want {
			t.Errorf("step %d: %s, want %s", i, got, step.want)
		}
	}
	if got := take("k4", ""); !strings.HasPrefix(got, "permanent nearly all keys") {
		t.Errorf("with nothing new: %s", got)
	}
	s.put("vouchers", "A2222\nB\n")
	s.want("of a file of the same pool", "vouchers", "k9", "A2222, 1 left")
	if got := take("k8", "vouchers"); got != "A3333 9997" {
		t.Errorf("made beside what the file gave: %s", got)
	}
}
