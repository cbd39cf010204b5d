package demo

import (
	"fmt"

	"shopbell/sources/ecwid/ecwidtest"
)

// productRow is a product as the shop page shows it.
type productRow struct {
	ID, SKU, Name, Price string
	Counted              bool // its stock is counted
	Quantity             int
}

// orderRow is an order as the shop page shows it.
type orderRow struct {
	ID, Customer, Total, Status string
	Paid, Shipped               bool
}

// products lists what the store sells.
func (d *Demo) products() []productRow {
	var rows []productRow
	for _, key := range d.store.Keys("products") {
		e, ok := d.store.Get("products", key)
		if !ok {
			continue
		}
		row := productRow{ID: key, SKU: text(e["sku"]), Name: text(e["name"]), Price: euros(e["price"])}
		if unlimited, _ := e["unlimited"].(bool); !unlimited {
			row.Counted, row.Quantity = true, int(number(e["quantity"]))
		}
		rows = append(rows, row)
	}
	return rows
}

// orders lists the newest orders, newest first, at most n.
func (d *Demo) orders(n int) []orderRow {
	keys := d.store.Keys("orders")
	var rows []orderRow
	for i := len(keys) - 1; i >= 0 && len(rows) < n; i-- {
		e, ok := d.store.Get("orders", keys[i])
		if !ok {
			continue
		}
		person, _ := e["shippingPerson"].(map[string]any)
		row := orderRow{ID: keys[i], Customer: text(person["name"]), Total: euros(e["total"]), Status: text(e["paymentStatus"])}
		if row.Customer == "" {
			row.Customer = text(e["email"])
		}
		row.Paid, row.Shipped = row.Status == "PAID", text(e["fulfillmentStatus"]) == "SHIPPED"
		rows = append(rows, row)
	}
	return rows
}

// pay marks an order as paid.
func (d *Demo) pay(id string) error {
	return d.store.UpdateOrder(id, func(order map[string]any) { order["paymentStatus"] = "PAID" })
}

// ship marks an order as shipped.
func (d *Demo) ship(id string) error {
	return d.store.UpdateOrder(id, func(order map[string]any) {
		order["fulfillmentStatus"], order["trackingNumber"] = "SHIPPED", "BELL-"+id
	})
}

// customers are who may buy. The last one shows that a name cannot become markup.
func customers() []ecwidtest.Person {
	return []ecwidtest.Person{
		{Name: "Jane Doe", Email: "jane@example.com", Phone: "+4915112345678", Street: "Main St 1", City: "Berlin", PostalCode: "10115", CountryCode: "DE", CountryName: "Germany", Language: "en", AcceptMarketing: true},
		{Name: "José Álvarez", Email: "jose@example.com", Phone: "+34612345678", Street: "Calle de Alcalá 20", City: "Madrid", PostalCode: "28014", CountryCode: "ES", CountryName: "Spain", Language: "es"},
		{Name: "田中 太郎", Email: "tanaka@example.com", Phone: "+819012345678", Street: "千代田1-1", City: "東京", PostalCode: "100-0001", CountryCode: "JP", CountryName: "Japan", Language: "ja"},
		{Name: "Bobby <b>Tables</b> <!channel>", Email: "bobby@example.com", Phone: "+12025550123", Street: "1 Script Way", City: "Springfield", PostalCode: "12345", CountryCode: "US", CountryName: "United States", Language: "en"},
	}
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func number(v any) float64 {
	switch v := v.(type) {
	case float64:
		return v
	case int64:
		return float64(v)
	case int:
		return float64(v)
	}
	return 0
}

func euros(v any) string { return fmt.Sprintf("€%.2f", number(v)) }
