package signed

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"
	"time"

	"shopbell/document"
	"shopbell/secret"
)

// defaultTolerance is how old a signature may be where a time of signing is signed and the config does not say more.
const defaultTolerance = 5 * time.Minute

// verifier makes a verifier of the description. Every error names the key that is wrong.
func (d Verify) verifier() (*verifier, error) {
	v := &verifier{header: strings.ToLower(d.Header), list: d.List, prefix: d.Prefix, separator: d.Separator}
	if err := checkHeaderName("verify.header", d.Header); err != nil {
		return nil, err
	}
	if err := d.List.check(); err != nil {
		return nil, err
	}
	var err error
	if v.algorithm, err = algorithm(d.Algorithm); err != nil {
		return nil, err
	}
	if v.decode = decoder(orElse(d.Encoding, "hex")); v.decode == nil {
		return nil, oneOf("verify.encoding", d.Encoding, "hex", "base64", "base64url")
	}
	if v.parts, err = d.signedParts(); err != nil {
		return nil, err
	}
	if err := d.timing(v); err != nil {
		return nil, err
	}
	return v, nil
}

// signedParts checks the parts. A signature that covers nothing of the request could be sent again with anything.
func (d Verify) signedParts() ([]part, error) {
	if len(d.Parts) == 0 {
		return []part{{from: fromBody}}, nil
	}
	if len(d.Parts) > 16 {
		return nil, errors.New("verify.parts has more than 16 parts")
	}
	var parts []part
	for i, p := range d.Parts {
		made, err := makePart(fmt.Sprintf("verify.parts[%d]", i), p, d.List)
		if err != nil {
			return nil, err
		}
		parts = append(parts, made)
	}
	if !slices.ContainsFunc(parts, func(p part) bool { return p.from == fromBody || p.from == fromJSON }) {
		return nil, errors.New("verify.parts has nothing of the body, so a signature would fit any body: add body: true, or json: with a field of it")
	}
	return parts, nil
}

func makePart(at string, p Part, l List) (part, error) {
	var made []part
	if p.Body {
		made = append(made, part{from: fromBody})
	}
	if p.Header != "" {
		if err := checkHeaderName(at+".header", p.Header); err != nil {
			return part{}, err
		}
		made = append(made, part{from: fromHeader, name: strings.ToLower(p.Header)})
	}
	if p.Entry != "" {
		if l.Assign == "" {
			return part{}, fmt.Errorf("%s.entry: the signature's header has no keys: describe them with verify.list.assign", at)
		}
		if slices.Contains(l.Keys, p.Entry) {
			return part{}, fmt.Errorf("%s.entry: %q is a signature, which cannot sign itself", at, p.Entry)
		}
		made = append(made, part{from: fromEntry, name: p.Entry})
	}
	if p.JSON != "" {
		path := strings.Split(p.JSON, ".")
		if slices.Contains(path, "") || len(path) > 16 {
			return part{}, fmt.Errorf("%s.json: %q is not a field such as data.id", at, p.JSON)
		}
		made = append(made, part{from: fromJSON, path: path})
	}
	if p.Literal != "" {
		made = append(made, part{from: fromLiteral, name: p.Literal})
	}
	if len(made) != 1 {
		return part{}, fmt.Errorf("%s: want exactly one of body, header, entry, json and literal, got %d", at, len(made))
	}
	return made[0], nil
}

// timing checks timestamp and tolerance. A time that is not signed says nothing.
func (d Verify) timing(v *verifier) error {
	t := d.Timestamp
	if t == (Timestamp{}) {
		if d.Tolerance != "" && d.Tolerance != "0s" {
			return errors.New("verify.tolerance needs verify.timestamp: there is no time to compare with")
		}
		return nil
	}
	at, err := makePart("verify.timestamp", Part{Header: t.Header, Entry: t.Entry, JSON: t.JSON}, d.List)
	if err != nil {
		return err
	}
	if v.unit = orElse(t.Unit, "s"); !slices.Contains([]string{"s", "ms", "rfc3339"}, v.unit) {
		return oneOf("verify.timestamp.unit", t.Unit, "s", "ms", "rfc3339")
	}
	signed := slices.ContainsFunc(v.parts, at.same) || at.from == fromJSON && v.coversBody()
	if !signed {
		return fmt.Errorf("verify.timestamp: %s is not among verify.parts, so anybody could change it; take a time that is signed", at)
	}
	v.timestamp, v.tolerance = &at, defaultTolerance
	if d.Tolerance != "" {
		if v.tolerance, err = time.ParseDuration(d.Tolerance); err != nil || v.tolerance < 0 {
			return fmt.Errorf("verify.tolerance: %q is not a length of time such as 30s or 5m", d.Tolerance)
		}
	}
	return nil
}

