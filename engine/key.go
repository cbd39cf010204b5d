package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// stepKey names one step of one run for ever: the same on every try, another for every replay. It does not depend on
// the rule's revision, nor on numbers that the ledger gives out, so that moving a ledger changes no key.
func stepKey(u *Run) string {
	name := make([]byte, 0, 160)
	for _, part := range []string{u.Source, u.Store, u.EventID, u.Rule} {
		name = append(appendQuoted(name, part), ' ')
	}
	for _, number := range []int{u.Item, u.Replay, u.Step} {
		name = append(strconv.AppendInt(name, int64(number), 10), ' ')
	}
	sum := sha256.Sum256(name)
	return "sb_" + hex.EncodeToString(sum[:16])
}

// appendQuoted is [strconv.AppendQuote], which looks at each letter of what has nothing to be escaped.
func appendQuoted(to []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return strconv.AppendQuote(to, s)
		}
	}
	return append(append(append(to, '"'), s...), '"')
}
