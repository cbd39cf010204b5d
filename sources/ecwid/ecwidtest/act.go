package ecwidtest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// An Act is something that happens in a store so that Ecwid sends a webhook of one type.
type Act struct {
	Type  string // of the event, such as "review.created"
	Title string // for people, such as "A customer reviews a product"
}

// Acts lists what [Store.Act] can do: one act for each event type of Ecwid.
func Acts() []Act {
	acts := []Act{
		{"order.created", "A customer places an order"},
		{"order.updated", "The next step of the newest order: paid, processing, shipped, delivered"},
		{"order.deleted", "The merchant deletes the oldest order"},
		{"unfinished_order.created", "A customer leaves at the payment page"},
		{"unfinished_order.updated", "The merchant hides the newest cart, or shows it again"},
		{"unfinished_order.deleted", "The newest cart is deleted over REST"},
		{"profile.updated", "The merchant renames the store"},
		{"profile.subscriptionStatusChanged", "The store moves to another plan"},
		{"profile.personalDataRemovalRequest", "The owner asks for personal data to be removed"},
		{"profile.personalDataExportRequest", "The owner asks for personal data"},
		{"customer.personalDataRemovalRequest", "A customer asks for personal data to be removed"},
		{"customer.personalDataExportRequest", "A customer asks for personal data"},
		{"invoice.created", "A tax invoice is made for the newest order"},
		{"invoice.deleted", "The newest tax invoice is deleted"},
		{"application.installed", "The merchant installs the app"},
		{"application.uninstalled", "The merchant removes the app: its token is dead"},
		{"application.subscriptionStatusChanged", "The store's subscription to the app changes"},
		{"application.storageChanged", "The app's own storage changes"},
	}
	for _, k := range plainKinds() {
		acts = append(acts, Act{k.noun + ".created", "The merchant adds a " + k.word}, Act{k.noun + ".updated", "The merchant changes the newest " + k.word},
			Act{k.noun + ".deleted", "The merchant deletes the newest " + k.word})
	}
	return acts
}

// A plainKind is one whose entities are made, changed and deleted, and no more.
type plainKind struct{ collection, noun, word string }

func plainKinds() []plainKind {
	return []plainKind{
		{"products", "product", "product"}, {"categories", "category", "category"}, {"classes", "product_class", "product type"},
		{"customers", "customer", "customer"}, {"customer_groups", "customer_group", "customer group"},
		{"discount_coupons", "discount_coupon", "discount coupon"}, {"promotions", "promotion", "promotion"},
		{"reviews", "review", "review"}, {"size_charts", "size_chart", "size chart"},
	}
}

// Act makes something happen that sends a webhook of the given type, and maybe others: what it is about is made first where there is none. Each
// act really changes the store, so that reading it back agrees; a personal data request changes nothing.
func (s *Store) Act(eventType string) error {
	noun, what, _ := strings.Cut(eventType, ".")
	i := slices.IndexFunc(plainKinds(), func(k plainKind) bool { return k.noun == noun })
	if i >= 0 && !strings.HasPrefix(what, "personal") {
		return s.actPlain(plainKinds()[i], what)
	}
	switch noun {
	case "order", "invoice":
		return s.actOrder(eventType)
	case "unfinished_order":
		return s.actCart(what)
	}
	switch eventType {
	case "profile.updated":
		s.UpdateProfile(func(p map[string]any) {
			settings := p["settings"].(entity)
			name, _, _ := strings.Cut(fmt.Sprint(settings["storeName"]), " No. ")
			settings["storeName"] = name + " No. " + strconv.Itoa(s.turn())
		})
	case "profile.subscriptionStatusChanged":
		plan, _ := s.subscriptions()
		s.SetPlan(map[string]string{"ECWID_BUSINESS": "ECWID_UNLIMITED", "ECWID_UNLIMITED": "ECWID_BUSINESS"}[plan])
	case "profile.personalDataRemovalRequest", "profile.personalDataExportRequest":
		s.Emit(eventType, s.number(), nil)
	case "customer.personalDataRemovalRequest", "customer.personalDataExportRequest":
		return s.actPrivacy(eventType)
	case "application.installed":
		s.InstallApp()
	case "application.uninstalled":
		s.UninstallApp()
	case "application.subscriptionStatusChanged":
		_, status := s.subscriptions()
		s.SetStatus(map[string]string{"TRIAL": "ACTIVE", "ACTIVE": "SUSPENDED", "SUSPENDED": "ACTIVE"}[status])
	case "application.storageChanged":
		s.SetStorage("public", strconv.Itoa(s.counted()))
	default:
		return errors.New("there is no act for " + eventType)
	}
	return nil
}