func (l List) check() error {
	switch {
	case l.Assign == "" && len(l.Keys) > 0:
		return errors.New("verify.list.keys needs verify.list.assign, which stands between a key and its value")
	case l.Assign != "" && len(l.Keys) == 0:
		return errors.New("verify.list.assign needs verify.list.keys, which says under which keys the signatures are")
	case l.Between != "" && strings.Contains(l.Assign, l.Between):
		return errors.New("verify.list: assign holds what stands between two entries")
	case slices.Contains(l.Keys, ""):
		return errors.New("verify.list.keys: a key is empty")
	}
	return nil
}

func algorithm(name string) (func() hash.Hash, error) {
	switch orElse(name, "hmac-sha256") {
	case "hmac-sha256":
		return sha256.New, nil
	case "hmac-sha384":
		return sha512.New384, nil
	case "hmac-sha512":
		return sha512.New, nil
	case "hmac-sha1":
		return sha1.New, nil
	}
	return nil, oneOf("verify.algorithm", name, "hmac-sha256", "hmac-sha512", "hmac-sha384", "hmac-sha1")
}

// keys decodes the secrets, the current one first. No error tells one.
func (d Verify) keys(current, previous secret.Text) ([][]byte, error) {
	if current == "" && previous != "" {
		return nil, errors.New("previous_secret is given without secret: the secret in use goes into secret")
	}
	var keys [][]byte
	for _, s := range []struct{ key, text string }{{"secret", current.Reveal()}, {"previous_secret", previous.Reveal()}} {
		if s.text == "" {
			continue
		}
		if strings.TrimSpace(s.text) != s.text {
			return nil, fmt.Errorf("%s begins or ends with a space or line break", s.key)
		}
		key, err := d.key(s.key, s.text)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func (d Verify) key(name, text string) ([]byte, error) {
	encoding := orElse(d.SecretEncoding, "text")
	if encoding == "text" {
		return []byte(text), nil
	}
	decode := decoder(encoding)
	if decode == nil || encoding == "base64url" {
		return nil, oneOf("verify.secret_encoding", encoding, "text", "base64", "hex")
	}
	text = strings.TrimPrefix(text, d.SecretPrefix)
	if encoding == "base64" && strings.ContainsAny(text, "-_") {
		decode = decoder("base64url")
	}
	key, err := decode(text)
	if err != nil || len(key) == 0 {
		behind := ""
		if d.SecretPrefix != "" {
			behind = " behind " + d.SecretPrefix
		}
		return nil, fmt.Errorf("%s is not %s%s: copy it whole from the sender's page, or set verify.secret_encoding", name, encoding, behind)
	}
	return key, nil
}

// over gives d with what is written in own instead.
func (d Verify) over(own Verify) Verify {
	if own.List.Between != "" || own.List.Assign != "" || own.List.Keys != nil {
		d.List = own.List
	}
	if own.Parts != nil {
		d.Parts = own.Parts
	}
	if own.Timestamp != (Timestamp{}) {
		d.Timestamp = own.Timestamp
	}
	for _, pair := range []struct{ to, from *string }{
		{&d.Header, &own.Header}, {&d.Prefix, &own.Prefix}, {&d.Separator, &own.Separator}, {&d.Algorithm, &own.Algorithm},
		{&d.Encoding, &own.Encoding}, {&d.SecretEncoding, &own.SecretEncoding}, {&d.SecretPrefix, &own.SecretPrefix}, {&d.Tolerance, &own.Tolerance},
	} {
		*pair.to = orElse(*pair.from, *pair.to)
	}
	return d
}

func checkHeaderName(at, name string) error {
	if name == "" {
		return fmt.Errorf("%s is missing: name the HTTP header, such as X-Signature", at)
	}
	for _, c := range name {
		if c <= ' ' || c >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, c) {
			return fmt.Errorf("%s: %q cannot be the name of an HTTP header", at, name)
		}
	}
	return nil
}

// oneOf says which words a key takes.
func oneOf(key, got string, words ...string) error {
	message := fmt.Sprintf("%s is %q; want one of %s", key, got, strings.Join(words, ", "))
	if hint := document.DidYouMean(got, words); hint != "" {
		message += ". " + hint
	}
	return errors.New(message)
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
