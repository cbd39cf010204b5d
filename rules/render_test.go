package rules_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"shopbell/rules"
)

// render renders the one step of a rule on order.created; yaml is the step's text after "- ".
func render(t *testing.T, yaml string, entity map[string]any, steps map[string]any) (string, error) {
	t.Helper()
	s := set(t, "rules:\n  - name: r\n    when: order.created\n    then:\n      - "+strings.ReplaceAll(yaml, "\n", "\n        ")+"\n")
	out, err := s.Rules()[0].Render(rules.Branch{}, 0, input("order.created", entity, nil), steps)
	if err == nil && !json.Valid(out.Params) && !out.Skip {
		t.Errorf("not JSON: %s", out.Params)
	}
	return string(out.Params), err
}

func TestRender(t *testing.T) {
	nasty := order(map[string]any{"orderComments": "<!channel> & \"x\"\r\nBcc: all@x \u2028é\\", "extraFields": map[string]any{"b": 2, "a": []any{1, "<"}}})
	tests := map[string]struct{ step, want string }{
		"plain":          {`log: { message: hello }`, `{"message":"hello"}`},
		"text and holes": {`log: { message: "Order {{ event.data.orderId }} of {{ event.data.total }}" }`, `{"message":"Order K8XTQ of 250"}`},
		"whole as text":  {`log: { message: "{{ event.data.total }}" }`, `{"message":"250"}`},
		"fraction":       {`log: { message: "{{ order.total }} {{ 1/3 }} {{ 1e21 }} {{ 0.1+0.2 }}" }`, `{"message":"250.5 0.3333333333333333 1000000000000000000000 0.30000000000000004"}`},
		"no holes":       {`log: { message: 'a \{{ b }} c' }`, `{"message":"a {{ b }} c"}`},
		"number kept":    {`http: { url: "https://e.com", count: "{{ len(order.items) }}", follow: "{{ order.total > 5 }}" }`, `{"url":"https://e.com","count":2,"follow":true}`},
		"slack":          {`slack: { channel: "#a", text: "{{ order.orderComments }}" }`, `{"channel":"#a","text":"&lt;!channel&gt; &amp; \"x\"\r\nBcc: all@x ` + "\u2028" + `é\\"}`},
		"header":         {`email: { to: a@b.c, subject: "x {{ order.orderComments }}", text: y }`, `{"to":"a@b.c","subject":"x <!channel> & \"x\"  Bcc: all@x  é\\","text":"y"}`},
		"html":           {`email: { to: a@b.c, subject: x, html: "<b>{{ order.items[1].name }}</b>" }`, `{"to":"a@b.c","subject":"x","html":"<b>Pot &lt;large&gt;</b>"}`},
		"safe html":      {`email: { to: a@b.c, subject: x, html: '{{ safe("<i>" + html(order.items[1].name) + "</i>") }}' }`, `{"to":"a@b.c","subject":"x","html":"<i>Pot &lt;large&gt;</i>"}`},
		"safe header":    {`email: { to: a@b.c, subject: '{{ safe(order.orderComments) }}', text: y }`, `{"to":"a@b.c","subject":"<!channel> & \"x\"  Bcc: all@x  é\\","text":"y"}`},
		"url":            {`http: { url: "https://e.com/{{ order.items[1].name }}?a=1" }`, `{"url":"https://e.com/Pot%20%3Clarge%3E?a=1"}`},
		"url as a whole": {`http: { url: '{{ "https://e.com/?a=1&b=" + order.id }}' }`, `{"url":"https://e.com/?a=1&b=K8XTQ"}`},
		"json in text":   {`http: { url: "https://e.com", body: '{"a":"{{ order.items[1].name + "\"" }}"}' }`, `{"url":"https://e.com","body":"{\"a\":\"Pot <large>\\\"\"}"}`},
		"object sorted":  {`http: { url: "https://e.com", json: "{{ order.extraFields }}" }`, `{"url":"https://e.com","json":{"a":[1,"<"],"b":2}}`},
		"list of slack":  {`slack: { channel: "#a", text: x, blocks: [ { type: "{{ order.orderComments[0:10] }}" } ] }`, `{"channel":"#a","text":"x","blocks":[{"type":"&lt;!channel&gt;"}]}`},
		"money and day":  {`log: { message: "{{ money(order.total) }} {{ day(order.createDate) }} {{ day(event.created, '2006-01-02 15:04') }}" }`, `{"message":"€250.50 21 November 2026 2026-11-21 00:30"}`},
		"steps":          {`log: { message: x }`, `{"message":"x"}`},
		"block":          {"log:\n  message: |\n    Dear {{ order.email }},\n      {{ join(map(order.items, .name), \"\\n\") }}", `{"message":"Dear ann@example.com,\n  Tea\nPot <large>\n"}`},
	}
	tests["anything kept"] = struct{ step, want string }{
		`http: { url: "https://e.com", json: { a: "{{ order.items | map(.sku) }}", b: "{{ order.orderComments }}", c: 5, d: null, e: [true, 1.5], f: "{{ order.total }}", g: "{{ order.acceptMarketing }}" } }`,
		`{"url":"https://e.com","json":{"a":["SW-1","HW-2"],"b":"<!channel> & \"x\"\r\nBcc: all@x ` + "\u2028" + `é\\","c":5,"d":null,"e":[true,1.5],"f":250.5,"g":null}}`,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := render(t, test.step, nasty, nil)
			if err != nil || got != test.want {
				t.Errorf("got\n%s (%v), want\n%s", got, err, test.want)
			}
		})
	}
}

