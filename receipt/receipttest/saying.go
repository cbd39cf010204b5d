// Package receipttest reads what a receipt says, for tests:
//
//	if !strings.Contains(receipttest.Saying(t, pdf), "Total | €118.00") {
//		t.Error("the total is another one")
//	}
//
// It reads the PDF itself, not what that was made of, and no other PDFs than those of package receipt.
package receipttest

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
)

// A Word is text on a page, with its place from the left and the bottom, in points.
type Word struct {
	X, Y, Size float64
	Text, Font string
}

var (
	streams  = regexp.MustCompile(`(?s)stream\n(.*?)\nendstream`)
	showings = regexp.MustCompile(`(?s)/(F\w+) ([\d.]+) Tf ET|BT ([-\d.]+) ([-\d.]+) Td \(((?:[^\\)]|\\.)*)\) Tj ET`)
)

// Pages reads the words of each page.
func Pages(t testing.TB, pdf []byte) [][]Word {
	t.Helper()
	var pages [][]Word
	for _, s := range streams.FindAllSubmatch(pdf, -1) {
		r, err := zlib.NewReader(bytes.NewReader(s[1]))
		if err != nil {
			continue // not compressed: no page
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatalf("a stream cannot be read: %v", err)
		}
		if !bytes.Contains(content, []byte(" Td (")) {
			continue
		}
		var words []Word
		font, size := "", 0.0
		for _, m := range showings.FindAllSubmatch(content, -1) {
			if len(m[1]) > 0 {
				font, size = string(m[1]), number(t, m[2])
				continue
			}
			words = append(words, Word{number(t, m[3]), number(t, m[4]), size, textOf(t, m[5]), font})
		}
		pages = append(pages, words)
	}
	return pages
}

func number(t testing.TB, text []byte) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// textOf decodes a string of the PDF, which is UTF-16 with some bytes escaped.
func textOf(t testing.TB, raw []byte) string {
	t.Helper()
	var plain []byte
	for i := 0; i < len(raw); i++ {
		if raw[i] == '\\' {
			if i++; raw[i] == 'r' {
				raw[i] = '\r'
			}
		}
		plain = append(plain, raw[i])
	}
	if len(plain)%2 != 0 {
		t.Fatalf("%q is no UTF-16", plain)
	}
	var units []uint16
	for i := 0; i < len(plain); i += 2 {
		units = append(units, uint16(plain[i])<<8|uint16(plain[i+1]))
	}
	return string(utf16.Decode(units))
}

// Saying gives what a PDF says, line by line, with bars between what stands apart on a line, _ for a space that does not
// break and ~ for a narrow one.
func Saying(t testing.TB, pdf []byte) string {
	t.Helper()
	var b strings.Builder
	for i, words := range Pages(t, pdf) {
		if i > 0 {
			b.WriteString("--- page " + fmt.Sprint(i+1) + "\n")
		}
		slices.SortStableFunc(words, func(a, b Word) int {
			if d := b.Y - a.Y; d > 3 || d < -3 {
				return int(d / abs(d))
			}
			return int((a.X - b.X) * 100)
		})
		for j, w := range words {
			if j > 0 {
				b.WriteString(map[bool]string{true: " | ", false: "\n"}[abs(words[j-1].Y-w.Y) <= 3])
			}
			b.WriteString(strings.NewReplacer("\u00a0", "_", "\u202f", "~").Replace(w.Text))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func abs(f float64) float64 { return max(f, -f) }
