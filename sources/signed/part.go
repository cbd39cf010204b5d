package signed

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"shopbell/sources"
)

// origin says where a signed part comes from.
type origin int

const (
	fromBody origin = iota
	fromHeader
	fromEntry
	fromJSON
	fromLiteral
)

// A part is one piece of what is signed.
type part struct {
	from origin
	name string   // of the header in lower case, or of the entry; the text of a literal
	path []string // of the field
}

// String names the part for people.
func (p part) String() string {
	switch p.from {
	case fromHeader:
		return "the header " + p.name
	case fromEntry:
		return "the entry " + p.name + " of the signature's header"
	case fromJSON:
		return "the field " + strings.Join(p.path, ".") + " of the body"
	case fromLiteral:
		return "a literal"
	}
	return "the body"
}

// same tells whether two parts are the same piece.
func (p part) same(q part) bool {
	return p.from == q.from && p.name == q.name && strings.Join(p.path, "\x00") == strings.Join(q.path, "\x00")
}

// value gives the bytes of the part; what is missing, if it is. A header or an entry that is given twice with different
// values is as good as missing: signer and reader could mean another one.
func (p part) value(r *sources.Request, h headers, given signatureHeader) (value []byte, missing string) {
	switch p.from {
	case fromHeader:
		values := h[p.name]
		if len(values) == 0 {
			return nil, fmt.Sprintf("%s is missing", p)
		}
		for _, other := range values[1:] {
			if other != values[0] {
				return nil, fmt.Sprintf("%s was sent twice with different values", p)
			}
		}
		return []byte(values[0]), ""
	case fromEntry:
		text, ok := given.entries[p.name]
		switch {
		case !ok:
			return nil, fmt.Sprintf("%s is missing", p)
		case given.torn[p.name]:
			return nil, fmt.Sprintf("%s was sent twice with different values", p)
		}
		return []byte(text), ""
	case fromJSON:
		text, ok := scalarAt(r.Body, p.path)
		if !ok {
			return nil, fmt.Sprintf("%s is missing, or neither text nor a number", p)
		}
		return []byte(text), ""
	case fromLiteral:
		return []byte(p.name), ""
	}
	return r.Body, ""
}

// signedAt reads a time of signing.
func signedAt(text, unit string) (time.Time, bool) {
	if unit == "rfc3339" {
		at, err := time.Parse(time.RFC3339Nano, text)
		return at, err == nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if unit == "ms" {
		n /= 1000
	}
	if err != nil || math.IsNaN(n) || n < 0 || n > 1e11 { // the year 5138
		return time.Time{}, false
	}
	return time.UnixMilli(int64(n * 1000)), true
}
