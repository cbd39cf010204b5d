// Package ecwid declares the ecwid action, which changes something in the store that an event came from: an order, a discount coupon
// that is made, or a customer who is put into a group.
//
//	ecwid: { order: "{{ order.id }}", fulfillment_status: SHIPPED, tracking: "{{ steps.parcel.number }}" }
//	ecwid: { coupon: { type: PERCENT, value: 10, expires: 30d } }
//	ecwid: { customer: "{{ order.customerId }}", group: VIP }
//
// Such a change comes back as an event. It is known as our own, so that it fires no rule but one that asks for event.self.
//
// How the store is called, with which token and how fast, is its source's affair.
package ecwid

import (
	"context"
	"errors"

	"shopbell/actions"
)

// Action changes something in a store.
var Action = actions.Define(actions.Spec[Account, Params]{
	Name:       "ecwid",
	Summary:    "Change an order, make a coupon or put a customer into a group in an Ecwid store",
	Doc:        doc,
	Example:    `ecwid: { order: "{{ order.id }}", fulfillment_status: SHIPPED }`,
	Result:     Result{},
	Idempotent: true, // the same values once more change nothing, and a coupon is found by its code
	Causes:     []string{"order.updated", "discount_coupon.created", "customer.updated", "customer_group.updated"},
	CausedBy: map[string]string{"order.updated": "order", "discount_coupon.created": "coupon", "customer.updated": "customer",
		"customer_group.updated": "customer"},
	// A store whose API is down says nothing of others.
	Target: func(c actions.Call[Params]) string { return c.Source + "/" + c.Store },
	Open: func(env actions.Env, a Account) (actions.Sender[Params], error) {
		if env.Change == nil || env.Create == nil || env.Find == nil {
			return nil, errors.New("no store can be changed here")
		}
		return sender{env, a}, nil
	},
})

const doc = `A step does one of three things, in the store that the event came from:

    - ecwid: { order: "{{ order.id }}", payment_status: PAID, note: "seen {{ day(event.created) }}", extra_fields: { parcel_shop: "B12" } }
    - id: thanks
      ecwid: { coupon: { type: PERCENT, value: 10, uses: SINGLE, expires: 30d } }     # its code is steps.thanks.code
    - ecwid: { customer: "{{ order.email }}", group: VIP }

An **order** gets what is given, and keeps the rest. Of ` + "`extra_fields` and `info`" + ` those that are named are set and the others stay; to know the
others, the order is read first. Ecwid's orders have no tags.

A **coupon** whose ` + "`code`" + ` is left out gets one of twelve letters and digits, which nobody can guess, and the same on every try. When there is a
coupon of the code already with the same discount, the step has that one; with another discount, the step fails.

A **customer**, by number or e-mail address, is put into a group, by its name or number, and leaves the one that they were in: at Ecwid
everybody is in exactly one. The group has to be there; ` + "`General`" + ` is the one of everybody else. A customer who has just ordered for the first time is
found by e-mail address a little later, so the step is tried again some times before it fails.

The store's token needs the access ` + "`update_orders`" + ` for orders (and ` + "`read_orders` for `extra_fields` and `info`" + `), ` + "`create_discount_coupons` and `read_discount_coupons`" + `
for coupons, and ` + "`update_customers` and `read_customers`" + ` for groups; what is missing is named in the error.
` + "`shopbell accounts test`" + ` tells which accesses to read the tokens of the config's stores lack; that one to write is missing shows only when a step writes.

Whatever is repeated does no harm: the same values once more change nothing, and a coupon that an earlier try has made is found by its code.
What we change comes back as an event marked ` + "`event.self`" + `, which fires only rules whose ` + "`if`" + ` asks for it.`

// An Account says through which source stores are changed.
type Account struct {
	Source string `json:"source,omitempty" jsonschema_description:"The name of the source in the config that has the stores and their tokens. Left out, it is the event's own; for another store than the event's, it is ecwid."`
}

