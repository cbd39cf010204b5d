package ecwidtest

import (
	"errors"
	"strings"
)

// LeaveCart is a customer who goes to the payment page and leaves. It sends unfinished_order.created and gives the
// cart's id. Stock is not taken, and payment and fulfillment in o mean nothing.
func (s *Store) LeaveCart(o OrderOptions) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	bill, err := s.bill(&o)
	if err != nil {
		return "", err
	}
	customer := entity{"customerGroupName": "General"}
	shelf := s.shelves["customers"]
	for _, key := range shelf.order {
		if shelf.items[key]["email"] == o.Customer.Email {
			customer = shelf.items[key]
		}
	}
	e := s.purchase(o, bill, customer)
	if e["customerId"] == nil { // a guest is no customer before the first order
		delete(e, "customerId")
		delete(e, "customerGroupId")
	}
	id := strings.ToUpper(s.uuid())
	e["cartId"] = id
	s.put("carts", id, e)
	s.unfinished[id] = unfinished{number: s.nextID(), order: s.orderNumber()}
	s.tell("created", id)
	return id, nil
}

// An unfinished order is what a notice tells of a cart and the API does not show: the internal number, and the order
// number that the cart would get.
type unfinished struct {
	number int64
	order  string
}

// tell sends an event of a cart.
func (s *Store) tell(what, cartID string) {
	u := s.unfinished[cartID]
	s.emit("unfinished_order."+what, u.number, map[string]any{"orderId": u.order, "cartId": cartID})
}

// UpdateCart changes a cart and sends unfinished_order.updated. Deleting a cart in the admin is such a change: it sets
// hidden.
func (s *Store) UpdateCart(id string, change func(cart map[string]any)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.shelves["carts"].items[id]
	if !ok {
		return errors.New("there is no cart " + id)
	}
	change(e)
	s.changed("carts", id)
	s.tell("updated", id)
	return nil
}

// DeleteCart deletes a cart over REST and sends unfinished_order.deleted.
func (s *Store) DeleteCart(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.remove("carts", id); !ok {
		return errors.New("there is no cart " + id)
	}
	s.tell("deleted", id)
	return nil
}

// RecoverCart is the customer who comes back and pays: a checkout as in [Store.PlaceOrder] with what is in the cart,
// after which the cart tells its order. It gives the order number.
func (s *Store) RecoverCart(id string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.recoverCart(id)
}

func (s *Store) recoverCart(id string) (string, error) {
	cart, ok := s.shelves["carts"].items[id]
	if !ok {
		return "", errors.New("there is no cart " + id)
	}
	o := OrderOptions{Customer: buyerOf(cart), ID: s.unfinished[id].order}
	items, _ := cart["items"].([]any)
	for _, item := range items {
		item, _ := item.(entity)
		o.Lines = append(o.Lines, Line{Product: keyOf(item["productId"]), Quantity: whole(item["quantity"])})
	}
	number, err := s.placeOrder(o)
	if err != nil {
		return "", err
	}
	order := s.shelves["orders"].items[number]
	cart["recoveredOrderId"], cart["recoveredPublicUid"] = order["internalId"], order["publicUid"]
	s.changed("carts", id)
	s.tell("updated", id)
	return number, nil
}

// buyerOf gives the person of a cart.
func buyerOf(cart entity) Person {
	p, _ := cart["billingPerson"].(entity)
	word := func(key string) string { w, _ := p[key].(string); return w }
	email, _ := cart["email"].(string)
	language, _ := cart["lang"].(string)
	marketing, _ := cart["acceptMarketing"].(bool)
	return Person{Name: word("name"), Email: email, Phone: word("phone"), Street: word("street"), City: word("city"),
		PostalCode: word("postalCode"), CountryCode: word("countryCode"), CountryName: word("countryName"), Language: language, AcceptMarketing: marketing}
}
