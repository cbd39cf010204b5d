package ecwidtest

import (
	"errors"
	"slices"
	"strconv"
)

// AddInvoice makes a tax invoice for an order, sends invoice.created and gives its internal id.
func (s *Store) AddInvoice(order string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.shelves["orders"].items[order]; !ok {
		return "", errors.New("there is no order " + order)
	}
	return strconv.FormatInt(s.addInvoice(order), 10), nil
}

func (s *Store) addInvoice(order string) int64 {
	e, id := s.shelves["orders"].items[order], s.nextID()
	list, _ := e["invoices"].([]any)
	e["invoices"] = append(slices.Clone(list), entity{"internalId": id, "id": strconv.Itoa(27 + len(list)), "created": stamp(s.options.Now()),
		"type": "SALE", "link": s.options.URL + "/invoice/" + order})
	s.changed("orders", order)
	s.emit("invoice.created", id, map[string]any{"orderId": order})
	return id
}

// DeleteInvoice deletes an invoice of an order by its internal id, and sends invoice.deleted.
func (s *Store) DeleteInvoice(order, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.shelves["orders"].items[order]
	list, _ := e["invoices"].([]any)
	i := slices.IndexFunc(list, func(v any) bool { invoice, _ := v.(entity); return keyOf(invoice["internalId"]) == id })
	if !ok || i < 0 {
		return errors.New("there is no invoice " + id + " of order " + order)
	}
	number := list[i].(entity)["internalId"]
	e["invoices"] = slices.Delete(slices.Clone(list), i, i+1)
	s.changed("orders", order)
	s.emit("invoice.deleted", number, map[string]any{"orderId": order})
	return nil
}
