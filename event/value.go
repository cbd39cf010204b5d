package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync"
	"unicode/utf8"
)

// MaxDepth is how deep a JSON value may be nested before [Decode] refuses it.
const MaxDepth = 64

// ErrDepth says that a value is nested deeper than [MaxDepth].
var ErrDepth = fmt.Errorf("nested deeper than %d levels", MaxDepth)

// Decode turns JSON text into the values that rules see: nil, bool, int, float64, string, []any and map[string]any.
// A number is an int when it is whole and fits one, so that ids survive; else it is a float64. A number that fits
// neither (1e999), anything after the value, and nesting beyond [MaxDepth] are errors. Of a key given twice the last
// counts, and what is not UTF-8 becomes U+FFFD, as encoding/json has it.
//
// It is on the way of every event, and takes a third of the time of encoding/json with UseNumber and a walk after it.
func Decode(raw []byte) (any, error) { return decode(raw, nil) }

func decode(raw []byte, only map[string]bool) (any, error) {
	d := decoders.Get().(*decoder)
	defer func() {
		d.text, d.only = nil, nil
		if cap(d.fields) <= mostSpare && cap(d.values) <= mostSpare {
			decoders.Put(d)
		}
	}()
	d.text, d.at, d.only = raw, 0, only
	d.space()
	v, err := d.value(0)
	if err != nil {
		return nil, err
	}
	if d.space(); d.at < len(d.text) {
		return nil, errors.New("there is more after the JSON value")
	}
	return v, nil
}

// DecodeObject is [Decode] for text that must be a JSON object.
func DecodeObject(raw []byte) (map[string]any, error) { return DecodeFields(raw, nil) }

// DecodeFields is [DecodeObject] with these fields only, as far as they are there; nil stands for all. It is for text that was decoded
// before: of a field that is left out no more is read than is needed to find its end.
func DecodeFields(raw []byte, only map[string]bool) (map[string]any, error) {
	v, err := decode(raw, only)
	if err != nil {
		return nil, err
	}
	o, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("want a JSON object")
	}
	return o, nil
}

// decoders are lent, for what they have at hand is larger than most objects.
var decoders = sync.Pool{New: func() any { return new(decoder) }}

// mostSpare is how many values a decoder that waits for the next text may have room for.
const mostSpare = 10_000

// decoder walks once over the text.
type decoder struct {
	text []byte
	at   int
	only map[string]bool // the fields of the outermost object that are wanted; nil for all
	// What objects and lists hold is gathered here first, so that each is made once, as large as it has to be.
	fields []field
	values []any
	keys   [64]string // read lately: the items of a list have the same
}

type field struct {
	key   string
	value any
}

func (d *decoder) wrong() error {
	if d.at >= len(d.text) {
		return errors.New("the JSON ends too early")
	}
	return fmt.Errorf("the JSON is wrong at byte %d", d.at+1)
}

func (d *decoder) space() {
	for d.at < len(d.text) {
		switch d.text[d.at] {
		case ' ', '\t', '\n', '\r':
			d.at++
		default:
			return
		}
	}
}

// peek gives the next byte that is not space, without passing it; 0 at the end.
func (d *decoder) peek() byte {
	d.space()
	if d.at >= len(d.text) {
		return 0
	}
	return d.text[d.at]
}

func (d *decoder) value(depth int) (any, error) {
	switch c := d.peek(); {
	case c == '{':
		return d.object(depth + 1)
	case c == '[':
		return d.list(depth + 1)
	case c == '"':
		return d.string()
	case c == 't':
		return true, d.word("true")
	case c == 'f':
		return false, d.word("false")
	case c == 'n':
		return nil, d.word("null")
	case c == '-' || '0' <= c && c <= '9':
		return d.number()
	}
	return nil, d.wrong()
}

func (d *decoder) word(w string) error {
	if d.at+len(w) > len(d.text) || string(d.text[d.at:d.at+len(w)]) != w {
		return d.wrong()
	}
	d.at += len(w)
	return nil
}

func (d *decoder) object(depth int) (any, error) {
	if depth > MaxDepth {
		return nil, ErrDepth
	}
	from := len(d.fields)
	defer func() {
		clear(d.fields[from:])
		d.fields = d.fields[:from]
	}()
	d.at++
	for first := true; ; first = false {
		c := d.peek()
		if c == '}' && first {
			break
		}
		if c != '"' {
			return nil, d.wrong()
		}
		key, err := d.key()
		if err != nil {
			return nil, err
		}
		if d.peek() != ':' {
			return nil, d.wrong()
		}
		d.at++
		if depth == 1 && d.only != nil && !d.only[key] {
			err = d.pass()
		} else {
			var value any
			value, err = d.value(depth)
			d.fields = append(d.fields, field{key, value})
		}
		if err != nil {
			return nil, err
		}
		if c = d.peek(); c == '}' {
			break
		}
		if c != ',' {
			return nil, d.wrong()
		}
		d.at++
	}
	d.at++
	o := make(map[string]any, len(d.fields)-from)
	for _, f := range d.fields[from:] {
		o[f.key] = f.value
	}
	return o, nil
}

