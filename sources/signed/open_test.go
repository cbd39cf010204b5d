package signed

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shopbell/event"
	"shopbell/shape"
	"shopbell/sources"
)

// TestMistakesAtOpen has a row for each mistake, with what an operator reads.
func TestMistakesAtOpen(t *testing.T) {
	const hook = `"verify":{"header":"X-S"},`
	for _, row := range []struct{ config, want string }{
		{``, "it is not a JSON object"},
		{`[]`, "it is not a JSON object"},
		{`{}`, "verify.header is missing: name the HTTP header, such as X-Signature"},
		{`{"preset":"strip"}`, `preset is "strip"; want one of standard, stripe, shopify, woocommerce, github, slack. Did you mean "stripe"?`},
		{`{"secret":{"x":1}}`, "secret cannot be an object"},
		{`{` + hook + `"secret":"a\n","type":"body.type"}`, "secret begins or ends with a space or line break"},
		{`{` + hook + `"previous_secret":"a","type":"body.type"}`, "previous_secret is given without secret"},
		{`{"preset":"standard","secret":"whsec_hunter2!"}`, "secret is not base64 behind whsec_"},
		{`{"preset":"standard","secret":"whsec_"}`, "secret is not base64 behind whsec_"},
		{`{"verify":{"header":"X S"},"type":"body.type"}`, `verify.header: "X S" cannot be the name of an HTTP header`},
		{`{"verify":{"header":"X-S","algorithm":"md5"},"type":"body.type"}`, `verify.algorithm is "md5"; want one of hmac-sha256`},
		{`{"verify":{"header":"X-S","encoding":"base32"},"type":"body.type"}`, `verify.encoding is "base32"`},
		{`{"secret":"a","verify":{"header":"X-S","secret_encoding":"base32"},"type":"body.type"}`, `verify.secret_encoding is "base32"`},
		{`{"verify":{"header":"X-S","tolerance":"5m"},"type":"body.type"}`, "verify.tolerance needs verify.timestamp"},
		{`{"verify":{"header":"X-S","timestamp":{"header":"X-T"}},"type":"body.type"}`, "verify.timestamp: the header x-t is not among verify.parts, so anybody could change it"},
		{`{"verify":{"header":"X-S","parts":[{"header":"X-T"},{"body":true}],"timestamp":{"header":"X-T"},"tolerance":"5 minutes"},"type":"body.type"}`, "verify.tolerance"},
		{`{"verify":{"header":"X-S","parts":[{"header":"X-T"},{"body":true}],"timestamp":{"header":"X-T","unit":"h"}},"type":"body.type"}`, "verify.timestamp.unit"},
		{`{"verify":{"header":"X-S","parts":[{"header":"X-T","body":true}]},"type":"body.type"}`, "verify.parts[0]: want exactly one of body, header, entry, json and literal, got 2"},
		{`{"verify":{"header":"X-S","parts":[{"body":true},{}]},"type":"body.type"}`, "verify.parts[1]: want exactly one of"},
		{`{"verify":{"header":"X-S","parts":[{"header":"X-T"}]},"type":"body.type"}`, "nothing of the body, so a signature would fit any body"},
		{`{"verify":{"header":"X-S","parts":[{"entry":"t"},{"body":true}]},"type":"body.type"}`, "verify.parts[0].entry: the signature's header has no keys"},
		{`{"verify":{"header":"X-S","list":{"assign":"=","keys":["v1"]},"parts":[{"entry":"v1"},{"body":true}]},"type":"body.type"}`, "cannot sign itself"},
		{`{"verify":{"header":"X-S","parts":[{"json":"a..b"}]},"type":"body.type"}`, "is not a field such as data.id"},
		{`{"verify":{"header":"X-S","list":{"between":",","keys":["v1"]}},"type":"body.type"}`, "verify.list.keys needs verify.list.assign"},
		{`{"verify":{"header":"X-S","list":{"between":",","assign":"="}},"type":"body.type"}`, "verify.list.assign needs verify.list.keys"},
		{`{"verify":{"header":"X-S","list":{"between":"=","assign":"=","keys":["v1"]}},"type":"body.type"}`, "verify.list: assign holds what stands between two entries"},
		{`{"verify":{"header":"X-S","list":{"between":",","assign":"=","keys":[""]}},"type":"body.type"}`, "verify.list.keys: a key is empty"},
		{`{"verify":{"header":"X-S","parts":[{"body":true}` + strings.Repeat(`,{"body":true}`, 16) + `]},"type":"body.type"}`, "more than 16 parts"},
		{`{"verify":{"header":"X-S","parts":[{"header":"Ä"},{"body":true}]},"type":"body.type"}`, "verify.parts[0].header"},
		{`{` + hook + `"type":"body.type","stores":[1.5]}`, "stores: want the id of a store, as text or a whole number"},
		{`{` + hook + `"type":"body.type","stores":["` + strings.Repeat("x", 101) + `"]}`, "is longer than 100 bytes"},
		{`{` + hook + `"type":"body.type","stores":{" a":null}}`, "ends in a space"},
		{`{` + hook + `"type":"body.type","events":{"a":{"names":["b","b"]}}}`, "events.a.names: b is listed twice"},
		{`{` + hook + `"type":"body.type","events":{"a":{"names":["b c"]}}}`, "events.a.names:"},
		{`{` + hook + `"type":"body.type","events":{"a":{"schema":"x\u0000.json"}}}`, "events.a.schema:"},
		{`{` + hook + `"type":"body.type","events":{"a":{"noun":"order","entity":"body.l.x","sample":{"l":[1]}}}}`, "the schema has nothing at body.l.x"},
		{`{` + hook + `"id":"body.id"}`, "type is missing: say where the event type is"},
		{`{` + hook + `"type":"body.type","stores":[]}`, "stores is empty"},
		{`{` + hook + `"type":"body.type","stores":"main"}`, "stores: want a list of ids, or a table"},
		{`{` + hook + `"type":"body.type","stores":["a/b"]}`, `stores: "a/b" cannot be the id of a store`},
		{`{` + hook + `"type":"body.type","stores":{"main":{"timezone":"Berlin"}}}`, `there is no time zone "Berlin"`},
		{`{` + hook + `"type":"body.type","stores":{"main":{"currency":"euro"}}}`, `"euro" is not a currency such as EUR`},
		{`{"preset":"shopify","each":"body"}`, "each cannot be used with the preset shopify"},

		{`{` + hook + `"type":"bodi.type"}`, `type: unknown name "bodi" (Did you mean "body"?), at character 1 of bodi.type`},
		{`{` + hook + `"type":"order.created"}`, `type: unknown name "order" (There is body, headers, query, path, hash; a fixed text stands in quotes`},
		{`{` + hook + `"type":"headers.X-Topic"}`, `type: unknown name "Topic"`},
		{`{` + hook + `"type":"body.type +"}`, "type: unexpected token EOF, at character"},
		{`{` + hook + `"type":"body.type","id":"body.a +\n nothing"}`, "at line 2, character 2 of body.a + nothing"},
		{`{` + hook + `"type":"item.type"}`, `type: unknown name "item"`},
		{`{` + hook + `"each":"item","type":"item.type"}`, `each: unknown name "item"`},
		{`{` + hook + `"type":"now()"}`, `type: there is no function "now" here`},
		{`{` + hook + `"type":"lowr(body.type)"}`, `there is no function "lowr" here (Did you mean "lower"?)`},
		{`{` + hook + `"type":"body.type()"}`, "this is no function"},
		{`{` + hook + `"type":"$env"}`, `unknown name "$env"`},
		{`{` + hook + `"type":"$tick(1)"}`, "type:"},
		{`{` + hook + `"type":"string(1..1000000000)"}`, "a range (..) cannot be used here"},
		{`{` + hook + `"type":"body.a matches body.b ? 'x' : 'y'"}`, "what follows matches must be text in quotes"},
		{`{` + hook + `"type":"body.a matches '(' ? 'x' : 'y'"}`, "type:"},
		{`{` + hook + `"type":"replace(body.a, '', body.b)"}`, "replace wants text in quotes here, at most 20 bytes of it"},
		{`{` + hook + `"type":"join(body.a, body.b)"}`, "join wants text in quotes here"},
		{`{` + hook + `"type":"` + strings.Repeat("(", 3999) + `"}`, "type:"},
		{`{` + hook + `"type":"` + strings.Repeat("a", 4001) + `"}`, "longer than 4000 characters"},
		{`{` + hook + `"type":"` + strings.Repeat("1+", 1000) + `1"}`, "type:"},

		{`{` + hook + `"type":"body.type","events":{"a":{"noun":"Order"}}}`, `events.a.noun: "Order" cannot be the name of an entity`},
		{`{` + hook + `"type":"body.type","events":{"a":{"noun":"was"}}}`, `events.a.noun: "was" cannot be`},
		{`{` + hook + `"type":"body.type","events":{"a":{"noun":"count"}}}`, `events.a.noun: "count" cannot be`},
		{`{` + hook + `"type":"body.type","events":{"a":{"entity":"body.a"}}}`, "events.a.entity needs a noun"},
		{`{` + hook + `"type":"body.type","events":{"a":{"noun":"order","entity":"headers.x"}}}`, `events.a.entity: unknown name "headers"`},
		{`{` + hook + `"type":"body.type","events":{"a":{"noun":"order","change":"create"}}}`, `events.a.change is "create"; want one of created, updated, deleted, other. Did you mean "created"?`},
		{`{` + hook + `"type":"body.type","events":{"a b":{}}}`, `events.a b: "a b" cannot be an event type`},
		{`{` + hook + `"type":"body.type","events":{"a":{"names":["b"]},"b":{}}}`, `events: "b" is a name of both a and b`},
		{`{` + hook + `"type":"body.type","events":{"a":{"schema":"nowhere.json"}}}`, "events.a.schema: nowhere.json cannot be read: there is no such file"},
		{`{` + hook + `"type":"body.type","events":{"a":{"schema":".."}}}`, "events.a.schema: .. cannot be read: it is not a file"},
		{`{` + hook + `"type":"body.type","events":{"a":{"schema":"open_test.go"}}}`, "events.a.schema: open_test.go is not JSON"},
		{`{` + hook + `"type":"body.type","events":{"a":{"schema":{},"sample":{}}}}`, "events.a has both a schema and a sample"},
		{`{` + hook + `"type":"body.type","events":{"a":{"schema":{"type":"strng"}}}}`, `events.a.schema: at #: there is no type "strng". Did you mean "string"?`},
		{`{` + hook + `"type":"body.type","events":{"a":{"sample":[]}}}`, "events.a.sample: the list of samples is empty"},
		{`{` + hook + `"type":"body.type","events":{"a":{"noun":"order","entity":"body.ordr","sample":{"order":{"id":1}}}}}`, `events.a.entity: the schema has nothing at body.ordr. Did you mean "order"?`},
		{`{` + hook + `"type":"body.type","events":{"a":{"noun":"order","entity":"body.id","sample":{"id":1}}}}`, "by the schema, body.id is a number; an entity is an object"},
		{`{"verify":{"header":"X-S","parts":[{"json":"id"}]},"type":"body.type","events":{"a":{"noun":"order"}}}`, "events.a.noun: the signature does not cover the body, so what it tells of the order is no fact"},
	} {
		s, err := open("hook", []byte(row.config))
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%.300s\n got  %v\n want %s", row.config, err, row.want)
			continue
		}
		if s != nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "interface") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: tells too much: %v", row.config, err)
		}
	}
}

