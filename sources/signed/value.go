package signed

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// identifier gives the text of a value that can name something: text, or a whole number that has kept all its digits.
func identifier(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		v = strings.TrimSpace(v)
		return v, v != ""
	case int:
		return strconv.Itoa(v), true
	}
	return "", false
}

// unprintable also takes the mark that stands for broken UTF-8.
func unprintable(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }

// moment reads a time: a number or digits since 1970, in seconds or, where that would be after the year 5138, in
// milliseconds; or text. What has no zone is UTC. It is zero for anything else.
func moment(v any) time.Time {
	switch v := v.(type) {
	case int:
		return sinceEpoch(float64(v))
	case float64:
		return sinceEpoch(v)
	case string:
		v = strings.TrimSpace(v)
		if n, err := strconv.ParseFloat(v, 64); err == nil {
			return sinceEpoch(n)
		}
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04:05-0700",
			"2006-01-02 15:04:05 -0700", time.RFC1123, time.RFC1123Z, time.DateOnly} {
			if at, err := time.Parse(layout, v); err == nil && at.Year() > 0 {
				return at.UTC()
			}
		}
	}
	return time.Time{}
}

func sinceEpoch(n float64) time.Time {
	if math.IsNaN(n) || n <= 0 || n > 1e14 {
		return time.Time{}
	}
	if n >= 1e11 {
		return time.UnixMilli(int64(n)).UTC()
	}
	return time.UnixMilli(int64(n * 1000)).UTC()
}

// written gives a value as JSON.
func written(v any) (json.RawMessage, bool) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return nil, false
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), true
}

// object gives the JSON object that an expression finds; nil when it finds none. A path is taken out of the text as it was
// written.
func (f *finder) object(x *expression, env map[string]any, raw json.RawMessage) json.RawMessage {
	if x.path != nil && x.path[0] == f.root {
		if found := bytes.TrimSpace(rawAt(raw, x.path[1:])); len(found) > 0 && found[0] == '{' {
			return found
		}
		return nil
	}
	v, err := x.run(env)
	if err != nil {
		return nil
	}
	if _, ok := v.(map[string]any); !ok {
		return nil
	}
	found, _ := written(v)
	return found
}
