package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"reflect"
	"strings"
	"testing"
)

func TestDecode(t *testing.T) {
	for text, want := range map[string]any{
		`null`: nil, ` true `: true, `false`: false, `""`: "", `"a\u00e9\n\ud83d\ude00"`: "aé\n😀", `"é"`: "é", "\"\xff\"": "\uFFFD",
		`0`: 0, `-0`: 0, `12`: 12, `60.0`: 60, `1e3`: 1000, `0.1`: 0.1, `-1.5E-2`: -0.015, `9007199254740993`: 9007199254740993,
		`9223372036854775807`: 9223372036854775807, `9223372036854775808`: 9223372036854775808.0, `1e300`: 1e300,
		`[]`: []any{}, `[1,"a",[null]]`: []any{1, "a", []any{nil}}, `{}`: map[string]any{},
		` { "a" : 1 , "b" : { "c" : [ ] } , "a" : 2 } `: map[string]any{"a": 2, "b": map[string]any{"c": []any{}}},
	} {
		if got, err := Decode([]byte(text)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %#v, %v; want %#v", text, got, err, want)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, text := range []string{``, ` `, `nul`, `nulll`, `tru`, `{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,}`, `{,}`, `{a:1}`, `{"a" 1}`, `[`, `[1`, `[1,]`, `[,]`,
		`[1 2]`, `"`, `"a`, "\"a\nb\"", `"\x"`, `"\u12"`, `01`, `-`, `+1`, `.5`, `1.`, `1e`, `1e+`, `1e999`, `-1e999`, `1 2`, `{} x`, `NaN`, `'a'`, "\xff"} {
		if got, err := Decode([]byte(text)); err == nil {
			t.Errorf("%q was taken as %#v", text, got)
		}
	}
}

func TestDecodeDepth(t *testing.T) {
	nested := func(n int) []byte { return []byte(strings.Repeat("[", n) + strings.Repeat("]", n)) }
	if _, err := Decode(nested(MaxDepth)); err != nil {
		t.Errorf("%d levels: %v", MaxDepth, err)
	}
	for _, text := range [][]byte{nested(MaxDepth + 1), bytes.Repeat([]byte("["), 1_000_000), bytes.Repeat([]byte(`{"a":`), 10_000)} {
		if _, err := Decode(text); !errors.Is(err, ErrDepth) {
			t.Errorf("too deep: %v", err)
		}
	}
	if _, err := DecodeObject([]byte(`[]`)); err == nil {
		t.Error("a list was taken for an object")
	}
}

// FuzzDecode holds Decode against encoding/json: the same texts are taken, save for numbers out of range and for depth,
// and they mean the same.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.5,"x\u00e9",null,true]}`, `"\ud800"`, `-0.0`, `[1e400]`, `{"a":1}{}`, "\"\xc3\x28\"", `[[[[]]]]`, `1E+2`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := Decode(text)
		var want any
		theirs := json.Unmarshal(text, &want)
		if err != nil {
			if theirs == nil && !errors.Is(err, ErrDepth) {
				t.Fatalf("%q: %v, encoding/json takes it", text, err)
			}
			return
		}
		if theirs != nil {
			t.Fatalf("%q was taken, encoding/json says %v", text, theirs)
		}
		if !same(got, want) {
			t.Fatalf("%q is %#v, encoding/json says %#v", text, got, want)
		}
	})
}

// FuzzDecodeFields holds that an object with some of its fields is the object without the others.
func FuzzDecodeFields(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.5,"x\u00e9]",null,true],"b":"\\","c":{"a":1,"d":"\\\"}"} }`, `{"a":1,"b":{"a":[{}]},"a":-2e3}`, `[{"a":1}]`, `{"b":[],"":{}}`, `{"b"`, `{"b":}`, `{"b":"`, `{"b":[}`} {
		f.Add([]byte(seed), "a")
		f.Add([]byte(seed), "b c")
	}
	f.Fuzz(func(t *testing.T, text []byte, names string) {
		only := map[string]bool{}
		for name := range strings.FieldsSeq(names) {
			only[name] = true
		}
		got, err := DecodeFields(text, only)
		want, theirs := DecodeObject(text)
		if theirs != nil {
			return // what it makes of such a text is not told, but it comes to an end
		}
		maps.DeleteFunc(want, func(name string, _ any) bool { return !only[name] })
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%q with %v is %#v, %v; want %#v", text, only, got, err, want)
		}
	})
}

func same(got, want any) bool {
	switch got := got.(type) {
	case int:
		w, ok := want.(float64)
		return ok && float64(got) == w
	case float64:
		w, ok := want.(float64)
		return ok && (got == w || math.Abs(got-w) < 1e-9*math.Abs(w))
	case []any:
		w, ok := want.([]any)
		if !ok || len(got) != len(w) {
			return false
		}
		for i := range got {
			if !same(got[i], w[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		w, ok := want.(map[string]any)
		if !ok || len(got) != len(w) {
			return false
		}
		for k := range got {
			if !same(got[k], w[k]) {
				return false
			}
		}
		return true
	}
	return got == want
}

func BenchmarkDecode(b *testing.B) {
	text := []byte(`{"orderId":"ord-1","id":"ord-1","total":150.5,"paymentStatus":"PAID","email":"c1@example.com","customerGroup":"VIP","items":[{"sku":"S1","price":10.5,"quantity":2},{"sku":"S2","price":3,"quantity":1}],"shippingPerson":{"countryCode":"US","city":"New York"}}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(text); err != nil {
			b.Fatal(err)
		}
	}
}
