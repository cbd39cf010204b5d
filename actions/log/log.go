// Package log declares the log action, which writes one line to the program's log:
//
//	log: { message: "{{ order.id }} was changed" }
//
// It is for trying rules out, and for operators who watch their logs.
package log

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"unicode"

	"shopbell/actions"
)

// Action writes a line.
var Action = actions.Define(actions.Spec[Account, Params]{
	Name:       "log",
	Summary:    "Write one line to the log",
	Doc:        "Line breaks and other control characters are made visible, so that a line stays one line.",
	Example:    `log: { message: "{{ order.id }} was changed" }`,
	Idempotent: true, // a second line does no harm, and bears the same key
	NoAccount:  true,
	Open: func(env actions.Env, _ Account) (actions.Sender[Params], error) {
		return sender{env.Log}, nil
	},
})

// maxMessage is how much of a message is logged, in bytes.
const maxMessage = 8 << 10

// An Account has nothing to say.
type Account struct{}

// Params are what one step says.
type Params struct {
	Message string `json:"message" jsonschema_description:"What to write; the first 8 KiB of it."`
}

type sender struct{ log *slog.Logger }

// Send writes the line. It never fails: a log has nobody to tell.
func (s sender) Send(ctx context.Context, call actions.Call[Params]) (actions.Result, error) {
	text := call.Params.Message
	if len(text) > maxMessage {
		text = strings.ToValidUTF8(text[:maxMessage], "") + "…"
	}
	s.log.LogAttrs(ctx, slog.LevelInfo, visible(text), slog.String("key", call.Key))
	return nil, nil
}

// visible writes control characters, and what is not UTF-8, as Go's escapes.
func visible(text string) string {
	if !strings.ContainsFunc(text, hidden) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if hidden(r) {
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// hidden tells whether a character shows nothing or moves others: controls, and marks that turn the direction of text.
func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) || unicode.Is(unicode.Bidi_Control, r) || r == unicode.ReplacementChar
}
