package rules

import (
	"slices"
	"strconv"
	"strings"
)

// A cut is a condition taken apart: what is around its literals, and those.
type cut struct {
	key      []byte
	literals []writtenLiteral
}

// A writtenLiteral is a number or a text as it stands in a condition of ASCII characters.
type writtenLiteral struct {
	from  int
	code  string
	value value
	plain any // as the compiler has it
}

// empty tells whether a literal is one that the checker sees differently from others: see [examiner.missesEqual].
func (l *writtenLiteral) empty() bool { return l.value.text == "" && l.value.number == 0 }

// The bounds of what is cut; beyond them, a condition is read as ever.
const (
	mostLiterals   = 16
	longestLiteral = 200 // bytes: nothing asks whether a text is as short as that
	longestNumber  = 9   // digits before and after the point
)

// cut takes a condition apart. It is not ok for what is not quite plain: other characters than printable ASCII, escapes, comments,
// numbers written in an odd way, and two literals that are the same, for then something may depend on it.
func (c *cut) cut(vocabulary int, code string) bool {
	c.key, c.literals = strconv.AppendInt(c.key[:0], int64(vocabulary), 10), c.literals[:0]
	c.key = append(c.key, '\n')
	if len(code) > maxCode || nesting(code) > maxBrackets {
		return false
	}
	for i := 0; i < len(code); {
		ch := code[i]
		end, kind := i+1, byte(0)
		switch {
		case ch < ' ' || ch > '~' || ch == '\\' || ch == '`' || ch == '/' && i+1 < len(code) && (code[i+1] == '/' || code[i+1] == '*'):
			return false
		case ch == '"' || ch == '\'':
			kind, end = 'S', textEnd(code, i)
		case '0' <= ch && ch <= '9' && (i == 0 || !inWord(code[i-1])):
			kind, end = numberEnd(code, i)
		}
		if kind == 0 {
			c.key = append(c.key, ch)
			i = end
			continue
		}
		if end < 0 || i > 0 && (inWord(code[i-1]) || code[i-1] == '.' || code[i-1] == '#') || !c.add(kind, i, code[i:end]) {
			return false
		}
		if c.literals[len(c.literals)-1].empty() {
			kind += 'a' - 'A'
		}
		c.key = append(c.key, 0, kind)
		i = end
	}
	return len(c.literals) > 0
}

func inWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '$'
}

// textEnd gives where a text ends that begins at i; -1 when it is not a plain one.
func textEnd(code string, i int) int {
	n := strings.IndexByte(code[i+1:], code[i])
	if n < 0 || n > longestLiteral {
		return -1
	}
	for _, c := range []byte(code[i+1 : i+1+n]) {
		if c < ' ' || c > '~' || c == '\\' || c == '?' { // question marks are taken out of paths: see [bare]
			return -1
		}
	}
	return i + n + 2
}

// numberEnd gives where a number ends that begins at i, and of which kind it is; -1 when it is not a plain one.
func numberEnd(code string, i int) (kind byte, end int) {
	digits := func(from int) int {
		for from < len(code) && '0' <= code[from] && code[from] <= '9' {
			from++
		}
		return from
	}
	kind, end = 'I', digits(i)
	if code[i] == '0' && end > i+1 || end-i > longestNumber {
		return kind, -1
	}
	if end+1 < len(code) && code[end] == '.' && '0' <= code[end+1] && code[end+1] <= '9' {
		point := end
		if kind, end = 'F', digits(point+1); end-point > longestNumber {
			return kind, -1
		}
	}
	if end < len(code) && (code[end] == '.' || inWord(code[end])) {
		return kind, -1
	}
	return kind, end
}

// add keeps a literal, unless it is there already.
func (c *cut) add(kind byte, from int, code string) bool {
	l := writtenLiteral{from: from, code: code}
	switch kind {
	case 'S':
		s := code[1 : len(code)-1]
		l.value, l.plain = value{form: text, text: s}, s
	case 'I':
		n, err := strconv.Atoi(code)
		if err != nil {
			return false
		}
		l.value, l.plain = value{form: number, number: float64(n)}, n
	case 'F':
		f, err := strconv.ParseFloat(code, 64)
		if err != nil {
			return false
		}
		l.value, l.plain = value{form: number, number: f}, f
	}
	if len(c.literals) == mostLiterals || slices.ContainsFunc(c.literals, func(o writtenLiteral) bool { return o.value == l.value }) {
		return false
	}
	c.literals = append(c.literals, l)
	return true
}

// whole adds to the key the literals that are no gaps.
func (c *cut) whole(gaps []bool) {
	for i, gap := range gaps {
		if !gap {
			c.key = append(append(c.key, 0), c.literals[i].code...)
		}
	}
}
