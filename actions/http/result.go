package http

import (
	"bytes"
	"encoding/json"
	"io"
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
		if v, ok := decode(a.Body); ok {
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

// decode reads JSON into plain values, with whole numbers that fit as int, so that ids survive.
func decode(body []byte) (any, bool) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil, false
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, false
	}
	return plain(v), true
}

func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return int(i)
		}
		if f, err := v.Float64(); err == nil {
			return f
		}
		return v.String()
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plain(v[k])
		}
	}
	return v
}