func TestTheKindCanBeDeclared(t *testing.T) {
	k := Kind()
	declared := shape.Of(k.Config)
	for config, faults := range map[string]int{
		`{"preset":"stripe","secret":"s"}`: 0,
		`{"preset":"strip"}`:               1,
		`{"sekret":"s"}`:                   1,
		`{"verify":{"header":"X","parts":[{"body":true},{"header":"a"}],"list":{"between":",","assign":"=","keys":["v1"]},"tolerance":"1h30m"}}`: 0,
		`{"verify":{"tolerance":"soon","parts":[{"bodi":true}]}}`:                                                                                2,
		`{"stores":["main",12]}`:                       0,
		`{"stores":{"main":{"name":"Main"},"b":null}}`: 0,
		`{"stores":{"main":{"nme":"Main"}}}`:           1,
		`{"stores":12}`:                                1,
		`{"events":{"a":{"schema":"x.json"},"b":{"sample":{"x":1}},"c":{"noun":"o","change":"other"}}}`: 0,
		`{"events":{"a":{"change":"gone"}}}`: 1,
	} {
		value, err := event.Decode([]byte(config))
		if err != nil {
			t.Fatal(err)
		}
		if found := declared.Check(value); len(found) != faults {
			t.Errorf("%s: %+v, want %d faults", config, found, faults)
		}
	}
	if f, ok := declared.Lookup([]string{"secret"}); !ok || !f.Secret {
		t.Errorf("the secret is not declared as one: %+v", f)
	}
	s, err := k.Open("hook", json.RawMessage(`{"preset":"stripe","secret":"s"}`))
	if err != nil || s.Mode() != sources.Always || len(sources.CatalogOf(k, s).Types) == 0 {
		t.Errorf("%v, %v", s, err)
	}
	if s, err := k.Open("hook", nil); err == nil || s != nil {
		t.Errorf("%v, %v", s, err)
	}
}

