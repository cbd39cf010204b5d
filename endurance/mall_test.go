//go:build linux

package endurance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"shopbell/sources/ecwid/ecwidtest"
)

// perShop is how many products a shop of a mall has: few, for the program asks no store more than it may.
const perShop = 2

// A mall is many simulated stores behind one address. It holds that no product is read twice at once, for that would be two
// events of one subject at once.
type mall struct {
	*httptest.Server
	t        *testing.T
	shops    map[string]*ecwidtest.Store
	products []*product

	mu      sync.Mutex
	reading map[string]bool
}

// A product has its version for a quantity.
type product struct {
	id, name string
	shop     *ecwidtest.Store
	notices  chan ecwidtest.Notice
	sent     []string // events, in the order in which they were taken
}

func newMall(t *testing.T, products int) *mall {
	t.Helper()
	m := &mall{t: t, shops: map[string]*ecwidtest.Store{}, reading: map[string]bool{}}
	for len(m.products) < products {
		id := fmt.Sprint(2001 + len(m.shops))
		notices := map[int64]chan ecwidtest.Notice{}
		shop := ecwidtest.New(ecwidtest.Options{StoreID: id, Token: "secret_" + id, Rate: -1, Empty: true, Send: func(n ecwidtest.Notice) {
			if c := notices[n.Entity.(int64)]; c != nil {
				c <- n
			}
		}})
		m.shops[id] = shop
		for i := 0; i < perShop && len(m.products) < products; i++ {
			p := &product{id: shop.AddProduct(ecwidtest.Product{SKU: "V", Name: "Versions"}), shop: shop, notices: make(chan ecwidtest.Notice, 1)}
			p.name = id + "/" + p.id
			m.products = append(m.products, p)
		}
		for _, p := range m.products[len(m.products)-len(shop.Keys("products")):] {
			number, err := json.Number(p.id).Int64()
			if err != nil {
				t.Fatal(err)
			}
			notices[number] = p.notices
		}
	}
	m.Server = httptest.NewServer(http.HandlerFunc(m.answer))
	t.Cleanup(m.Close)
	return m
}

func (m *mall) answer(w http.ResponseWriter, r *http.Request) {
	id, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/api/v3/"), "/")
	shop := m.shops[id]
	if shop == nil {
		http.NotFound(w, r)
		return
	}
	if m.enter(r.URL.Path) {
		m.t.Errorf("%s is read twice at once", r.URL.Path)
	}
	shop.ServeHTTP(w, r)
	<-time.After(time.Millisecond) // that two at once may meet
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.reading, r.URL.Path)
}

// enter notes that a product is read, and tells whether it is already.
func (m *mall) enter(path string) (already bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	already, m.reading[path] = m.reading[path], true
	return already
}

// change sets a product's version, and gives the notification of it.
func (p *product) change(t *testing.T, version int) (body []byte, signature string) {
	t.Helper()
	if err := p.shop.SetQuantity(p.id, version); err != nil {
		t.Error(err)
		return nil, ""
	}
	n := <-p.notices
	p.sent = append(p.sent, n.ID)
	return ecwidtest.Notification(n), sign(n.Created, n.ID)
}

const versionRule = `
rules:
  - name: tell
    when: product.updated
    if: product.quantity >= (was?.quantity ?? 0)
    then:
      - http: { url: "%s/", json: { event: "{{ event.id }}", subject: "{{ event.store }}/{{ product.id }}", version: "{{ product.quantity }}", was: "{{ was?.quantity }}" } }
`

// setup is what a program between the mall and an address is told.
func (m *mall) setup(sink string) setup {
	var stores strings.Builder
	for id := range m.shops {
		fmt.Fprintf(&stores, "      %q: { token: secret_%s }\n", id, id)
	}
	return setup{rules: fmt.Sprintf(versionRule, sink), ecwid: fmt.Sprintf("\n    attest: always\n    api: %s/api/v3\n    stores:\n%s", m.URL, &stores)}
}