func TestRenderErrors(t *testing.T) {
	tests := map[string]struct{ step, want string }{
		"empty":          {`log: { message: "Dear {{ order.orderComments }}" }`, `r.yaml:5:34: order.orderComments is empty; write order.orderComments ?? "…" to say what to put there`},
		"empty, alone":   {`log: { message: "{{ order.orderComments }}" }`, `r.yaml:5:29: order.orderComments is empty`},
		"empty, number":  {`http: { url: "https://e.com", count: "{{ event.data.count }}" }`, `event.data.count is empty`},
		"empty, money":   {`log: { message: "{{ money(event.data.sum) }}" }`, `event.data.sum is empty; write event.data.sum ?? …`},
		"empty profile":  {`log: { message: "{{ store.url }}" }`, `store.url is empty`},
		"list":           {`log: { message: "{{ event.data.list ?? [1] }}" }`, `it is a list: write join(…, ", ") around it`},
		"divided":        {`log: { message: "{{ 1 / 0 }}" }`, `something is divided by zero`},
		"no such person": {`log: { message: "{{ order.shippingPerson.name }}" }`, `order.shippingPerson is empty, so it has no name; write order.shippingPerson?.name`},
		"not money":      {`log: { message: "{{ money(event.data.paymentStatus) }}" }`, `money wants a number, and got text`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := render(t, test.step, order(nil), nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %s and %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestStepIf(t *testing.T) {
	s := set(t, `
rules:
  - name: r
    when: order.created
    then:
      - id: key
        license_key: { pool: a }
      - log: { message: "{{ steps.key.value }}" }
        if: steps.key.value startsWith "K"
        on_error: continue
        retry: { tries: 3, first: 30s, max: 2d }
`)
	r := s.Rules()[0]
	if got := fmt.Sprintf("%+v", r.Steps[1]); got != "{ID: Action:log Account: Continue:true Retry:{Tries:3 First:30s Max:48h0m0s} Marketing:false Consent:}" {
		t.Errorf("the step is %s", got)
	}
	in := input("order.created", order(nil), nil)
	for value, want := range map[string]string{"KEY-1": `{"message":"KEY-1"}`, "X": ""} {
		out, err := r.Render(rules.Branch{}, 1, in, map[string]any{"key": map[string]any{"value": value}})
		if err != nil || string(out.Params) != want || out.Skip != (want == "") {
			t.Errorf("%s: %+v %v", value, out, err)
		}
	}
	if _, err := r.Render(rules.Branch{}, 1, in, nil); err == nil || !strings.Contains(err.Error(), "steps.key is empty") {
		t.Errorf("without the earlier step: %v", err)
	}
	if _, err := r.Render(rules.Branch{}, 2, in, nil); err == nil {
		t.Error("there is no third step")
	}
}

// A run that waits goes on with the rule as it was.
func TestCompileMakesTheSameRule(t *testing.T) {
	text := `# a comment
rules:
  - name: one   # with a comment
    when: [order.created, order.updated]

    if: >
      order.total > 5
        and was == nil
    then:
      - log:
          message: |+
            {{ order.id }}

      - email: { to: "{{ order.email }}", subject: "a
          b", text: x }
  # between
  - { name: two, when: order.created, then: [ log: { message: "{{ order.id }}" } ] }
  - name: three
    when: &types [order.created]
    then: &steps
      - log: { message: "é {{ store.name }}" }
  - name: four
    when: *types
    then: *steps`
	w := world()
	in := input("order.created", order(nil), nil)
	for _, r := range rules.Parse(map[string]string{"r.yaml": text}, w).Rules() {
		again, err := rules.Compile(r.Text, r.Directory, w)
		if err != nil {
			t.Fatalf("%s: %v\n%s", r.Name, err, r.Text)
		}
		if again.Revision != r.Revision || again.Condition != r.Condition || len(again.Steps) != len(r.Steps) {
			t.Errorf("%s became %+v", r.Name, again)
		}
		for i := range r.Steps {
			first, err1 := r.Render(rules.Branch{}, i, in, nil)
			second, err2 := again.Render(rules.Branch{}, i, in, nil)
			if err1 != nil || err2 != nil || string(first.Params) != string(second.Params) {
				t.Errorf("%s: %s %v, then %s %v", r.Name, first.Params, err1, second.Params, err2)
			}
		}
	}
}

func TestCompileInAChangedWorld(t *testing.T) {
	s := set(t, "rules:\n  - { name: r, when: order.created, store: 1003, if: order.id != \"\", then: [ { slack: { channel: \"#a\", text: \"{{ order.id }}\" }, account: slack-1003 } ] }\n")
	r := s.Rules()[0]
	w := world()
	w.Accounts, w.Sources = nil, map[string]rules.Origin{}
	again, err := rules.Compile(r.Text, r.Directory, w)
	if err != nil {
		t.Fatal(err)
	}
	out, err := again.Render(rules.Branch{}, 0, input("order.created", order(nil), nil), nil)
	if err != nil || string(out.Params) != `{"channel":"#a","text":"K8XTQ"}` || again.Steps[0].Account != "slack-1003" {
		t.Errorf("%s %v %+v", out.Params, err, again.Steps)
	}
	delete(w.Actions, "slack")
	if _, err := rules.Compile(r.Text, r.Directory, w); err == nil || !strings.Contains(err.Error(), `unknown action "slack"`) {
		t.Errorf("without the action: %v", err)
	}
}