// turn counts acts, so that no two of them leave the same behind. The store is locked.
func (s *Store) turn() int {
	s.acts++
	return s.acts
}

// subscriptions gives the store's plan at Ecwid, and the status of its subscription to the app.
func (s *Store) subscriptions() (plan, status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.plan, s.status
}

func (s *Store) counted() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.turn()
}

// newestOf gives the key of the newest entity of a collection, made by add if there is none.
func (s *Store) newestOf(collection string, add func() error) (string, error) {
	keys := s.Keys(collection)
	if len(keys) == 0 {
		if err := add(); err != nil {
			return "", err
		}
		keys = s.Keys(collection)
	}
	return keys[len(keys)-1], nil
}

// actBuy buys something, and first has something in stock if there is nothing.
func (s *Store) actBuy(buy func(OrderOptions) (string, error)) error {
	_, err := buy(OrderOptions{})
	if err != nil {
		product := s.AddProduct(Product{SKU: "BELL-" + strconv.Itoa(s.counted()), Name: "Shop bell", Price: 49.90, Quantity: 20, Warning: 5})
		_, err = buy(OrderOptions{Lines: []Line{{Product: product}}})
	}
	return err
}

func (s *Store) actOrder(eventType string) error {
	place := func() error { return s.actBuy(s.PlaceOrder) }
	if eventType == "order.created" {
		return place()
	}
	order, err := s.newestOf("orders", place)
	if err != nil {
		return err
	}
	e, _ := s.Get("orders", order)
	list, _ := e["invoices"].([]any)
	switch eventType {
	case "order.updated":
		return s.UpdateOrder(order, forward)
	case "order.deleted":
		return s.DeleteOrder(s.Keys("orders")[0])
	case "invoice.created":
		_, err = s.AddInvoice(order)
	case "invoice.deleted":
		if len(list) == 0 {
			_, err = s.AddInvoice(order)
			e, _ = s.Get("orders", order)
			list, _ = e["invoices"].([]any)
		}
		if err == nil {
			return s.DeleteInvoice(order, keyOf(list[len(list)-1].(entity)["internalId"]))
		}
	default:
		return errors.New("there is no act for " + eventType)
	}
	return err
}

// forward moves an order one step on, and from the last step back to the first.
func forward(o map[string]any) {
	if o["paymentStatus"] != "PAID" {
		o["paymentStatus"] = "PAID"
		return
	}
	steps := []any{"AWAITING_PROCESSING", "PROCESSING", "SHIPPED", "DELIVERED"}
	o["fulfillmentStatus"] = steps[(slices.Index(steps, o["fulfillmentStatus"])+1)%len(steps)]
}

func (s *Store) actCart(what string) error {
	leave := func() error { return s.actBuy(s.LeaveCart) }
	if what == "created" {
		return leave()
	}
	cart, err := s.newestOf("carts", leave)
	switch {
	case err != nil:
		return err
	case what == "updated":
		return s.UpdateCart(cart, func(c map[string]any) { c["hidden"] = c["hidden"] != true })
	case what == "deleted":
		return s.DeleteCart(cart)
	}
	return errors.New("there is no act for unfinished_order." + what)
}

