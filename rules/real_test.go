package rules_test

import (
	"encoding/json"
	"testing"

	"shopbell/actions"
	"shopbell/actions/standard"
	"shopbell/document"
	"shopbell/rules"
	"shopbell/sources/ecwid"
)

// realWorld has the catalog of a real platform and the actions that come with the program.
func realWorld() rules.World {
	w := rules.World{
		Sources:  map[string]rules.Origin{"ecwid": {Kind: "ecwid", Catalog: ecwid.Catalog(), ReadsBack: true, Stores: []string{"1003"}}},
		Actions:  map[string]*actions.Kind{},
		Accounts: map[string]rules.Outlet{"slack": {Kind: "slack"}, "email": {Kind: "email"}},
	}
	for _, k := range standard.Kinds() {
		w.Actions[k.Name] = k
	}
	return w
}

// What merchants of a real shop write is understood, down to the warnings.
func TestRealShop(t *testing.T) {
	s := rules.Parse(map[string]string{"r.yaml": `
rules:
  - name: big-order
    when: [order.created, order.updated]
    if: order.paymentStatus == "PAID" && was?.paymentStatus != "PAID" && order.total >= 200
    then:
      - slack: { channel: "#sales", text: "{{ order.id }}: {{ money(order.total) }} from {{ order.shippingPerson?.name ?? order.email }}" }
  - name: fast
    when: order.created
    if: event.data.total > 100 && event.data.paymentStatus == "PAID"
    then:
      - http: { url: "https://example.com/", json: { text: "Order {{ event.data.orderId }} of {{ event.data.total }}" } }
  - name: low
    when: product.updated
    if: product.quantity <= 5 && was != nil && was.quantity > 5
    then: [ log: { message: "{{ product.name }}" } ]
  - name: cart
    when: unfinished_order.created
    if: cart.recoveredOrderId == nil
    then: [ email: { to: "{{ cart.email }}", subject: You left something, text: "{{ cart.totl }}" } ]
`}, realWorld())
	const want = `r.yaml:10:9: warning: event.data is what the notification claims, not what the store confirms
 |     if: event.data.total > 100 && event.data.paymentStatus == "PAID"
 | ........^
 Decide on the order, which is read back from the store: order.….
r.yaml:15:17: warning: product.quantity can be missing, and then this is an error
 |     if: product.quantity <= 5 && was != nil && was.quantity > 5
 | ................^
 Ask product.quantity != nil first, or write (product.quantity ?? 0) to say what a missing one counts as.
r.yaml:15:52: warning: was.quantity can be missing, and then this is an error
 |     if: product.quantity <= 5 && was != nil && was.quantity > 5
 | ...................................................^
 Ask was.quantity != nil first, or write (was.quantity ?? 0) to say what a missing one counts as.
r.yaml:20:90: cart has no "totl"
 |     then: [ email: { to: "{{ cart.email }}", subject: You left something, text: "{{ cart.totl }}" } ]
 | .........................................................................................^
 Did you mean "total"?
`
	if got := document.Text(s.Problems()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if !json.Valid(rules.Schema(realWorld())) {
		t.Error("the schema is not JSON")
	}
}
