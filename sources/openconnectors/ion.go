package openconnectors

import (
	"encoding/json"
)

// An ion is what the Ecwid element was told by Ecwid's Instant Order Notifications, which ended in 2015 for other
// consumers: the fields of a form, of which the raw of a notification is made.
type ion struct {
	EventType      json.RawMessage `json:"event_type"`
	OrderID        json.RawMessage `json:"order_id"`
	Payment        json.RawMessage `json:"payment_status"`
	OldPayment     json.RawMessage `json:"old_payment_status"`
	Fulfillment    json.RawMessage `json:"fulfillment_status"`
	OldFulfillment json.RawMessage `json:"old_fulfillment_status"`
	Date           json.RawMessage `json:"date"`
}

// The events of Instant Order Notifications.
const (
	ionNew    = "new_order"
	ionStatus = "order_status_change"
)

// parseIon reads raw as an Instant Order Notification; ok tells whether it is one.
func parseIon(raw json.RawMessage) (i ion, ok bool) {
	if first(raw) != '{' || json.Unmarshal(raw, &i) != nil {
		return ion{}, false
	}
	what := loose(i.EventType)
	return i, (what == ionNew || what == ionStatus) && loose(i.OrderID) != ""
}

// paymentStatus gives the word that Ecwid has now for a payment status of then. ACCEPTED was what is PAID; CANCELLED and
// REFUNDED are what they were; what QUEUED, CHARGEABLE and DECLINED became is nowhere told, so they stay.
func paymentStatus(then string) string {
	if then == "ACCEPTED" {
		return "PAID"
	}
	return then
}

// fill puts the order and its statuses into a claim. An order that is new has no old ones.
func (i *ion) fill(c *claim) {
	c.OrderID = loose(i.OrderID)
	c.NewPaymentStatus = paymentStatus(loose(i.Payment))
	c.OldPaymentStatus = paymentStatus(loose(i.OldPayment))
	c.NewFulfillmentStatus = loose(i.Fulfillment)
	c.OldFulfillmentStatus = loose(i.OldFulfillment)
}

// change gives what became of the order.
func (i *ion) change() string {
	if loose(i.EventType) == ionNew {
		return created
	}
	return updated
}