// TestHostileExpressionsEnd holds that what the operator wrote carelessly cannot be used to hold the server up.
func TestHostileExpressionsEnd(t *testing.T) {
	list := `{"l":[` + strings.Repeat("1,", 100_000) + `1],"s":"` + strings.Repeat("a", 500_000) + `"}`
	for _, code := range []string{
		`count(body.l, any(body.l, # == 2)) > 0 ? "a" : "b"`,
		`map(body.l, map(body.l, #))`,
		`filter(body.l, len(toJSON(body)) > 0)`,
		`count(body.l, lower(body.s) == "")`,
		`count(body.l, body.s contains "b")`,
		`replace(body.s, "", "12345678901234567890")`,
		`map(body.l, body.s + body.s)`,
		`count(body.l, body.l == body.l)`,
		`count(body.l, 2 in body.l)`,
		`let a = body.s + body.s; let b = a + a; let c = b + b; let d = c + c; d + d + d + d`,
		`concat(body.l, concat(body.l, body.l))`,
	} {
		x, err := compile("type", code, "body")
		if err != nil {
			t.Errorf("%s: %v", code, err)
			continue
		}
		body, err := event.Decode([]byte(list))
		if err != nil {
			t.Fatal(err)
		}
		if v, err := x.run(map[string]any{"body": body}); err == nil {
			if text, ok := v.(string); ok && len(text) > 20<<20 {
				t.Errorf("%s gives %d bytes", code, len(text))
			}
		}
	}
}

