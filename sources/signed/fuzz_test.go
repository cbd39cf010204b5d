package signed

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"shopbell/event"
	"shopbell/sources"
)

// FuzzOpen holds that no config makes the program break down, and that what can be opened fails closed: it refuses what
// nobody signed.
func FuzzOpen(f *testing.F) {
	for _, p := range presets() {
		f.Add(`{"preset":"`+p.name+`","secret":"c2VjcmV0"}`, "v1,t=1", paid)
	}
	f.Add(plain(`"each":"body","type":"item.type ?? headers[\"x\"]","id":"lower(item.id)","store":"main","stores":["a"],"events":{"a":{"noun":"order","sample":{"a":1}}}`), "sha256=00", `[{"type":"a"}]`)
	f.Add(`{"secret":"s","verify":{"header":"X-S","list":{"between":",","assign":"=","keys":["v1"]},"parts":[{"entry":"t"},{"json":"a.b"},{"literal":"x"},{"header":"y"}],
		"separator":".","algorithm":"hmac-sha1","encoding":"base64url","timestamp":{"entry":"t","unit":"ms"},"tolerance":"1h"},"type":"body.type"}`, "t=1,v1=AAAA", `{"a":{"b":1}}`)
	f.Add(`{"verify":{"header":"X-S"},"type":"let a = body; a matches 'x' ? filter(body, # > 1)[0] : 'b'"}`, "", "")
	f.Fuzz(func(t *testing.T, config, signature, body string) {
		for _, word := range []string{".json", "/"} { // no files: they are read, not parsed
			if strings.Contains(config, word) {
				return
			}
		}
		s, err := open("hook", []byte(config))
		if err != nil {
			if s != nil || err.Error() == "" {
				t.Errorf("%v with %v", s, err)
			}
			return
		}
		h := http.Header{}
		for _, name := range []string{"X-S", "X-Hub-Signature-256", "Stripe-Signature", "Webhook-Signature", "X-Shopify-Hmac-Sha256", "X-Slack-Signature", s.verifier.header} {
			h[http.CanonicalHeaderKey(name)] = []string{signature}
		}
		if s.verifier.prefix != "" {
			h[s.verifier.header] = []string{s.verifier.prefix + signature}
		}
		events, err := s.Receive(sources.Request{Header: h, Body: []byte(body), Received: noon()})
		if refusal, ok := errors.AsType[*sources.Refusal](err); !ok || events != nil || refusal.Label == "" {
			t.Errorf("%d events, %v: nobody signed this", len(events), err)
		}
	})
}

// FuzzSignatureHeader holds that a header is read within bounds, and that what it gives stands in it.
func FuzzSignatureHeader(f *testing.F) {
	f.Add("t=1492774577,v1=5257a869,v0=6ffb", ",", "=", "v1")
	f.Add("v1,abc v1,def v1a,x", " ", ",", "v1")
	f.Add("sha256=abc", "", "", "")
	f.Add(",,,==,v1==,v1=", ",", "=", "v1")
	f.Fuzz(func(t *testing.T, value, between, assign, key string) {
		l := List{Between: between, Assign: assign}
		if assign != "" {
			l.Keys = []string{key}
		}
		v, err := Verify{Header: "X-S", List: l}.verifier()
		if err != nil {
			return
		}
		h := v.read([]string{value, value})
		if len(h.signatures)+len(h.entries) > 2*maxEntries {
			t.Errorf("%d signatures and %d entries", len(h.signatures), len(h.entries))
		}
		for _, s := range h.signatures {
			if !strings.Contains(value, s) {
				t.Errorf("%q is not in %q", s, value)
			}
		}
		for k, e := range h.entries {
			if !strings.Contains(value, k) || !strings.Contains(value, e) {
				t.Errorf("%q %q is not in %q", k, e, value)
			}
		}
		if len(h.torn) > 0 && assign == "" {
			t.Error("torn without keys")
		}
	})
}

// FuzzReceive holds that whatever somebody with the secret sends becomes events that can be stored, or a refusal.
func FuzzReceive(f *testing.F) {
	var open []*source
	for _, config := range []string{
		plain(`"type":"body.type","id":"body.id","subject":"body.data.id","time":"body.at","store":"body.store","data":"body.data","events":{"a":{"noun":"order","entity":"body.data"}}`),
		plain(`"each":"body.list","type":"item.type","id":"item.id","subject":"item.id","time":"item.at","events":{"a":{"noun":"order","entity":"{'id': item.id}"}}`),
	} {
		s, err := openFor(config)
		if err != nil {
			f.Fatal(err)
		}
		open = append(open, s)
	}
	for _, body := range []string{paid, slackBody, `{"list":[{"type":"a","id":1},{"type":"b","at":1e9}]}`, `{"type":"a","data":{"id":1},"store":"x"}`, `[]`, `{"a":1,"a":2}`,
		"\xff", `{"type":"\ud800"}`, `{"type":"a","store":"..","at":-1}`, `{"list":[1,null,"x",[]]}`} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, s := range open {
			h := http.Header{"X-Hub-Signature-256": {"sha256=" + hex.EncodeToString(mac([]byte("s"), body))}}
			events, err := s.Receive(sources.Request{Header: h, Body: []byte(body), Received: noon()})
			if err != nil {
				if refusal, ok := errors.AsType[*sources.Refusal](err); !ok || refusal.Label == "signature" || len(refusal.Reason) > 600 {
					t.Errorf("%v", err)
				}
				continue
			}
			if len(events) == 0 {
				t.Error("no events and no refusal")
			}
			for i := range events {
				checkEvent(t, s, &events[i])
			}
		}
	})
}

