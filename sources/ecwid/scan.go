package ecwid

import (
	"bytes"
	"encoding/json"
	"iter"
)

// members walks over the members of a JSON object without copying any of it, which is what makes Receive fast: it
// reads eight fields, and decoding into a struct took three times as long. Text that is not an object has no members.
//
// raw must be valid JSON. Keys come as they stand between their quotes; of a key that is given twice, the later is the
// one that counts, as with encoding/json.
func members(raw []byte) iter.Seq2[string, json.RawMessage] {
	return func(yield func(string, json.RawMessage) bool) {
		at := skipSpace(raw, 0)
		if at >= len(raw) || raw[at] != '{' {
			return
		}
		at = skipSpace(raw, at+1)
		for at < len(raw) && raw[at] == '"' {
			end := skipValue(raw, at)
			key := raw[at+1 : end-1]
			at = skipSpace(raw, skipSpace(raw, end)+1) // the colon
			end = skipValue(raw, at)
			if !yield(string(key), json.RawMessage(raw[at:end:end])) {
				return
			}
			at = skipSpace(raw, skipSpace(raw, end)+1) // the comma, or the end
		}
	}
}

func skipSpace(raw []byte, at int) int {
	for at < len(raw) && (raw[at] == ' ' || raw[at] == '\t' || raw[at] == '\n' || raw[at] == '\r') {
		at++
	}
	return at
}

// skipValue gives where the value that begins at a place ends.
func skipValue(raw []byte, at int) int {
	depth := 0
	for at < len(raw) {
		switch raw[at] {
		case '"':
			at = skipString(raw, at)
		case '{', '[':
			depth++
			at++
		case '}', ']':
			if depth == 0 {
				return at // the end of what a bare word stood in
			}
			depth--
			at++
		case ',', ' ', '\t', '\n', '\r', ':':
			if depth == 0 {
				return at
			}
			at++
			continue
		default:
			at++
			continue
		}
		if depth == 0 {
			return at
		}
	}
	return at
}

func skipString(raw []byte, at int) int {
	for at++; at < len(raw); at++ {
		next := bytes.IndexByte(raw[at:], '"')
		if next < 0 {
			return len(raw)
		}
		backslashes := 0
		for i := at + next - 1; i >= at && raw[i] == '\\'; i-- {
			backslashes++
		}
		at += next
		if backslashes%2 == 0 {
			return at + 1
		}
	}
	return at
}
