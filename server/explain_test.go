package server

import (
	"strings"
	"testing"

	"shopbell/actions"
	"shopbell/event"
	"shopbell/rules"
	"shopbell/shape"
)

// explainedRules is one real rule, for what the fake engine explains.
func explainedRules() (*rules.Set, rules.World) {
	order := event.ObjectOf("an order", event.Must("id", event.Of(event.Text, "its number")), event.Must("paymentStatus", event.Of(event.Text, "its payment")),
		event.Must("total", event.Of(event.Number, "its total")), event.May("email", event.Of(event.Text, "an address")))
	catalog := &event.Catalog{}
	for _, name := range []string{"order.created", "order.updated"} {
		catalog.Types = append(catalog.Types, event.Type{Name: name, Noun: "order", Entity: order, Readable: true})
	}
	say := &actions.Kind{Name: "slack", Summary: "Say it", Example: "slack: { text: hi }", NoAccount: true,
		Params: shape.Of(new(struct {
			Channel string `json:"channel" jsonschema_description:"Where."`
			Text    string `json:"text" jsonschema_description:"What."`
		}))}
	world := rules.World{Sources: map[string]rules.Origin{"ecwid": {Kind: "ecwid", Catalog: catalog, ReadsBack: true}}, Actions: map[string]*actions.Kind{"slack": say}}
	text := "rules:\n  - " + strings.ReplaceAll(bigOrder, "\n", "\n    ") + "\n"
	return rules.Parse(map[string]string{"orders.yaml": text}, world), world
}

func TestExplainOfTheAPI(t *testing.T) {
	b := newBench(t)
	_, body := b.call(t, "POST", "/api/v1/explain", `{"source":"ecwid","type":"order.updated","entity":{"paymentStatus":"PAID","total":150}}`, "Authorization", "Bearer "+testToken)
	if want := `"sentence":"order.total \u003e= 200 is false: order.total is 150"`; !strings.Contains(body, want) || !strings.Contains(body, `"near":true`) {
		t.Errorf("the answer is %s", body)
	}
}

func TestReadGiven(t *testing.T) {
	for text, want := range map[string]string{
		`{"type":"order.created","seq":7,"state":"planned","entity":null}`: "",
		`{"type":"order.created","entety":{}}`:                             `the event cannot be read: unknown field "entety". It is a JSON object with source, store, type, subject, data, entity and was.`,
		`{"source":"ecwid"}`:                                               `the event has no type. Such as "type": "order.created".`,
		`[]`:                                                               `the event cannot be read: cannot unmarshal array into Go value of type server.givenForm. It is a JSON object with source, store, type, subject, data, entity and was.`,
	} {
		given, err := ReadGiven([]byte(text))
		got := ""
		if err != nil {
			got = err.Error()
		} else if given.Entity != nil {
			got = "null is taken for an entity"
		}
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