func openFor(config string) (*source, error) { return open("hook", []byte(config)) }

// checkEvent holds what the engine relies on.
func checkEvent(t *testing.T, s *source, e *event.Event) {
	t.Helper()
	if e.Source == "" || e.Store == "" || e.ID == "" || len(e.ID) > maxEventID || e.Type == "" || e.Received.IsZero() || wrongStore(e.Store) != "" || !json.Valid(e.Body) {
		t.Errorf("%+v", e)
	}
	for _, text := range []string{e.ID, e.Type, e.Store, e.Subject} {
		if strings.ContainsFunc(text, unprintable) {
			t.Errorf("%q cannot be printed", text)
		}
	}
	if e.Data != nil {
		if _, err := event.DecodeObject(e.Data); err != nil {
			t.Errorf("data: %v", err)
		}
	}
	r, err := s.Attest(t.Context(), e)
	if err != nil && !sources.IsUnconfirmed(err) {
		t.Errorf("attest: %v", err)
	}
	if r.Entity != nil {
		if _, err := event.DecodeObject(r.Entity); err != nil {
			t.Errorf("entity: %v", err)
		}
	}
}

// FuzzExpression holds that any text is an expression or an error that says where, and that evaluating it ends.
func FuzzExpression(f *testing.F) {
	for _, p := range presets() {
		f.Add(p.id, paid)
		f.Add(p.typ, slackBody)
		f.Add(p.store, paid)
	}
	for _, code := range []string{`filter(body.l, # > 1)[0]?.a ?? "x"`, `let a = body; a.data["id"] in [1, 12] ? {"a": 1} : [a]`, `body.type matches "^a" and not (body.n == nil)`,
		`map(body.l, {#.a + "b"})`, `all(body.l, any(#, # == 1))`, `body.type[1:3]`, `#.a`, `body?.[0]`, `-body ** 2`, `body | keys() | join(",")`} {
		f.Add(code, `{"l":[[1],[2]],"type":"abc"}`)
	}
	f.Fuzz(func(t *testing.T, code, body string) {
		x, err := compile("type", code, "body", "headers", "query", "path", "hash")
		if err != nil {
			if !strings.HasPrefix(err.Error(), "type: ") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%q", err)
			}
			return
		}
		value, err := event.Decode([]byte(body))
		if err != nil {
			return
		}
		env := map[string]any{"body": value, "headers": map[string]any{"a": "b"}, "query": map[string]any{}, "path": "", "hash": ""}
		evaluated, err := x.evaluate(env)
		if err != nil && strings.Contains(err.Error(), "broke down") {
			t.Errorf("%s on %s: %v", code, body, err)
		}
		if walked, wrong := x.run(env); x.path != nil && ((err == nil) != (wrong == nil) || !reflect.DeepEqual(walked, evaluated)) {
			t.Errorf("%s on %s: walked %v, %v; evaluated %v, %v", code, body, walked, wrong, evaluated, err)
		}
	})
}

// FuzzJSONSchema holds that any text is a schema of an object, or an error in words.
func FuzzJSONSchema(f *testing.F) {
	for _, text := range []string{`{"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]}`, `{"anyOf":[{"type":["object","null"]},{"$ref":"#/anyOf/0"}]}`,
		`{"allOf":[{"properties":{"a":{"enum":["x"]}}},{"properties":{"a":{"const":"y"}}}]}`, `{"$ref":"#a","$defs":{"b":{"$anchor":"a"}}}`, `{"additionalProperties":{"items":[]}}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := fromJSONSchema([]byte(text))
		if err != nil {
			if err.Error() == "" || s != nil {
				t.Errorf("%v, %v", s, err)
			}
			return
		}
		whole(t, s, 0)
	})
}

// FuzzSample holds that any text is a schema that fits it, or an error in words.
func FuzzSample(f *testing.F) {
	for _, text := range []string{paid, slackBody, `[{"a":[1,"x",null]},{"a":null,"b":{"1":2}}]`, `{"":{"":[]}}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := fromSample([]byte(text))
		if err != nil {
			return
		}
		whole(t, s, 0)
		value, err := event.Decode([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		samples, ok := value.([]any)
		if !ok {
			samples = []any{value}
		}
		for _, sample := range samples {
			fits(t, s, sample)
		}
	})
}

// whole holds that a schema has no holes.
func whole(t *testing.T, s *event.Schema, depth int) {
	if s == nil || depth > 200 {
		t.Fatalf("a part is missing at depth %d", depth)
	}
	for _, f := range s.Fields {
		whole(t, f.Schema, depth+1)
	}
	if s.Elem != nil {
		whole(t, s.Elem, depth+1)
	}
}

// fits holds that a value is as its schema says.
func fits(t *testing.T, s *event.Schema, v any) {
	ok := true
	switch s.Form {
	case event.Flag:
		_, ok = v.(bool)
	case event.Text:
		_, ok = v.(string)
	case event.Number:
		_, whole := v.(int)
		_, ok = v.(float64)
		ok = ok || whole
	case event.List:
		var items []any
		items, ok = v.([]any)
		for _, item := range items {
			if item != nil {
				fits(t, s.Elem, item)
			}
		}
	case event.Object, event.Table:
		var o map[string]any
		o, ok = v.(map[string]any)
		for _, item := range o {
			if item != nil && s.Form == event.Table {
				fits(t, s.Elem, item)
			}
		}
		for _, f := range s.Fields {
			if item := o[f.Name]; item != nil {
				fits(t, f.Schema, item)
			} else if !f.Optional {
				t.Errorf("%s is said to be always there", f.Name)
			}
		}
	}
	if !ok {
		t.Errorf("%v is not %s", v, s.Form)
	}
}
