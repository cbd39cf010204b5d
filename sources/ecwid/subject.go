package ecwid

import (
	"cmp"
	"encoding/json"
	"strings"

	"shopbell/event"
)

// subject says what an event is about, such as "order/K8XTQ": its group and the id under which the API knows the
// entity. It is "" when the notification names none.
func (s *source) subject(e *event.Event, n *notification) (string, error) {
	entity, err := optional("entityId", n.EntityID)
	if err != nil {
		return "", err
	}
	if entity == "-1" { // what old events say when they do not know; it would mix up all that say it
		entity = ""
	}
	group, _, _ := strings.Cut(e.Type, ".")
	if known, ok := s.types[e.Type]; ok {
		group = known.group
	}
	id, err := entityName(group, entity, e)
	if err != nil || id == "" {
		return "", err
	}
	return group + "/" + id, nil
}

// entityName gives the id that the API wants: the order's number, the cart's UUID, the store's own id, else entityId. An
// invoice is known by its order's number and entityId.
func entityName(group, entity string, e *event.Event) (string, error) {
	switch group {
	case "order":
		order, err := fromData(e.Data, "orderId")
		if err != nil || order != "" {
			return order, err
		}
	case "invoice":
		// An order can have several invoices, and each of them is made once.
		order, err := fromData(e.Data, "orderId")
		if err != nil || order == "" || entity == "" {
			return cmp.Or(order, entity), err
		}
		return order + "/" + entity, nil
	case "cart":
		cart, err := fromData(e.Data, "cartId")
		if err != nil || cart != "" {
			return cart, err
		}
	case "store", "application", "storage":
		return e.Store, nil
	}
	return entity, nil
}

// fromData gives the text of orderId or cartId in data; "" when it is not there.
func fromData(data json.RawMessage, key string) (id string, err error) {
	for k, value := range members(data) {
		if k == key {
			id, err = optional("data."+key, value)
		}
	}
	return id, err
}

// entityOf gives entityId of a stored event; "" when it is not known any more.
func entityOf(e *event.Event) string {
	n, err := parse(e.Body)
	if err != nil {
		return ""
	}
	id, err := optional("entityId", n.EntityID)
	if err != nil {
		return ""
	}
	return id
}
