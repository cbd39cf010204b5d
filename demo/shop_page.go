package demo

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"shopbell/server"
	"shopbell/sources/ecwid/ecwidtest"
)

const (
	lowQuantity  = 3  // in stock, after a product has run low
	fullQuantity = 40 // and after it was filled up
)

// shopPage lets things happen in the store.
func (d *Demo) shopPage() server.Page {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /shop", func(w http.ResponseWriter, r *http.Request) { d.showShop(w, r, "") })
	mux.HandleFunc("POST /shop/order", d.doing(d.postOrder))
	mux.HandleFunc("POST /shop/pay", d.doing(func(r *http.Request) (string, error) { return "paid", d.pay(r.PostFormValue("order")) }))
	mux.HandleFunc("POST /shop/ship", d.doing(func(r *http.Request) (string, error) { return "shipped", d.ship(r.PostFormValue("order")) }))
	mux.HandleFunc("POST /shop/cart", d.doing(d.postCart))
	mux.HandleFunc("POST /shop/stock", d.doing(d.postStock))
	mux.HandleFunc("POST /shop/act", d.doing(func(r *http.Request) (string, error) { return "act", d.store.Act(r.PostFormValue("type")) }))
	return server.Page{Path: "/shop", Title: "Shop", Handler: mux}
}

// doing makes a handler of something that happens in the store: it comes back to the page, which says what happened.
func (d *Demo) doing(act func(*http.Request) (done string, err error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		done, err := act(r)
		if err != nil {
			d.showShop(w, r, err.Error())
			return
		}
		http.Redirect(w, r, "/shop?done="+done, http.StatusSeeOther)
	}
}

func (d *Demo) showShop(w http.ResponseWriter, r *http.Request, fault string) {
	log := d.sender.Log()
	slices.Reverse(log)
	render(w, r, "Shop", "shop.html", map[string]any{
		"Products": d.products(), "Customers": customers(), "Orders": d.orders(10), "Deliveries": log[:min(12, len(log))],
		"Token": server.FormToken(r), "Fault": fault, "Done": said(r.URL.Query().Get("done")), "Low": lowQuantity, "Full": fullQuantity, "Acts": ecwidtest.Acts(),
	})
}

// said is what the page says after something has happened.
func said(done string) string {
	switch done {
	case "order":
		return "The order is placed, and the store has sent its webhook."
	case "paid":
		return "The order is paid, and the store has sent its webhook."
	case "shipped":
		return "The order is shipped, and the store has sent its webhook."
	case "cart":
		return "The customer has left, and the store has sent its webhook."
	case "act":
		return "It has happened, and the store has sent its webhook."
	case "stock":
		return "The stock has changed, and the store has sent its webhook."
	}
	return ""
}

func (d *Demo) postOrder(r *http.Request) (string, error) {
	o, err := d.checkout(r)
	if err != nil {
		return "", err
	}
	if r.PostFormValue("paid") == "" {
		o.Payment = "AWAITING_PAYMENT"
	}
	_, err = d.store.PlaceOrder(o)
	return "order", err
}

func (d *Demo) postCart(r *http.Request) (string, error) {
	o, err := d.checkout(r)
	if err != nil {
		return "", err
	}
	_, err = d.store.LeaveCart(o)
	return "cart", err
}

func (d *Demo) postStock(r *http.Request) (string, error) {
	quantity, err := strconv.Atoi(r.PostFormValue("quantity"))
	if err != nil || quantity < 0 {
		return "", errors.New("the quantity wants a number")
	}
	return "stock", d.store.SetQuantity(r.PostFormValue("product"), quantity)
}

// checkout reads who buys what.
func (d *Demo) checkout(r *http.Request) (o ecwidtest.OrderOptions, err error) {
	all := customers()
	i := slices.IndexFunc(all, func(p ecwidtest.Person) bool { return p.Email == r.PostFormValue("customer") })
	if i < 0 {
		return o, errors.New("there is no such customer")
	}
	quantity, err := strconv.Atoi(r.PostFormValue("quantity"))
	if err != nil || quantity < 1 || quantity > 99 {
		return o, errors.New("the quantity wants a number from 1 to 99")
	}
	return ecwidtest.OrderOptions{
		Customer: all[i], Lines: []ecwidtest.Line{{Product: r.PostFormValue("product"), Quantity: quantity}},
		Payment: "PAID", Comments: strings.TrimSpace(r.PostFormValue("comments")),
	}, nil
}
