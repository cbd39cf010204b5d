package engine

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// The forms by which addresses and numbers are found in any text. In an address %40 stands for @.
var (
	emailForm  = regexp.MustCompile(`[\pL\pN\pM._%+'-]*[\pL\pN\pM_+-](?:@|%40)[\pL\pN\pM-]+(?:\.[\pL\pN\pM-]+)+`)
	ip4Form    = regexp.MustCompile(`\d{1,3}(?:\.\d{1,3}){3}`)
	ip6Form    = regexp.MustCompile(`[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]*:[0-9A-Fa-f.]*`)
	phoneForm  = regexp.MustCompile(`[+(0-9][0-9 ()./\x{a0}\x{202f}\x{2010}-\x{2015}-]{5,}[0-9]`)
	dialForm   = regexp.MustCompile(`^(?:[+(0].*|\d{3}[-. ]\d{3}[-. ]\d{4})$`)
	decimal    = regexp.MustCompile(`^\d+\.\d+$`)
	secretForm = regexp.MustCompile(`(?i)\b(?:secret|public)_\w{8,}|\bxox[a-z]-[\w-]{8,}|\b[sr]k_(?:live|test)_\w{8,}|\bwhsec_[\w+/=]{8,}|\bgh[pousr]_\w{20,}|\bbearer [\w.~+/-]{8,}`)
)

func isEmail(v string) bool {
	at := emailForm.FindStringIndex(v)
	return at != nil && at[0] == 0 && at[1] == len(v)
}

// isPhone tells whether a text is written as a phone number, and not as a date, an amount or a count.
func isPhone(v string) bool {
	digits := len(onlyDigits(v))
	at := phoneForm.FindStringIndex(v)
	return at != nil && at[0] == 0 && at[1] == len(v) && digits >= 7 && digits <= 15 && dialForm.MatchString(v) && !isDate(v) && !isIP(v) &&
		!decimal.MatchString(v)
}

// word has a text be replaced wherever it stands as a word.
func (x *scrubber) word(v, made string) {
	if utf8.RuneCountInString(v) < 3 && (v == "" || v[0] < utf8.RuneSelf || utf8.RuneCountInString(v) < 2) {
		return // too short to be told from any other word
	}
	key := strings.ToLower(v)
	if _, known := x.words[key]; !known {
		x.words[key], x.known = made, nil
	}
}

// A finder finds one thing in a text. take gives what stands for it; false when it is not what it looked like.
type finder struct {
	form *regexp.Regexp
	take func(text string, start, end int) (string, bool)
}

// finders lists what is looked for, what is looked for first at the head. With known, names and the like too.
func (x *scrubber) finders(known bool) []finder {
	alone := func(text string, start, end int) bool {
		return !inWord(lastRune(text[:start])) && !inWord(firstRune(text[end:]))
	}
	list := []finder{
		{secretForm, func(string, int, int) (string, bool) { return "[secret]", true }},
		{emailForm, func(text string, start, end int) (string, bool) {
			found := text[start:end]
			made := x.standIn(kindEmail, strings.ReplaceAll(found, "%40", "@"))
			if !strings.Contains(found, "@") {
				made = strings.ReplaceAll(made, "@", "%40")
			}
			return made, true
		}},
	}
	if known && len(x.words) > 0 {
		if x.known == nil {
			x.known = wordsForm(x.words)
		}
		list = append(list, finder{x.known, func(text string, start, end int) (string, bool) {
			made, ok := x.words[strings.ToLower(text[start:end])]
			return made, ok && alone(text, start, end)
		}})
	}
	form := func(form *regexp.Regexp, kind kind, is func(string) bool) finder {
		return finder{form, func(text string, start, end int) (string, bool) {
			if !alone(text, start, end) || !is(text[start:end]) {
				return "", false
			}
			return x.standIn(kind, text[start:end]), true
		}}
	}
	return append(list, form(ip6Form, kindIP, isIP), form(ip4Form, kindIP, isIP), form(phoneForm, kindPhone, isPhone))
}

// wordsForm finds any of the words, the longest first.
func wordsForm(words map[string]string) *regexp.Regexp {
	list := make([]string, 0, len(words))
	for w := range words {
		list = append(list, regexp.QuoteMeta(w))
	}
	slices.SortFunc(list, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return regexp.MustCompile("(?i)" + strings.Join(list, "|"))
}

// find gives a text with stand-ins in place of what is found in it: addresses and numbers by their form, with known also all
// that is known of people.
func (x *scrubber) find(text string, known bool) string {
	if strings.Contains(text, "://") {
		if u, err := url.Parse(text); err == nil && u.Host != "" {
			return x.address(u, text, known)
		}
	}
	if strings.Contains(text, "%") {
		if plain, err := url.PathUnescape(text); err == nil && plain != text {
			if found := x.replace(plain, known); found != plain {
				return url.PathEscape(found)
			}
		}
	}
	return x.replace(text, known)
}

// replace walks once over a text, so that no stand-in is looked at again.
func (x *scrubber) replace(text string, known bool) string {
	finders := x.finders(known)
	next := make([][]int, len(finders)) // of each, where it is found next; nil before it was looked for
	gone := make([]bool, len(finders))
	var b strings.Builder
	for at := 0; ; {
		best := -1
		for i, f := range finders {
			for !gone[i] && (next[i] == nil || next[i][0] < at) {
				if next[i] = f.form.FindStringIndex(text[at:]); next[i] == nil {
					gone[i] = true
					break
				}
				next[i][0], next[i][1] = next[i][0]+at, next[i][1]+at
			}
			if !gone[i] && (best < 0 || next[i][0] < next[best][0]) {
				best = i
			}
		}
		if best < 0 {
			b.WriteString(text[at:])
			return b.String()
		}
		start, end := next[best][0], next[best][1]
		if made, ok := finders[best].take(text, start, end); ok {
			b.WriteString(text[at:start] + made)
			at = end
			continue
		}
		_, size := utf8.DecodeRuneInString(text[start:])
		if next[best] = finders[best].form.FindStringIndex(text[start+size:]); next[best] == nil {
			gone[best] = true
			continue
		}
		next[best][0], next[best][1] = next[best][0]+start+size, next[best][1]+start+size
	}
}

// address scrubs each part of a web address, and leaves out of its query what gives access. One with nothing in it stays
// to the letter.
func (x *scrubber) address(u *url.URL, text string, known bool) string {
	changed := false
	part := func(v string) string {
		made := x.replace(v, known)
		changed = changed || made != v
		return made
	}
	if u.User != nil {
		u.User, changed = nil, true
	}
	u.Host = part(u.Host)
	u.Path, u.RawPath = part(u.Path), ""
	u.Fragment, u.RawFragment = part(u.Fragment), ""
	query := u.Query()
	for key, values := range query {
		if nameOfField(key).secret() {
			query.Del(key)
			changed = true
			continue
		}
		for i := range values {
			values[i] = part(values[i])
		}
	}
	if !changed {
		return text
	}
	u.RawQuery = query.Encode()
	return u.String()
}
