package receipt

import (
	"slices"

	"golang.org/x/text/unicode/bidi"
)

// seen puts the letters of a line into the order in which they are seen, from the left: what is written from the right is turned
// around, and numbers in it are not. It does what the Unicode bidirectional algorithm does with plain text of one level.
func seen(line string) string {
	letters := []rune(line)
	if !slices.ContainsFunc(letters, func(r rune) bool { return rightToLeft(classOf(r)) }) {
		return line
	}
	levels := levelsOf(letters)
	for level := slices.Max(levels); level > 0; level-- {
		for i := 0; i < len(letters); {
			j := i
			for j < len(letters) && levels[j] >= level {
				j++
			}
			slices.Reverse(letters[i:j])
			slices.Reverse(levels[i:j])
			i = max(j, i+1)
		}
	}
	for i, r := range letters {
		if levels[i]%2 == 1 {
			letters[i] = mirrored(r)
		}
	}
	return string(letters)
}

func classOf(r rune) bidi.Class {
	p, _ := bidi.LookupRune(r)
	return p.Class()
}

func rightToLeft(c bidi.Class) bool { return c == bidi.R || c == bidi.AL }

// levelsOf gives an even level to what runs from the left and an odd one to what runs from the right. The first strong letter says how the
// line runs as a whole.
func levelsOf(letters []rune) []int {
	classes := make([]bidi.Class, len(letters))
	base := -1 // way of the line
	for i, r := range letters {
		classes[i] = classOf(r)
		if base < 0 && (classes[i] == bidi.L || rightToLeft(classes[i])) {
			base = 0
			if rightToLeft(classes[i]) {
				base = 1
			}
		}
	}
	levels, ways := make([]int, len(letters)), make([]int, len(letters)) // a way is 0 from the left, 1 from the right, -1 for either
	last := base                                                         // way of the last strong letter
	for i, c := range classes {
		switch {
		case c == bidi.L:
			last, ways[i], levels[i] = 0, 0, 2*base
		case rightToLeft(c):
			last, ways[i], levels[i] = 1, 1, 1
		case c == bidi.EN || c == bidi.AN || between(classes, i):
			ways[i], levels[i] = last, 2*max(base, last)
		default:
			ways[i] = -1
		}
	}
	fillNeutral(levels, ways, base)
	return levels
}

// between tells of a point or comma inside a number.
func between(classes []bidi.Class, i int) bool {
	return (classes[i] == bidi.CS || classes[i] == bidi.ES) && i > 0 && i+1 < len(classes) && classes[i-1] == bidi.EN && classes[i+1] == bidi.EN
}

// fillNeutral gives what has no direction, such as spaces, that of both its sides, or else that of the line.
func fillNeutral(levels, ways []int, base int) {
	for i := 0; i < len(ways); {
		j := i
		for j < len(ways) && ways[j] < 0 {
			j++
		}
		before, after := base, base
		if i > 0 {
			before = ways[i-1]
		}
		if j < len(ways) {
			after = ways[j]
		}
		level := base
		if before == after {
			level = 2*base - before // between Latin words 0, or 2 where the line runs from the right
			if before == 1 {
				level = 1
			}
		}
		for ; i < j; i++ {
			levels[i] = level
		}
		i = j + 1
	}
}

// mirrored gives the bracket of the other side.
func mirrored(r rune) rune {
	for _, pair := range [...][2]rune{{'(', ')'}, {'[', ']'}, {'{', '}'}, {'<', '>'}, {'«', '»'}, {'‹', '›'}} {
		switch r {
		case pair[0]:
			return pair[1]
		case pair[1]:
			return pair[0]
		}
	}
	return r
}
