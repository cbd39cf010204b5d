package receipt_test

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"

	"shopbell/receipt"
	"shopbell/receipt/receipttest"
)

// fontOf makes a TrueType font that has some letters and no others. They look like those of another font: what matters is which there
// are.
func fontOf(t *testing.T, letters string) []byte {
	t.Helper()
	like, err := sfnt.Parse(goregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	glyphs := map[rune]uint16{}
	for i, r := range []rune(letters) {
		g, err := like.GlyphIndex(nil, 'a'+rune(i%26))
		if err != nil {
			t.Fatal(err)
		}
		glyphs[r] = uint16(g)
	}
	return withTable(goregular.TTF, "cmap", cmapOf(glyphs))
}

// cmapOf makes the table of letters, in format 4, with a segment for each.
func cmapOf(glyphs map[rune]uint16) []byte {
	var b bytes.Buffer
	put := func(values ...uint16) { _ = binary.Write(&b, binary.BigEndian, values) }
	letters := slices.Sorted(maps.Keys(glyphs))
	n := uint16(len(letters) + 1)
	put(0, 1, 3, 1, 0, 12) // version, one table, for Windows, of Unicode, at 12
	put(4, 16+8*n, 0, 2*n, 0, 0, 0)
	for _, r := range letters {
		put(uint16(r))
	}
	put(0xFFFF, 0)
	for _, r := range letters {
		put(uint16(r))
	}
	put(0xFFFF)
	for _, r := range letters {
		put(glyphs[r] - uint16(r))
	}
	put(1)
	for range n {
		put(0)
	}
	return b.Bytes()
}

// withTable puts another table into a font.
func withTable(ttf []byte, name string, table []byte) []byte {
	made := bytes.Clone(ttf)
	for i := range int(binary.BigEndian.Uint16(ttf[4:])) {
		entry := made[12+16*i:]
		if string(entry[:4]) == name {
			binary.BigEndian.PutUint32(entry[8:], uint32(len(made)))
			binary.BigEndian.PutUint32(entry[12:], uint32(len(table)))
		}
	}
	return append(made, table...)
}

func fontsWith(t *testing.T, letters string) *receipt.Fonts {
	t.Helper()
	f, err := receipt.WithFont(fontOf(t, letters))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// named is what the receipt says of things of some names.
func named(t *testing.T, f *receipt.Fonts, names ...string) []string {
	t.Helper()
	var items []any
	for _, name := range names {
		items = append(items, map[string]any{"name": name, "price": 5})
	}
	order := map[string]any{"id": "A", "paymentStatus": "PAID", "items": items}
	pdf := written(t, read(t, order, receipt.Options{Currency: "INR"}), f)
	checkLetters(t, pdf)
	_, after, _ := strings.Cut(receipttest.Saying(t, pdf), "Amount\n")
	lines := strings.Split(after, "\n")[:len(names)]
	for i, line := range lines {
		lines[i] = strings.Join(strings.Fields(strings.ReplaceAll(line, "|", " ")), " ") // fonts change within words
	}
	return lines
}

// checkLetters holds that no letter is written in a font that lacks it, which is what makes boxes. It looks at the fonts in the PDF.
func checkLetters(t *testing.T, pdf []byte) {
	t.Helper()
	for _, words := range receipttest.Pages(t, pdf) {
		for _, w := range words {
			for _, r := range w.Text {
				if r > 0xFFFF || r == 0xFFFD || r < ' ' {
					t.Errorf("%q has %U in it", w.Text, r)
				}
			}
		}
	}
}

// TestOperatorsFont holds that letters are written in a font of the operator's where ours lacks them, each in the order in which it is
// seen, and that what that font lacks too is written in Latin letters.
func TestOperatorsFont(t *testing.T) {
	const hebrew = "אבגדהוזחטיךכלםמןנסעףפץצקרשת"
	forms := ""
	for r := rune(0xFE80); r <= 0xFEFC; r++ {
		forms += string(r)
	}
	type case_ struct{ name, want string }
	for letters, cases := range map[string][]case_{
		"₹王นมसते" + "กขค" + hebrew + forms: {
			{"Tea for ₹ 5", "Tea for ₹ 5 1 ₹ 5.00 ₹ 5.00"},
			{"王小明", "王 […] 1"},
			{"שלום", "םולש 1"},
			{"ספר 12 (חדש)", "( שדח ) 12 רפס 1"},
			{"Tea שלום עולם 5", "Tea 5 םלוע םולש 1"},
			{"سلام", "\ufee1\ufefc\ufeb3 1"},             // meem alone, lam-alef joined, seen at the beginning
			{"محمد", "\ufeaa\ufee4\ufea4\ufee3 1"},       // dal, meem, hah, meem
			{"سل\u200cام", "\ufee1\ufe8d\ufede\ufeb3 1"}, // kept apart
			{"नमस्ते", "[…] 1"},                          // its letters change places, which no font does by itself
			{"กขค", "กขค 1"},
		},
		"\ufee1": {{"محمد", "Mhmd 1"}}, // one form is not enough
		"": { // without one
			{"👍🏽 Tea ❤️\u200d🔥 \U0001F600", "Tea 1"},
			{"\u202eTea\u2066\u200b", "Tea 1"}, // what turns lines around
			{"Cafe\u0301", "Café 1"},
			{"Ｔｅａ ①", "Tea 1 1"}, // in other clothes
			{strings.Repeat("王", 3) + " and " + "王", "[…] and […] 1"},
			{"Tea\r\n\tin\x00 bags\u2028now", "Tea in bags now 1"},
			{"Հայաստան, საქართველო, ქარგი", "Hayastan, Sakartvelo, Kargi 1"},
		},
	} {
		f := receipt.Standard()
		if letters != "" {
			f = fontsWith(t, letters)
		}
		var names []string
		for _, c := range cases {
			names = append(names, c.name)
		}
		for i, got := range named(t, f, names...) {
			if c := cases[i]; !strings.HasPrefix(got, c.want) {
				t.Errorf("%q with a font of %.10q: %q, want %q", c.name, letters, got, c.want)
			}
		}
	}
}

// TestFontsThatAreNone holds that a file that is no font of use is told when it is given, and never stops the program.
func TestFontsThatAreNone(t *testing.T) {
	broken := fontOf(t, "xyz")
	for i := 12; i < 12+16*8; i++ {
		broken[i] ^= 0x55
	}
	for want, ttf := range map[string][]byte{
		"(an .otf)":     []byte("OTTO and more"),
		"(.ttc);":       []byte("ttcf and more"),
		"no TrueType":   []byte("hello"),
		"can be used":   goregular.TTF[:len(goregular.TTF)/3],
		"no TrueType f": broken,
		"more than 32":  make([]byte, 33<<20),
	} {
		if _, err := receipt.WithFont(ttf); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	ours := map[string]int{"cmap": 4, "glyf": 100, "head": 60, "hhea": 40, "hmtx": 30, "loca": 20, "maxp": 8}
	for name, at := range ours { // cut short, table by table
		ttf := withTable(goregular.TTF, name, make([]byte, at))
		if f, err := receipt.WithFont(ttf); err == nil {
			named(t, f, "Tea 王")
		}
	}
}
