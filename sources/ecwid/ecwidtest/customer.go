package ecwidtest

import (
	"strconv"
	"strings"
)

// A Person is a customer with an address.
type Person struct {
	Name, Email, Phone       string
	Street, City, PostalCode string
	CountryCode, CountryName string
	Language                 string // such as en
	Group                    string // customer group; "" means General
	AcceptMarketing          bool
}

// people are the customers of a new store. Their names are such as break what takes names for ASCII.
func people() []Person {
	return []Person{
		{Name: "José Álvarez", Email: "jose@example.com", Phone: "+34 612 345 678", Street: "Calle de Alcalá 20\n3º B", City: "Madrid", PostalCode: "28014", CountryCode: "ES", CountryName: "Spain", Language: "es", AcceptMarketing: true},
		{Name: "Żółć Gęśla", Email: "zolc@example.com", Phone: "+48 601 234 567", Street: "ul. Długa 7", City: "Łódź", PostalCode: "90-001", CountryCode: "PL", CountryName: "Poland", Language: "pl"},
		{Name: "田中 太郎", Email: "tanaka@example.com", Phone: "+81 90-1234-5678", Street: "千代田1-1", City: "東京", PostalCode: "100-0001", CountryCode: "JP", CountryName: "Japan", Language: "ja", Group: "VIP", AcceptMarketing: true},
		{Name: "Jane O'Doe", Email: "jane@example.com", Phone: "0301234567", Street: "Main St 1\nApt 2", City: "Berlin", PostalCode: "10115", CountryCode: "DE", CountryName: "Germany", Language: "en", AcceptMarketing: true},
	}
}

// person gives the JSON of an address.
func (p Person) person() entity {
	e := entity{"name": p.Name, "street": p.Street, "city": p.City, "countryCode": p.CountryCode, "countryName": p.CountryName,
		"postalCode": p.PostalCode, "phone": p.Phone}
	if first, last, two := strings.Cut(p.Name, " "); two {
		e["firstName"], e["lastName"] = first, last
	}
	return e
}

// AddCustomer adds a customer, sends customer.created and gives the id.
func (s *Store) AddCustomer(p Person) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addCustomer(p)
}

func (s *Store) addCustomer(p Person) string {
	id, now := s.nextID(), s.options.Now()
	address := p.person()
	address["id"], address["addressFormatted"] = s.nextID(), strings.ReplaceAll(p.Street, "\n", ", ")+", "+p.City
	groupID, group := s.group(p.Group)
	e := entity{
		"id": id, "name": p.Name, "email": p.Email, "registered": stamp(now), "customerGroupId": groupID, "customerGroupName": group,
		"billingPerson": p.person(), "shippingAddresses": []any{address},
		"contacts":  []any{entity{"id": s.nextID(), "contact": p.Email, "type": "EMAIL", "default": true, "orderBy": 0, "timestamp": stamp(now)}},
		"taxExempt": false, "taxId": "", "taxIdValid": false, "b2b_b2c": "b2c", "acceptMarketing": p.AcceptMarketing, "lang": p.Language,
		"stats": entity{"numberOfOrders": 0, "salesValue": 0, "averageOrderValue": 0}, "privateAdminNotes": "", "favorites": []any{},
	}
	e["updated"] = stamp(now)
	key := strconv.FormatInt(id, 10)
	s.put("customers", key, e)
	s.emit("customer.created", id, s.claimOf("customer", e))
	return key
}

// group finds or makes a customer group. General has the id 0.
func (s *Store) group(name string) (int64, string) {
	if name == "" || name == "General" {
		return 0, "General"
	}
	shelf := s.shelves["customer_groups"]
	for _, key := range shelf.order {
		if shelf.items[key]["name"] == name {
			return shelf.items[key]["id"].(int64), name
		}
	}
	id, _ := strconv.ParseInt(s.addEntity("customer_groups", "customer_group", entity{"name": name}), 10, 64)
	return id, name
}

// UpdateCustomer changes a customer and sends customer.updated. It is an error when there is no such customer.
func (s *Store) UpdateCustomer(id string, change func(customer map[string]any)) error {
	return s.update("customers", "customer", id, change)
}

// DeleteCustomer deletes a customer and sends customer.deleted.
func (s *Store) DeleteCustomer(id string) error { return s.Delete("customers", "customer", id) }

// buyer finds the customer with a person's address, or adds one; new says which.
func (s *Store) buyer(p Person) (customer entity, isNew bool) {
	shelf := s.shelves["customers"]
	for _, key := range shelf.order {
		if email, _ := shelf.items[key]["email"].(string); strings.EqualFold(email, p.Email) {
			return shelf.items[key], false
		}
	}
	quiet := s.quiet
	s.quiet = true // customer.created comes after order.created
	key := s.addCustomer(p)
	s.quiet = quiet
	return shelf.items[key], true
}

// bought adds an order to a customer's statistics and tells of it.
func (s *Store) bought(customer entity, isNew bool, total float64) {
	stats, _ := customer["stats"].(entity)
	if stats == nil {
		stats = entity{}
		customer["stats"] = stats
	}
	n, sum := whole(stats["numberOfOrders"])+1, amount(stats["salesValue"])+total
	now := stamp(s.options.Now())
	if n == 1 {
		stats["firstOrderDate"] = now
	}
	stats["numberOfOrders"], stats["salesValue"], stats["averageOrderValue"], stats["lastOrderDate"] = n, cents(sum), cents(sum/float64(n)), now
	s.changed("customers", keyOf(customer["id"]))
	name := "customer.updated"
	if isNew {
		name = "customer.created"
	}
	s.emit(name, customer["id"], s.claimOf("customer", customer))
}
