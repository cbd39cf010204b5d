package rules

import (
	"strings"
	"unicode/utf8"
)

// A piece is a part of a text with holes: as it is, or the expression between {{ and }}.
type piece struct {
	text string // as it is, with \{{ already turned into {{
	code string // of a hole
	hole bool
	// at is where the piece begins in the text, counted in characters; of a hole, where its expression begins.
	at int
}

// A holeError says that a text's holes cannot be read.
type holeError struct {
	at            int // counted in characters
	message, hint string
}

// split parts a text into what is as it is and the holes {{ … }} in it. Quotes and braces inside a hole are respected,
// and \{{ stands for {{ itself. It gives every piece up to the first error.
func split(s string) ([]piece, *holeError) {
	var pieces []piece
	var plain strings.Builder
	runes, start := 0, 0 // characters before rest, and before the plain piece
	flush := func() {
		if plain.Len() > 0 {
			pieces = append(pieces, piece{text: plain.String(), at: start})
			plain.Reset()
		}
	}
	for rest := s; rest != ""; {
		switch {
		case strings.HasPrefix(rest, `\{{`):
			plain.WriteString("{{")
			rest, runes = rest[3:], runes+3
		case strings.HasPrefix(rest, "{{"):
			flush()
			code, size, problem := hole(rest)
			if problem != nil {
				problem.at += runes
				return pieces, problem
			}
			lead := len(code) - len(strings.TrimLeft(code, " \t\n\r"))
			pieces = append(pieces, piece{code: strings.TrimSpace(code), hole: true, at: runes + 2 + lead})
			runes += utf8.RuneCountInString(rest[:size])
			rest, start = rest[size:], runes
		default:
			_, size := utf8.DecodeRuneInString(rest)
			plain.WriteString(rest[:size])
			rest, runes = rest[size:], runes+1
		}
	}
	flush()
	return pieces, nil
}

// hole reads from {{ to the }} that closes it, and gives the expression and how many bytes that was.
func hole(s string) (code string, size int, problem *holeError) {
	depth, quote := 0, byte(0)
	for i := 2; i < len(s); i++ {
		c := s[i]
		switch {
		case quote != 0:
			if c == '\\' && quote != '`' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '{':
			depth++
		case c == '}' && depth > 0:
			depth--
		case c == '}' && i+1 < len(s) && s[i+1] == '}':
			code = s[2:i]
			if strings.TrimSpace(code) == "" {
				return "", 0, &holeError{message: "there is nothing between {{ and }}", hint: `Write what to put here, or \{{ for the braces themselves.`}
			}
			return code, i + 2, nil
		}
	}
	if quote != 0 {
		return "", 0, &holeError{message: "{{ is opened here and never closed", hint: "A quote inside it is not closed."}
	}
	return "", 0, &holeError{message: "{{ is opened here and never closed", hint: `Write }} at its end, or \{{ for the braces themselves.`}
}

// whole tells whether a text is exactly one hole.
func whole(pieces []piece) bool { return len(pieces) == 1 && pieces[0].hole }