func (s *Store) actPrivacy(eventType string) error {
	id, err := s.newestOf("customers", func() error { return s.addSample(plainKind{"customers", "customer", ""}) })
	if err != nil {
		return err
	}
	e, _ := s.Get("customers", id)
	s.Emit(eventType, e["id"], map[string]any{"customerEmail": e["email"]})
	return nil
}

func (s *Store) actPlain(k plainKind, what string) error {
	if what == "created" {
		return s.addSample(k)
	}
	id, err := s.newestOf(k.collection, func() error { return s.addSample(k) })
	switch {
	case err != nil:
		return err
	case what == "deleted":
		return s.Delete(k.collection, k.noun, id)
	case what != "updated":
		return errors.New("there is no act for " + k.noun + "." + what)
	}
	return s.Update(k.collection, k.noun, id, func(e map[string]any) { alter(e, s.turn()) })
}

// alter changes what a merchant would change: the stock, the status, else the name.
func alter(e entity, n int) {
	switch {
	case e["quantity"] != nil:
		left := max(whole(e["quantity"])-7, 0)
		if whole(e["quantity"]) == 0 {
			left = 40
		}
		e["quantity"], e["inStock"] = left, left > 0
	case e["rating"] != nil:
		e["status"] = map[any]any{"moderated": "published", "published": "moderated"}[e["status"]]
	default:
		name, _, _ := strings.Cut(fmt.Sprint(e["name"]), " No. ")
		e["name"] = name + " No. " + strconv.Itoa(n)
	}
}

// addSample adds an entity such as a merchant would add.
func (s *Store) addSample(k plainKind) error {
	n := strconv.Itoa(s.counted())
	switch k.collection {
	case "products":
		s.AddProduct(Product{SKU: "NEW-" + n, Name: "Door bell No. " + n, Price: 19.90, Quantity: 25, Warning: 5, Weight: 0.2})
		return nil
	case "customers":
		s.AddCustomer(Person{Name: "Nora New", Email: "nora" + n + "@example.com", Street: "Ring 1", City: "Berlin", PostalCode: "10115",
			CountryCode: "DE", CountryName: "Germany", Language: "en", AcceptMarketing: true})
		return nil
	}
	fields := entity{"name": "Sample No. " + n}
	switch k.collection {
	case "categories":
		fields["orderBy"], fields["enabled"], fields["url"] = 20, true, s.options.URL+"/sample-"+n
	case "classes":
		fields["googleTaxonomy"], fields["attributes"] = "Hardware", []any{}
	case "discount_coupons":
		fields = entity{"name": "10 % off", "code": "TEN" + n, "discountType": "PERCENT", "status": "ACTIVE", "discount": 10,
			"launchDate": stamp(s.options.Now()), "usesLimit": "UNLIMITED", "applicationLimit": "UNLIMITED", "orderCount": 0}
	case "promotions":
		fields = entity{"name": "10 % above 50 No. " + n, "enabled": true, "discountBase": "SUBTOTAL", "discountType": "PERCENT", "amount": 10,
			"triggers": entity{"subtotal": 50}, "targets": entity{}}
	case "reviews":
		return s.addReview()
	}
	s.Add(k.collection, k.noun, fields)
	return nil
}

// addReview has a customer who bought something review it.
func (s *Store) addReview() error {
	id, err := s.newestOf("orders", func() error { return s.actBuy(s.PlaceOrder) })
	if err != nil {
		return err
	}
	order, _ := s.Get("orders", id)
	items, _ := order["items"].([]any)
	if len(items) == 0 {
		return errors.New("order " + id + " has no items to review")
	}
	item, _ := items[0].(entity)
	person, _ := order["billingPerson"].(entity)
	s.Add("reviews", "review", entity{"status": "moderated", "rating": 5, "review": "Just what I need", "productId": item["productId"],
		"orderId": order["internalId"], "customerId": order["customerId"],
		"reviewerInfo": entity{"name": person["name"], "email": order["email"], "city": person["city"], "country": person["countryName"], "orders": 1}})
	return nil
}