// pass goes to the end of a value.
func (d *decoder) pass() error {
	for open := 0; ; {
		switch c := d.peek(); c {
		case 0:
			return d.wrong()
		case '"':
			if err := d.passString(); err != nil {
				return err
			}
		case '{', '[':
			open++
			d.at++
		case '}', ']':
			open--
			d.at++
		case ',', ':':
			d.at++
		default:
			for d.at++; d.at < len(d.text) && d.text[d.at] != ',' && d.text[d.at] != ']' && d.text[d.at] != '}'; d.at++ { // a number or a word
			}
		}
		if open <= 0 {
			return nil
		}
	}
}

// passString goes to the end of a string.
func (d *decoder) passString() error {
	for from := d.at + 1; ; {
		end := bytes.IndexByte(d.text[from:], '"')
		if end < 0 {
			d.at = len(d.text)
			return d.wrong()
		}
		d.at, from = from+end+1, from+end+1
		escapes := 0
		for i := d.at - 2; d.text[i] == '\\'; i-- {
			escapes++
		}
		if escapes%2 == 0 {
			return nil
		}
	}
}

func (d *decoder) list(depth int) (any, error) {
	if depth > MaxDepth {
		return nil, ErrDepth
	}
	from := len(d.values)
	defer func() {
		clear(d.values[from:])
		d.values = d.values[:from]
	}()
	d.at++
	for first := true; ; first = false {
		c := d.peek()
		if c == ']' && first {
			break
		}
		v, err := d.value(depth)
		if err != nil {
			return nil, err
		}
		d.values = append(d.values, v)
		if c = d.peek(); c == ']' {
			break
		}
		if c != ',' {
			return nil, d.wrong()
		}
		d.at++
	}
	d.at++
	return append(make([]any, 0, len(d.values)-from), d.values[from:]...), nil
}

// key reads a string that is mostly one that was read before.
func (d *decoder) key() (string, error) {
	const most = 32
	start := d.at + 1
	for i := start; i < min(start+most, len(d.text)); i++ {
		c := d.text[i]
		if c == '"' {
			inside := d.text[start:i]
			last := &d.keys[slot(inside)]
			if string(inside) != *last {
				*last = string(inside)
			}
			d.at = i + 1
			return *last, nil
		}
		if c == '\\' || c < ' ' || c >= utf8.RuneSelf {
			break
		}
	}
	return d.string()
}

// slot gives the place of a key among those read lately.
func slot(key []byte) int {
	if len(key) == 0 {
		return 0
	}
	return (len(key) + 7*int(key[0]) + 31*int(key[len(key)-1]) + 3*int(key[len(key)/2])) % 64
}

// string reads a string. One with escapes, or that is not UTF-8, is left to encoding/json.
func (d *decoder) string() (string, error) {
	start := d.at
	plain := true
	for i := start + 1; i < len(d.text); i++ {
		switch c := d.text[i]; {
		case c == '"':
			d.at = i + 1
			if inside := d.text[start+1 : i]; plain && utf8.Valid(inside) {
				return string(inside), nil
			}
			var s string
			if err := json.Unmarshal(d.text[start:d.at], &s); err != nil {
				d.at = start
				return "", d.wrong()
			}
			return s, nil
		case c == '\\':
			plain = false
			i++
		case c < ' ':
			d.at = i
			return "", d.wrong()
		}
	}
	d.at = len(d.text)
	return "", d.wrong()
}

// number reads a number, by JSON's grammar: no leading zero, no bare point, no plus.
func (d *decoder) number() (any, error) {
	start, whole := d.at, true
	if d.text[d.at] == '-' {
		d.at++
	}
	switch n := d.digits(); {
	case n == 0, n > 1 && d.text[d.at-n] == '0':
		return nil, d.wrong()
	}
	if d.at < len(d.text) && d.text[d.at] == '.' {
		d.at++
		if whole = false; d.digits() == 0 {
			return nil, d.wrong()
		}
	}
	if d.at < len(d.text) && (d.text[d.at] == 'e' || d.text[d.at] == 'E') {
		d.at++
		if d.at < len(d.text) && (d.text[d.at] == '+' || d.text[d.at] == '-') {
			d.at++
		}
		if whole = false; d.digits() == 0 {
			return nil, d.wrong()
		}
	}
	return number(d.text[start:d.at], whole)
}

func (d *decoder) digits() (n int) {
	for ; d.at < len(d.text) && '0' <= d.text[d.at] && d.text[d.at] <= '9'; d.at++ {
		n++
	}
	return n
}

func number(text []byte, whole bool) (any, error) {
	if whole {
		if i, err := strconv.Atoi(string(text)); err == nil {
			return i, nil
		}
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return nil, fmt.Errorf("the number %.40s is out of range", string(text))
	}
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int(f), nil
	}
	return f, nil
}