func TestSchemaFiles(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	schema := file("order.schema.json", `{"type":"object","properties":{"type":{"const":"order.paid"},"order":{"$ref":"#/$defs/order"}},"required":["type","order"],
		"$defs":{"order":{"type":"object","properties":{"id":{"type":"integer"},"status":{"enum":["PAID","OPEN"]}},"required":["id"]}}}`)
	sample := file("order.json", "\xef\xbb\xbf"+`{"type":"order.sent","order":{"id":1,"status":"PAID","note":null}}`)
	s, _ := opened(t, `"type":"body.type","events":{"order.paid":{"noun":"order","entity":"body.order","schema":"`+schema+`"},
		"order.sent":{"noun":"order","entity":"body.order","sample":"`+sample+`","doc":"An order was sent.","names":["OrderSent"]}}`)
	c := s.Catalog()
	if got := strings.Join(c.Names(), " "); got != "order.paid order.sent" {
		t.Fatalf("got %s", got)
	}
	paid, sent := c.Types[0], c.Types[1]
	if show(paid.Entity) != "{id number, status? PAID|OPEN}" || show(paid.Data) != "{type order.paid, order {id number, status? PAID|OPEN}}" {
		t.Errorf("%s %s", show(paid.Entity), show(paid.Data))
	}
	if show(sent.Entity) != "{id number, status text, note? anything}" || sent.Doc != "An order was sent." || !sent.Readable {
		t.Errorf("%s %+v", show(sent.Entity), sent)
	}
	if known, ok := c.Lookup("OrderSent"); !ok || known.Name != "order.sent" {
		t.Error("the other name is not known")
	}
	if big := file("big.json", `"`+strings.Repeat("x", 1<<20)+`"`); true {
		_, err := open("hook", []byte(plain(`"type":"'a'","events":{"a":{"sample":"`+big+`"}}`)))
		if err == nil || !strings.Contains(err.Error(), "larger than 1 MiB") {
			t.Errorf("got %v", err)
		}
	}
}
