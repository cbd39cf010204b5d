// Package ecwid declares the ecwid action, which changes an order in the store that an event came from:
//
//	ecwid: { store: "{{ store.id }}", order: "{{ order.id }}", fulfillment_status: SHIPPED, tracking: "{{ steps.parcel.number }}" }
//
// Such a change comes back as an event. It is known as our own, so that it fires no rule but one that asks for event.self.
//
// It changes orders only, and makes no coupons. How the store is called, with which token and how fast, is its source's
// affair.
package ecwid

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"shopbell/actions"
)

// Action changes an order.
var Action = actions.Define(actions.Spec[Account, Params]{
	Name:    "ecwid",
	Summary: "Change an order in an Ecwid store",
	Doc: "Sets what is given, and leaves the rest of the order alone. The store's token needs the access `update_orders`. The change comes back as an " +
		"event marked `event.self`, which fires only rules whose `if` asks for it.",
	Example:    `ecwid: { store: "{{ store.id }}", order: "{{ order.id }}", fulfillment_status: SHIPPED }`,
	Idempotent: true, // the same values once more change nothing
	Causes:     []string{"order.updated"},
	Open: func(env actions.Env, a Account) (actions.Sender[Params], error) {
		if env.Change == nil {
			return nil, errors.New("no store can be changed here")
		}
		return sender{env.Change, a}, nil
	},
})

// An Account says through which source orders are changed.
type Account struct {
	Source string `json:"source,omitempty" jsonschema:"default=ecwid" jsonschema_description:"The name of the source in the config that has the stores and their tokens."`
}

// Params are what one step sets.
type Params struct {
	Store       string `json:"store" jsonschema_description:"The id of the store."`
	Order       string `json:"order" jsonschema_description:"The number of the order, such as K8XTQ."`
	Payment     string `json:"payment_status,omitempty" jsonschema:"enum=AWAITING_PAYMENT,enum=PAID,enum=CANCELLED,enum=REFUNDED,enum=PARTIALLY_REFUNDED,enum=INCOMPLETE,enum=CUSTOM_PAYMENT_STATUS_1,enum=CUSTOM_PAYMENT_STATUS_2,enum=CUSTOM_PAYMENT_STATUS_3" jsonschema_description:"The payment status to set."`
	Fulfillment string `json:"fulfillment_status,omitempty" jsonschema:"enum=AWAITING_PROCESSING,enum=PROCESSING,enum=SHIPPED,enum=DELIVERED,enum=WILL_NOT_DELIVER,enum=RETURNED,enum=READY_FOR_PICKUP,enum=OUT_FOR_DELIVERY,enum=CUSTOM_FULFILLMENT_STATUS_1,enum=CUSTOM_FULFILLMENT_STATUS_2,enum=CUSTOM_FULFILLMENT_STATUS_3" jsonschema_description:"The fulfilment status to set."`
	Note        string `json:"note,omitempty" jsonschema_description:"The private note of the staff, in place of the one that is there."`
	Tracking    string `json:"tracking,omitempty" jsonschema_description:"The tracking number of the parcel."`
}

// Check implements actions.Checker.
func (p Params) Check() error {
	if p.Payment == "" && p.Fulfillment == "" && p.Note == "" && p.Tracking == "" {
		return errors.New("nothing is set: give payment_status, fulfillment_status, note or tracking")
	}
	return nil
}

type sender struct {
	change  actions.Change
	account Account
}

// Send writes the change. Errors are of the classes that the source gives.
func (s sender) Send(ctx context.Context, call actions.Call[Params]) (actions.Result, error) {
	p := call.Params
	if strings.ContainsAny(p.Order, "/?#") || p.Order == "" {
		return nil, actions.Permanent(actions.BlameRequest, errors.New("that cannot be the number of an order"))
	}
	set := map[string]json.RawMessage{}
	for field, value := range map[string]string{"paymentStatus": p.Payment, "fulfillmentStatus": p.Fulfillment, "privateAdminNotes": p.Note, "trackingNumber": p.Tracking} {
		if value == "" {
			continue
		}
		raw, err := json.Marshal(value)
		if err != nil {
			return nil, actions.Permanent(actions.BlameRequest, err)
		}
		set[field] = raw
	}
	source := s.account.Source
	if source == "" {
		source = "ecwid"
	}
	return nil, s.change(ctx, source, p.Store, "order/"+p.Order, set)
}
