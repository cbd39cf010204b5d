package ecwid

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"shopbell/event"
	"shopbell/sources"
)

// found adds a change to the batch, in the form in which a webhook would have told it. mark tells one change of the same
// subject and type from another; entity may be nil.
func (p *polling) found(eventType, mark string, at time.Time, entityID json.RawMessage, data map[string]any, entity json.RawMessage) {
	e, ok := p.event(eventType, mark, at, entityID, data)
	if ok && p.round.Wants(eventType) {
		p.batch.Found = append(p.batch.Found, sources.Found{Event: e, Entity: entity})
	}
}

// seen adds an entity as it is, which is no news.
func (p *polling) seen(eventType string, at time.Time, entityID json.RawMessage, data map[string]any, entity json.RawMessage) {
	if e, ok := p.event(eventType, "seen", at, entityID, data); ok {
		p.batch.Found = append(p.batch.Found, sources.Found{Event: e, Entity: entity, Seen: true})
	}
}

// event makes an event with the subject that its webhook would have; false when the entity has no name.
func (p *polling) event(eventType, mark string, at time.Time, entityID json.RawMessage, data map[string]any) (event.Event, bool) {
	if at.IsZero() {
		at = p.now
	}
	e := event.Event{Source: p.source.name, Store: p.shop.id, Type: eventType, Created: at.UTC(), Received: p.now, Polled: true}
	if data != nil {
		e.Data, _ = json.Marshal(data) // scalars of JSON
	}
	subject, err := p.source.subject(&e, &notification{EntityID: entityID})
	if err != nil || subject == "" {
		return e, false
	}
	e.Subject = subject
	e.ID = pollID(eventType, subject, mark)
	// Attest looks for entityId in the notification, so a found event has one too.
	e.Body, _ = json.Marshal(map[string]any{"eventId": e.ID, "eventCreated": at.Unix(), "storeId": json.RawMessage(p.shop.id),
		"entityId": entityID, "eventType": eventType, "data": data})
	return e, true
}

// pollID names a change: the same each time that it is found.
func pollID(eventType, subject, mark string) string {
	id := "poll:" + eventType + ":" + subject
	if mark != "" {
		id += ":" + mark
	}
	if len(id) > maxEventID {
		h := fnv.New64a()
		_, _ = h.Write([]byte(id)) // a hash never fails
		id = fmt.Sprintf("poll:%s:%x", eventType, h.Sum64())
	}
	return id
}

// claim gives the id under which a webhook would tell of an entity, and its data. Old values are not known; rules have `was`.
func (k *polledKind) claim(f *facts, change string) (id json.RawMessage, data map[string]any) {
	switch k.name {
	case "orders":
		data = map[string]any{"orderId": unquoted(f.ID)}
		for key, raw := range map[string]json.RawMessage{"newPaymentStatus": f.PaymentStatus, "newFulfillmentStatus": f.FulfillmentStatus} {
			if !absent(raw) && change != "deleted" {
				data[key] = raw
			}
		}
		if absent(f.InternalID) {
			return json.RawMessage("-1"), data // as Ecwid has it for what it does not know
		}
		return f.InternalID, data
	case "carts":
		data = map[string]any{"cartId": unquoted(f.CartID)}
		if order := unquoted(f.RecoveredPublicUID); !absent(f.RecoveredPublicUID) && order != "" {
			data["orderId"] = order
		}
		return json.RawMessage("-1"), data // its internal number is not in the list
	case "customers":
		if !absent(f.Email) {
			data = map[string]any{"customerEmail": unquoted(f.Email)}
		}
	case "reviews":
		data = make(map[string]any)
		for key, raw := range map[string]json.RawMessage{"productId": f.ProductID, "orderId": f.OrderID} {
			if !absent(raw) {
				data[key] = raw
			}
		}
		if !absent(f.Status) && change != "deleted" {
			data["status"] = strings.ToUpper(unquoted(f.Status))
		}
	}
	return f.ID, data
}

// key names an entity in the cursor.
func (k *polledKind) key(f *facts) string {
	if k.name == "carts" {
		return unquoted(f.CartID)
	}
	return unquoted(f.ID)
}

func seconds(at int64) string { return strconv.FormatInt(at, 10) }
