// Package secret holds what must never be shown: a type for tokens and passwords that every usual way of printing hides,
// and a mask for what other programs repeat of them.
//
//	token := secret.Text("xoxb-1")
//	fmt.Println(token)                                  // [secret]
//	secret.NewMask(token).Text("bad token xoxb-1")      // bad token [secret]
//
// It does not encrypt, and does not look for secrets that it was not told.
package secret

import "log/slog"

// A Text is text that must never be shown. Every usual way of printing it gives "[secret]"; only Reveal tells it.
type Text string

// Reveal gives the text, for putting it on the wire.
func (s Text) Reveal() string { return string(s) }

// String gives "[secret]", or "" for none.
func (s Text) String() string {
	if s == "" {
		return ""
	}
	return "[secret]"
}

// GoString keeps %#v from telling.
func (s Text) GoString() string { return `"` + s.String() + `"` }

// MarshalText keeps encoders from telling.
func (s Text) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue keeps logs from telling.
func (s Text) LogValue() slog.Value { return slog.StringValue(s.String()) }
