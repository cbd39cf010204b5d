package actions_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"shopbell/actions"
)

// counting is parameters that know how often they were decoded.
type counting struct {
	To   string   `json:"to" jsonschema_description:"Where to."`
	List []string `json:"list,omitempty" jsonschema_description:"What."`
}

var decodings int

func (c *counting) UnmarshalJSON(text []byte) error {
	decodings++
	type plain counting
	return json.Unmarshal(text, (*plain)(c))
}

type changing struct{ got []counting }

func (c *changing) Send(_ context.Context, call actions.Call[counting]) (actions.Result, error) {
	c.got = append(c.got, counting{call.Params.To, slices.Clone(call.Params.List)})
	for i := range call.Params.List {
		call.Params.List[i] = "changed"
	}
	return nil, nil
}

// TestDecoded holds that what was decoded to find a call's provider is what its Send gets, once, and only for the same parameters.
func TestDecoded(t *testing.T) {
	s := &changing{}
	k := actions.Define(actions.Spec[struct{}, counting]{
		Name: "go", Summary: "Go", Example: `go: { to: there }`, NoAccount: true,
		Target: func(c actions.Call[counting]) string { return c.Params.To },
		Open:   func(actions.Env, struct{}) (actions.Sender[counting], error) { return s, nil },
	})
	outlet, err := k.Open(actions.Env{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	one, other := json.RawMessage(`{"to":"here","list":["a"]}`), json.RawMessage(`{"to":"away","list":["b"]}`)
	decodings = 0
	for i, step := range []struct {
		asked, sent json.RawMessage
		decodings   int
		to, item    string
	}{
		{one, one, 1, "here", "a"},
		{nil, one, 2, "here", "a"}, // a second try
		{one, other, 4, "away", "b"},
		{one, one, 5, "here", "a"},
		{json.RawMessage(`[]`), one, 7, "here", "a"}, // parameters that do not fit
	} {
		call := actions.Call[json.RawMessage]{Params: step.asked, Decoded: new(actions.Decoded)}
		if step.asked != nil {
			k.Target(call)
		}
		call.Params = step.sent
		if _, err := outlet.Send(t.Context(), call); err != nil {
			t.Fatal(err)
		}
		got := s.got[len(s.got)-1]
		if decodings != step.decodings || got.To != step.to || !slices.Equal(got.List, []string{step.item}) {
			t.Errorf("%d: sent %+v after %d decodings, want %d", i, got, decodings, step.decodings)
		}
	}
}
