package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// sentTo finds the events whose runs wrote to a recipient, or were about to.
func (t *teller) sentTo(ctx context.Context) (found []int64, err error) {
	q := t.question
	f := RunFilter{Limit: 500}
	for looked := 0; ; {
		list, err := t.ledger.Runs(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, u := range list {
			f.Before = u.ID
			if looked++; looked > lookedRuns || len(found) >= q.Limit {
				slices.Sort(found)
				t.story.Notes = append(t.story.Notes, fmt.Sprintf("Only the newest runs were looked through, back to %s.", u.Created.UTC().Format(time.DateTime)))
				return found, nil
			}
			if q.Source != "" && u.Source != q.Source || q.Store != "" && u.Store != q.Store || slices.Contains(found, u.Event) {
				continue
			}
			if u, err = t.ledger.Run(ctx, u.ID); err != nil {
				return nil, err
			}
			if slices.ContainsFunc(u.Steps, func(s Step) bool { return names(decoded(s.Params), q.Recipient) }) {
				found = append(found, u.Event)
			}
		}
		if len(list) < f.Limit {
			slices.Sort(found)
			return found, nil
		}
	}
}

// names tells whether a text names a recipient: an address, however its letters are written, or a number, however its
// digits are grouped.
func names(text, recipient string) bool {
	recipient = strings.TrimSpace(recipient)
	if holdsWord(strings.ToLower(text), strings.ToLower(recipient)) {
		return true
	}
	digits := onlyDigits(recipient)
	if strings.ContainsFunc(recipient, unicode.IsLetter) || len(digits) < 7 {
		return false
	}
	for line := range strings.Lines(text) {
		if got := onlyDigits(line); !strings.ContainsFunc(line, unicode.IsLetter) && got != "" && (strings.HasSuffix(got, strings.TrimLeft(digits, "0")) || strings.HasSuffix(digits, got) && len(got) >= 7) {
			return true
		}
	}
	return false
}

func onlyDigits(s string) string {
	return strings.Map(func(c rune) rune {
		if c < '0' || c > '9' {
			return -1
		}
		return c
	}, s)
}

// holdsWord tells whether a word stands in a text, and not as part of a longer one: ann@example.com is not in
// joann@example.com.
func holdsWord(text, word string) bool {
	inside := func(c rune) bool {
		return unicode.IsLetter(c) || unicode.IsDigit(c) || c == '_' || c == '-' || c == '+'
	}
	for from := 0; word != ""; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(word)
		before, after := lastRune(text[:start]), firstRune(text[end:])
		dotted := before == '.' && inside(lastRune(text[:start-1])) || after == '.' && inside(firstRune(text[end+1:]))
		if !inside(before) && !inside(after) && !dotted {
			return true
		}
		from = start + 1
	}
	return false
}

func firstRune(s string) rune {
	for _, c := range s {
		return c
	}
	return 0
}

func lastRune(s string) (last rune) {
	for _, c := range s[max(0, len(s)-4):] {
		last = c
	}
	return last
}
