package log_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"shopbell/actions"
	"shopbell/actions/actionstest"
	"shopbell/actions/log"
)

func TestExam(t *testing.T) {
	actionstest.Run(t, log.Action, actionstest.Bench{
		Params: func(string) string { return `{"message":"hello"}` },
		Exempt: map[string]string{
			"statuses": "it asks nobody",
			"same key": "it asks nobody; the line bears the key, see TestSend",
			"refused":  "it asks nobody",
			"context":  "it waits for nobody",
			"bounds":   "it hears nobody; its message is cut, see TestSend",
			"secrets":  "its account has none",
		},
	})
}

func TestSend(t *testing.T) {
	for _, test := range []struct{ message, want string }{
		{"hello", "hello"},
		{"a\r\nlevel=ERROR msg=forged\x1b[31m", `a\r\nlevel=ERROR msg=forged\x1b[31m`},
		{"a\u202eb\u2028c\u0085d", `a\u202eb\u2028c\u0085d`},
		{"Żółć 🛎", "Żółć 🛎"},
		{"", ""},
		{strings.Repeat("é", 10_000), strings.Repeat("é", 4096) + "…"},
	} {
		var buf bytes.Buffer
		out, err := log.Action.Open(actions.Env{Log: slog.New(slog.NewJSONHandler(&buf, nil))}, nil)
		if err != nil {
			t.Fatal(err)
		}
		params, err := json.Marshal(map[string]string{"message": test.message})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.Send(t.Context(), actions.Call[json.RawMessage]{Key: "key-1", Try: 1, Params: params}); err != nil {
			t.Fatal(err)
		}
		var line struct{ Level, Msg, Key string }
		if err := json.Unmarshal(buf.Bytes(), &line); err != nil {
			t.Fatalf("not one line: %v", err)
		}
		if line.Msg != test.want || line.Level != "INFO" || line.Key != "key-1" {
			t.Errorf("got %+v, want %q", line, test.want)
		}
	}
}
