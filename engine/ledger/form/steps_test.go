package form

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/engine"
	"shopbell/rules"
)

// wholeStep has something in every field, so that none is forgotten here when there is one more.
func wholeStep(t testing.TB) engine.Step {
	at := time.Date(2026, 11, 22, 7, 8, 9, 123456000, time.UTC)
	s := engine.Step{ID: "first", Action: "http", Account: "erp", Params: json.RawMessage(`{"url":"https://x/?a=1\u0026b=2","n":[1,2.50]}`),
		Outcome: actions.OutcomeRetry, Blame: actions.BlameAccount, Note: "naïve \"<b>\" \\ \x01\u2028\xff & more", Result: actions.Result{"status": 200.0, "a<b": []any{nil, "é"}},
		Tries:    []engine.Try{{At: at, Took: 1500 * time.Microsecond, Outcome: actions.OutcomeUnknown, Note: "none"}, {At: at.In(time.FixedZone("", 3600)), Outcome: actions.OutcomeOK}},
		Repeated: 2, Skipped: true, Else: true, Marketing: true, Delivery: &engine.Delivery{State: "sent", At: at}, Mode: rules.Shadow}
	for v, i := reflect.ValueOf(s), 0; i < v.NumField(); i++ {
		if v.Field(i).IsZero() {
			t.Fatalf("the step of this test has nothing as %s", v.Type().Field(i).Name)
		}
	}
	return s
}

// TestSteps holds that steps are written as encoding/json writes them, byte for byte, whatever is left out, and read as it reads them.
func TestSteps(t *testing.T) {
	whole := wholeStep(t)
	runs := [][]engine.Step{nil, {}, {{}}, {whole}, {whole, {}, whole}, {{Action: "http", Params: json.RawMessage(`{"a":1}`)}},
		{{ID: "x", Action: "http", Account: "erp", Params: json.RawMessage(`{"a":"\u003cb"}`)}}, {{Action: "é", Params: json.RawMessage(`null`)}}}
	for i := range reflect.TypeFor[engine.Step]().NumField() {
		one, but := engine.Step{}, whole
		reflect.ValueOf(&one).Elem().Field(i).Set(reflect.ValueOf(whole).Field(i))
		reflect.ValueOf(&but).Elem().Field(i).SetZero()
		runs = append(runs, []engine.Step{one}, []engine.Step{but})
	}
	for i, steps := range runs {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			want, err := json.Marshal(steps)
			if err != nil {
				t.Fatal(err)
			}
			got, err := EncodeSteps(steps)
			if err != nil || string(got) != string(want) {
				t.Fatalf("got  %s, %v\nwant %s", got, err, want)
			}
			sameReading(t, got)
		})
	}
}

// TestWhatIsNoStep holds that a step which cannot be kept is refused when it is written: it could never be read.
func TestWhatIsNoStep(t *testing.T) {
	for _, s := range []engine.Step{{Params: json.RawMessage(`{"a":`)}, {Result: actions.Result{"f": func() {}}},
		{Tries: []engine.Try{{At: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)}}}} {
		if text, err := EncodeSteps([]engine.Step{s}); err == nil {
			t.Errorf("it is kept as %s", text)
		}
	}
}

// TestNewStepsAreReadHere holds that what is written of a new step is read without encoding/json.
func TestNewStepsAreReadHere(t *testing.T) {
	for _, s := range []engine.Step{{Action: "http", Params: json.RawMessage(`{}`)}, {ID: "a", Action: "sms", Account: "b", Params: json.RawMessage(`{"a":"}]"}`)}} {
		text, _ := EncodeSteps([]engine.Step{s})
		if got, ok := newStep(text); !ok || !reflect.DeepEqual(got, s) {
			t.Errorf("%s is read as %+v, %v", text, got, ok)
		}
	}
}

// sameReading holds that a text is read as encoding/json reads it.
func sameReading(t *testing.T, text []byte) {
	t.Helper()
	var want []engine.Step
	wantErr := json.Unmarshal(text, &want)
	got, err := DecodeSteps(text)
	if (err == nil) != (wantErr == nil) || err == nil && !reflect.DeepEqual(got, want) {
		t.Fatalf("%q:\ngot  %+v, %v\nwant %+v, %v", text, got, err, want, wantErr)
	}
}

func FuzzDecodeSteps(f *testing.F) {
	text, _ := json.Marshal([]engine.Step{wholeStep(f)})
	f.Add(text)
	for _, text := range []string{`null`, `[]`, `[{}]`, `[{"action":"http","params":{"a":[1,"}]"]}}]`, `[{"id":"a","action":"http","account":"b","params": 1 }]`,
		`[{"action":"http","params":null}]`, `[{"action":"http","params":{}},{"action":"x"}]`, `[{"action":"http","params":{},"outcome":"ok"}]`,
		`[{"id":"","action":"\u0061","params":1}]`, `[{"action":"http","params":` + strings.Repeat("[", 100) + `}]`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		sameReading(t, text)
		var steps []engine.Step
		if json.Unmarshal(text, &steps) != nil {
			return
		}
		want, wantErr := json.Marshal(steps)
		got, err := EncodeSteps(steps)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("got %s, %v, want %s, %v", got, err, want, wantErr)
		}
		var a, b any
		if err == nil && (json.Unmarshal(got, &a) != nil || json.Unmarshal(want, &b) != nil || !reflect.DeepEqual(a, b)) {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	})
}

func BenchmarkSteps(b *testing.B) {
	at := time.Date(2026, 11, 22, 7, 8, 9, 123456000, time.UTC)
	fresh := []engine.Step{{Action: "http", Params: json.RawMessage(`{"url":"http://127.0.0.1:12345/hook","json":{"id":"A1","v":1},"timeout":"50s"}`)}}
	done := []engine.Step{{Action: "http", Params: fresh[0].Params, Outcome: actions.OutcomeOK, Result: actions.Result{"status": 200},
		Tries: []engine.Try{{At: at, Took: 1500 * time.Microsecond, Outcome: actions.OutcomeOK}}}}
	text, err := EncodeSteps(fresh)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := EncodeSteps(done); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := DecodeSteps(text); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding_json_encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(done); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding_json_decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var steps []engine.Step
			if err := json.Unmarshal(text, &steps); err != nil {
				b.Fatal(err)
			}
		}
	})
}
