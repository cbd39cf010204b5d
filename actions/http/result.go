package http

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"shopbell/actions"
	"shopbell/actions/web"
)

// maxKept is how much of an answer is left for later steps, in bytes.
const maxKept = 64 << 10

// result gives what later steps see of an answer. An answer that says 2xx and then breaks off is still a success; what
// there is of it is kept as text.
func result(a *web.Answer) actions.Result {
	r := actions.Result{"status": a.Status}
	if len(a.Body) == 0 {
		return r
	}
	if a.Partial == nil && len(a.Body) <= maxKept && saysJSON(a) {
		if v, ok := web.Values(a.Body); ok {
			r["json"] = v
			return r
		}
	}
	if text := a.Body[:min(len(a.Body), maxKept)]; printable(text) {
		r["body"] = strings.ToValidUTF8(string(text), "\uFFFD")
	}
	return r
}

// saysJSON tells whether an answer is called JSON, or nothing at all.
func saysJSON(a *web.Answer) bool {
	kind := a.Header.Get("Content-Type")
	return kind == "" || strings.Contains(strings.ToLower(kind), "json")
}

// printable tells whether the answer is text: what holds a zero byte is not.
func printable(body []byte) bool { return bytes.IndexByte(body, 0) < 0 && utf8.RuneCount(body) > 0 }
