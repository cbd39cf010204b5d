package secret

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// shortest is how long a secret must be to be looked for, in bytes: a shorter one would be found in innocent words.
const shortest = 6

// A Mask puts secrets out of sight in what a provider repeats. It is read-only; the zero Mask hides nothing.
type Mask struct{ hide []string }

// NewMask looks for every secret as it is, and as JSON and URLs spell it. Secrets of less than 6 bytes are left alone.
func NewMask(secrets ...Text) Mask {
	var m Mask
	for _, s := range secrets {
		raw := s.Reveal()
		if len(raw) < shortest {
			continue
		}
		spelled, err := json.Marshal(raw)
		if err != nil {
			continue // a string always marshals
		}
		for _, form := range []string{raw, string(spelled[1 : len(spelled)-1]), url.QueryEscape(raw), url.PathEscape(raw)} {
			if !slices.Contains(m.hide, form) {
				m.hide = append(m.hide, form)
			}
		}
	}
	// The longest first, so that a secret within another leaves no rest of it.
	slices.SortFunc(m.hide, func(a, b string) int { return len(b) - len(a) })
	return m
}

// Bytes gives the text with "[secret]" in place of each secret.
func (m Mask) Bytes(text []byte) []byte {
	for _, h := range m.hide {
		if bytes.Contains(text, []byte(h)) {
			text = bytes.ReplaceAll(text, []byte(h), []byte("[secret]"))
		}
	}
	return text
}

// Text is [Mask.Bytes] for strings.
func (m Mask) Text(text string) string {
	for _, h := range m.hide {
		text = strings.ReplaceAll(text, h, "[secret]")
	}
	return text
}
