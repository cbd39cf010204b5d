package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"shopbell/actions"
	"shopbell/engine"
	"shopbell/sources"
)

// functions are what templates may call.
func functions() template.FuncMap {
	return template.FuncMap{
		"moment": moment, "until": until, "pretty": pretty, "tone": tone, "count": count, "took": took,
		"lower": strings.ToLower, "named": named, "join": strings.Join, "hasPrefix": strings.HasPrefix, "short": short,
		"state":     func(s any) mark { return mark{Word: fmt.Sprint(s), Tone: tone(fmt.Sprint(s))} },
		"mark":      func(word, tone string) mark { return mark{word, tone} },
		"add":       func(a, b int) int { return a + b },
		"tokenTone": tokenTone, "span": func(seconds float64) string { return (time.Duration(seconds) * time.Second).String() },
		"problems": func(n int) string {
			if n == 1 {
				return "1 problem"
			}
			return strconv.Itoa(n) + " problems"
		},
	}
}

// named gives an event's type; a notification that could not be read has none.
func named(typ string) string {
	if typ == "" || typ == "?" {
		return "not readable"
	}
	return typ
}

// tokenTone gives the colour of the state of a store's credential.
func tokenTone(s sources.CredentialState) string {
	switch s {
	case sources.CredentialOK:
		return "good"
	case sources.CredentialUnused, sources.CredentialStopped:
		return "calm"
	case sources.CredentialThrottled, sources.CredentialSilent:
		return "warn"
	}
	return "bad"
}

// mark is a coloured word.
type mark struct{ Word, Tone string }

// tone gives the colour of a state or an outcome. The word itself always stands beside it.
func tone(word string) string {
	switch word {
	case string(engine.RunDone), string(engine.EventPlanned), string(actions.OutcomeOK), "confirmed", "running", "ready":
		return "good"
	case string(engine.RunDead), string(engine.EventFailed), string(engine.EventRefused), string(actions.OutcomePermanent),
		"broken", "down":
		return "bad"
	case string(engine.RunHeld), string(engine.EventUnconfirmed), string(actions.OutcomeUnknown), string(actions.OutcomeRetry),
		"warning", "stopping":
		return "warn"
	case string(engine.RunDue), string(engine.RunStarted), string(engine.EventPending):
		return "wait"
	}
	return "calm"
}

// moment shows a time as people say it, with the exact time beside it for those who point at it.
func moment(t time.Time) template.HTML {
	if t.IsZero() {
		return `<span class="never">never</span>`
	}
	exact := t.UTC().Format("2 Jan 2006 15:04:05.000 UTC")
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s">%s</time>`, // digits and our own words only
		t.UTC().Format(time.RFC3339), exact, spoken(time.Since(t), t)))
}

// until is moment for a time that may lie ahead.
func until(t time.Time) template.HTML {
	if wait := time.Until(t); wait > 0 {
		return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s">in %s</time>`,
			t.UTC().Format(time.RFC3339), t.UTC().Format("2 Jan 2006 15:04:05 UTC"), span(wait)))
	}
	return `<span>now</span>`
}

func spoken(ago time.Duration, t time.Time) string {
	switch {
	case ago < 2*time.Second:
		return "just now"
	case ago < 48*time.Hour:
		return span(ago) + " ago"
	default:
		return t.UTC().Format("2 Jan 2006 15:04")
	}
}

func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return strconv.Itoa(int(d/time.Second)) + " s"
	case d < time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + " min"
	case d < 48*time.Hour:
		return strconv.Itoa(int(d/time.Hour)) + " h"
	}
	return strconv.Itoa(int(d/(24*time.Hour))) + " days"
}

// took shows how long something was under way.
func took(d time.Duration) string {
	if d < time.Second {
		return strconv.FormatInt(max(1, d.Milliseconds()), 10) + " ms"
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
}

// count shows a number with its thousands apart.
func count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// short cuts a text that is too long for a table.
func short(n int, text string) string {
	runes := []rune(text)
	if len(runes) <= n {
		return text
	}
	return string(runes[:n-1]) + "…"
}

// pretty shows JSON indented, with its parts told apart by class. Everything in it is escaped.
func pretty(raw any) template.HTML {
	text, ok := raw.(json.RawMessage)
	if !ok {
		var err error
		if text, err = json.Marshal(raw); err != nil {
			return "not JSON"
		}
	}
	var indented bytes.Buffer
	if json.Indent(&indented, text, "", "  ") != nil {
		return template.HTML(template.HTMLEscapeString(string(text)))
	}
	return colour(indented.Bytes())
}

// colour marks the tokens of indented JSON.
func colour(text []byte) template.HTML {
	var b strings.Builder
	put := func(class string, token []byte) {
		fmt.Fprintf(&b, `<span class="j%s">%s</span>`, class, template.HTMLEscapeString(string(token)))
	}
	for i := 0; i < len(text); {
		end := i + 1
		switch c := text[i]; {
		case c == '"':
			end = stringEnd(text, i)
			if end < len(text) && text[end] == ':' {
				put("k", text[i:end])
			} else {
				put("s", text[i:end])
			}
		case c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z':
			for end < len(text) && !bytes.ContainsRune([]byte(",]} \n"), rune(text[end])) {
				end++
			}
			put("n", text[i:end])
		default:
			b.WriteByte(c) // brackets, commas, colons and space
		}
		i = end
	}
	return template.HTML(b.String())
}

// stringEnd gives the index after the string that begins at i.
func stringEnd(text []byte, i int) int {
	for i++; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}
