package rules

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"shopbell/event"
)

// A dice makes values out of bytes: every kind of value that a function may meet.
type dice struct{ bytes []byte }

func (d *dice) roll() byte {
	if len(d.bytes) == 0 {
		return 0
	}
	b := d.bytes[0]
	d.bytes = d.bytes[1:]
	return b
}

func (d *dice) number() int {
	n := 0
	for range d.roll() % 8 {
		n = n<<8 | int(d.roll())
	}
	return n
}

func (d *dice) text() string {
	n := min(int(d.roll()), len(d.bytes))
	t := string(d.bytes[:n])
	d.bytes = d.bytes[n:]
	if d.roll()%8 == 0 && t != "" {
		t = strings.Repeat(t, 1+d.number()%(maxText/len(t)))
	}
	return t
}

func (d *dice) value(depth int) any {
	switch kind := d.roll() % 20; {
	case kind == 0:
		return nil
	case kind == 1:
		return d.roll()%2 == 0
	case kind == 2:
		return d.number()
	case kind == 3:
		return -d.number()
	case kind == 4:
		return math.Float64frombits(uint64(d.number())<<8 | uint64(d.roll()))
	case kind == 5:
		return float64(d.number()) / 100
	case kind == 6:
		return [...]float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), math.MaxFloat64}[d.roll()%5]
	case kind == 7:
		return time.Unix(int64(d.number()), 0)
	case kind == 8:
		return time.Duration(d.number())
	case kind == 9:
		return safe{text: d.text()}
	case kind == 10:
		return [...]string{"2026-11-20 23:30:00 +0000", "EUR", "de", "+49 171 2345678", "Monday, 2 January 2006", ";", "=1+1", "<p>"}[d.roll()%8]
	case kind < 14 && depth < 3:
		list := []any{}
		for range d.roll() % 16 {
			list = append(list, d.value(depth+1))
		}
		if d.roll()%16 == 0 && len(list) > 0 {
			for len(list) < 10_000 {
				list = append(list, list...)
			}
		}
		return list
	case kind < 16 && depth < 3:
		object := map[string]any{}
		for range d.roll() % 8 {
			object[d.text()] = d.value(depth + 1)
		}
		return object
	case kind == 16:
		return []string{d.text(), d.text()}
	case kind == 17:
		return []int{d.number(), d.number()}
	}
	return d.text()
}

// FuzzFunctions calls every function with any values: none panics, takes long, or makes much of little, and each gives the
// same answer twice.
func FuzzFunctions(f *testing.F) {
	f.Add([]byte("\x02\x12\x05hello\x01\x02\x01\x05"))
	f.Add([]byte("\x03\x0a\x00\x0a\x04\x0a\x02"))
	f.Add([]byte("\x02\x0b\x04\x12\x01a\x01\x12\x01b\x01\x02\x01\x07\x00\x01\x0a\x05"))
	f.Add([]byte("\x01\x0e\x02\x01a\x01\x02\x01\x05\x01b\x01\x00"))
	f.Add([]byte("\x01\x12\x04<!--\x00\x03\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, bytes []byte) {
		d := &dice{bytes}
		language := [...]string{"", "en", "de", "pt-BR", "ru", "ja", "x-?"}[d.roll()%7]
		args := make([]any, 1+d.roll()%4)
		for i := range args {
			args[i] = d.value(0)
		}
		for _, function := range Functions() {
			first := asked(t, &function, language, args)
			if second := asked(t, &function, language, args); first != second {
				t.Errorf("%s gives %.200s, then %.200s", function.Name, first, second)
			}
		}
	})
}

// asked calls a function and holds its answer within bounds.
func asked(t *testing.T, f *Function, language string, args []any) string {
	t.Helper()
	s := &scope{left: maxSteps, room: maxRoom, store: event.Store{Currency: "EUR", Timezone: "Europe/Berlin", Language: language, Country: "DE"}}
	defer func() {
		if r := recover(); r != nil {
			t.Fatalf("%s panics: %v", f.Name, r)
		}
	}()
	begun := time.Now()
	value, err := f.bridge()(append([]any{s}, args...)...)
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("%s takes %v", f.Name, took)
	}
	if err != nil {
		return "error: " + err.Error()
	}
	if text, ok := plainer(value).(string); ok && len(text) > maxText {
		t.Errorf("%s makes a text of %d bytes", f.Name, len(text))
	}
	if list, ok := items(value); ok && len(list) > maxValues*4 {
		t.Errorf("%s makes a list of %d values", f.Name, len(list))
	}
	// A list may hold one long text ten thousand times, which nobody can write down.
	if (&scope{left: maxSteps}).weigh(value, 1) != nil {
		return "a large value"
	}
	return fmt.Sprintf("%#v", value)
}

// The longest values take no function longer than an evaluation may take: what would is refused before.
func TestFunctionsAreBounded(t *testing.T) {
	const size = 390_000 // of the texts, in bytes: not so many that they are refused at once
	longs := []any{}
	for _, part := range []string{"<", "a ", "\n", "e\u0301"} {
		longs = append(longs, strings.Repeat(part, size/len(part)))
	}
	longs = append(longs, strings.Repeat("<p>", 70_000))
	numbers, same, object := make([]any, 50_000), make([]any, 50_000), map[string]any{}
	for i := range numbers {
		numbers[i], same[i] = i, strings.Repeat("=", 10)
		object[fmt.Sprint(i)] = i
	}
	longs = append(longs, numbers, same, object)
	for _, f := range Functions() {
		var worst time.Duration
		for _, long := range longs {
			for _, second := range []any{long, 5}[:min(2, f.most)] {
				took := time.Hour
				for try := 0; try < 5 && took > 300*time.Millisecond; try++ { // the machine may be busy with something else
					s := &scope{left: maxSteps, room: maxRoom, store: event.Store{Language: "ru", Country: "DE", Timezone: "Europe/Berlin"}}
					begun := time.Now()
					_, _ = f.bridge()(append([]any{s, long, second, second}[:1+f.least], []any{second}[:min(1, f.most-f.least)]...)...)
					took = min(took, time.Since(begun))
				}
				worst = max(worst, took)
			}
		}
		if t.Logf("%s: %v", f.Name, worst); worst > time.Second {
			t.Errorf("%s takes up to %v", f.Name, worst)
		}
	}
}
