package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
)

// shortest is how long a secret must be to be looked for, in bytes: a shorter one would be found in innocent words.
const shortest = 6

// A Mask puts secrets out of sight in what a provider repeats. It is read-only; the zero Mask hides nothing.
type Mask struct{ hide []string }

// NewMask looks for every secret as it is and as others spell it: in JSON, URLs, HTML, hexadecimal digits and base64, there also
// in the middle of something longer. Secrets of less than 6 bytes are left alone.
func NewMask(secrets ...Text) Mask {
	var m Mask
	for _, s := range secrets {
		raw := s.Reveal()
		if len(raw) < shortest {
			continue
		}
		forms := slices.Concat([]string{raw, html.EscapeString(raw)}, inURLs(raw), inDigits(raw), inJSON(raw))
		for _, form := range forms { // each may stand in JSON, and JSON within JSON
			for _, spelled := range append(inJSON(form), form) {
				if !slices.Contains(m.hide, spelled) {
					m.hide = append(m.hide, spelled)
				}
			}
		}
	}
	// The longest first, so that a secret within another leaves no rest of it.
	slices.SortStableFunc(m.hide, func(a, b string) int { return len(b) - len(a) })
	return m
}

// inJSON spells a text as encoders of JSON do: with < > & escaped or not, / escaped or not, and all that is not ASCII.
func inJSON(raw string) []string {
	if !strings.ContainsFunc(raw, func(r rune) bool { return r < ' ' || r >= 0x7f || strings.ContainsRune(`"\\/<>&`, r) }) {
		return nil // as it is
	}
	var plain strings.Builder
	e := json.NewEncoder(&plain)
	e.SetEscapeHTML(false)
	if e.Encode(raw) != nil {
		return nil // a string always encodes
	}
	spelled := strings.TrimSpace(plain.String())
	spelled = spelled[1 : len(spelled)-1]
	var ascii strings.Builder
	for _, r := range spelled {
		switch {
		case r < 0x80:
			ascii.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&ascii, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&ascii, `\u%04x`, r)
		}
	}
	tags := strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`)
	all := []string{spelled, tags.Replace(spelled), ascii.String(), tags.Replace(ascii.String())}
	for _, form := range all {
		all = append(all, strings.ReplaceAll(form, "/", `\/`))
	}
	return all
}

// percent is an escape of a URL.
var percent = regexp.MustCompile("%[0-9A-F]{2}")

// inURLs spells a text as queries and paths have it, with capital digits and small ones.
func inURLs(raw string) []string {
	all := []string{url.QueryEscape(raw), url.PathEscape(raw), strings.ReplaceAll(url.QueryEscape(raw), "+", "%20")}
	for _, form := range all {
		all = append(all, percent.ReplaceAllStringFunc(form, strings.ToLower))
	}
	return all
}

// inDigits spells a text in hexadecimal digits and in base64. There the letters depend on where it begins in what is encoded:
// those that are of it alone are the same for each third place.
func inDigits(raw string) []string {
	digits := hex.EncodeToString([]byte(raw))
	all := []string{digits, strings.ToUpper(digits)}
	for _, code := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		whole := code.EncodeToString([]byte(raw))
		all = append(all, whole, strings.TrimRight(whole, "="))
		for before := range 3 {
			text := code.EncodeToString(append(make([]byte, before), raw...))
			all = append(all, text[(before*8+5)/6:(before+len(raw))*8/6])
		}
	}
	return all
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

// End puts out of sight what a text that was cut off ends in, if that may be the beginning of a secret.
func (m Mask) End(text []byte) []byte {
	for _, h := range m.hide {
		for n := min(len(h)-1, len(text)); n >= shortest; n-- {
			if bytes.HasSuffix(text, []byte(h[:n])) {
				return append(text[:len(text)-n:len(text)-n], "[secret]"...)
			}
		}
	}
	return text
}