// Params are what one step does.
type Params struct {
	Store       string                  `json:"store,omitempty" jsonschema:"minLength=1" jsonschema_description:"The id of the store. Left out, it is the event's own."`
	Order       string                  `json:"order,omitempty" jsonschema:"minLength=1" jsonschema_description:"The number of the order to change, such as K8XTQ."`
	Payment     string                  `json:"payment_status,omitempty" jsonschema:"enum=AWAITING_PAYMENT,enum=PAID,enum=CANCELLED,enum=REFUNDED,enum=PARTIALLY_REFUNDED,enum=INCOMPLETE,enum=CUSTOM_PAYMENT_STATUS_1,enum=CUSTOM_PAYMENT_STATUS_2,enum=CUSTOM_PAYMENT_STATUS_3" jsonschema_description:"The payment status to set."`
	Fulfillment string                  `json:"fulfillment_status,omitempty" jsonschema:"enum=AWAITING_PROCESSING,enum=PROCESSING,enum=SHIPPED,enum=DELIVERED,enum=WILL_NOT_DELIVER,enum=RETURNED,enum=READY_FOR_PICKUP,enum=OUT_FOR_DELIVERY,enum=CUSTOM_FULFILLMENT_STATUS_1,enum=CUSTOM_FULFILLMENT_STATUS_2,enum=CUSTOM_FULFILLMENT_STATUS_3" jsonschema_description:"The fulfilment status to set."`
	Note        string                  `json:"note,omitempty" jsonschema_description:"The private note of the staff, in place of the one that is there."`
	Tracking    string                  `json:"tracking,omitempty" jsonschema_description:"The tracking number of the parcel."`
	Extra       map[string]actions.Text `json:"extra_fields,omitempty" jsonschema:"minProperties=1" jsonschema_description:"Extra fields of the order, by their ids, which its page shows."`
	Info        map[string]actions.Text `json:"info,omitempty" jsonschema:"minProperties=1" jsonschema_description:"Additional info of the order, by keys of your own, which apps see."`
	Coupon      *Coupon                 `json:"coupon,omitempty" jsonschema_description:"A discount coupon to make."`
	Customer    actions.Text            `json:"customer,omitempty" jsonschema_description:"The number or the e-mail address of the customer to put into a group."`
	Group       actions.Text            `json:"group,omitempty" jsonschema_description:"The name or the number of the group."`
}

// changes tells whether anything of an order is set.
func (p *Params) changes() bool {
	return p.Payment != "" || p.Fulfillment != "" || p.Note != "" || p.Tracking != "" || len(p.Extra) > 0 || len(p.Info) > 0
}

// Check implements [actions.Checker].
func (p Params) Check() error {
	things := 0
	for _, given := range []bool{p.Order != "" || p.changes(), p.Coupon != nil, p.Customer != "" || p.Group != ""} {
		if given {
			things++
		}
	}
	switch {
	case things == 0:
		return errors.New("nothing is to be done: give order with what is to be set, or coupon, or customer with group")
	case things > 1:
		return errors.New("a step does one thing: to change an order, make a coupon and put a customer into a group, write a step for each")
	case p.Coupon != nil:
		return p.Coupon.check()
	case p.Customer != "" || p.Group != "":
		if p.Customer == "" || p.Group == "" {
			return errors.New("customer and group belong together")
		}
		return nil
	case p.Order == "":
		return errors.New("order is missing: what is set is set in an order")
	case !p.changes():
		return errors.New("nothing is set: give payment_status, fulfillment_status, note, tracking, extra_fields or info")
	}
	return nil
}

// Result is what later steps see.
type Result struct {
	Code     string `json:"code,omitempty" jsonschema_description:"The code of the coupon."`
	Coupon   string `json:"coupon,omitempty" jsonschema_description:"The number of the coupon."`
	Customer string `json:"customer,omitempty" jsonschema_description:"The number of the customer."`
	Group    string `json:"group,omitempty" jsonschema_description:"The name of the group."`
}

type sender struct {
	env     actions.Env
	account Account
}

// Send does the one thing that the step says. Errors are of the classes that the source gives.
func (s sender) Send(ctx context.Context, call actions.Call[Params]) (actions.Result, error) {
	p := &call.Params
	at := shop{env: s.env, source: s.account.Source, store: p.Store}
	if at.store == "" {
		at.store = call.Store
	}
	if at.source == "" && at.store == call.Store {
		at.source = call.Source
	}
	if at.source == "" {
		at.source = "ecwid"
	}
	switch {
	case at.store == "":
		return nil, actions.Permanent(actions.BlameRequest, errors.New("store is missing: this run has no store of its own"))
	case p.Coupon != nil:
		return at.makeCoupon(ctx, call.Key, p.Coupon)
	case p.Customer != "":
		return at.join(ctx, call.Try, string(p.Customer), string(p.Group))
	}
	return nil, at.changeOrder(ctx, p)
}

// A shop is one store, through its source.
type shop struct {
	env           actions.Env
	source, store string
}
