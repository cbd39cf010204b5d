// Package cloudcarttest is a simulated CloudCart store: its JSON:API v2, what happens in it, the registration of webhooks,
// and the sender that tries again, switches off and deletes them as CloudCart does.
//
//	store := cloudcarttest.New(cloudcarttest.Options{Key: "KEY"})
//	api := httptest.NewServer(store)      // `api` of the source
//	store.AddHook("order.created", shopbell+"/webhooks/cloudcart/shop1/order.created")
//	id := store.PlaceOrder()              // queues the webhook
//	store.Settle(ctx)                     // sends it, and again after 120 s and so on, until it is over
//
// It behaves as the official documents say, where it suits us or not. Waiting is by the clock of package time, so within
// testing/synctest 20 minutes pass at once.
//
// It keeps everything in memory, takes changes of webhooks only over REST, and does not know the older form of orders.
package cloudcarttest

import (
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Options say what a [Store] is like. Every field may be left zero.
type Options struct {
	Key     string         // the API key that works; "" means TESTKEY
	Host    string         // primary domain; "" answers on any
	Rate    int            // calls a minute; 0 means 100, below 0 means that the plan has no API
	Zone    *time.Location // of times without a zone; nil means UTC
	Hooks   int            // how many webhooks the plan allows; 0 means any number
	Deliver Doer           // sends webhooks; nil means an HTTP client
}

// A Store is one simulated store. It is an [net/http.Handler] for /api/v2/…. All methods may be called at once.
type Store struct {
	options Options

	mu      sync.Mutex
	shelves map[string]*shelf
	lastID  int
	hooks   []*hook
	faults  []*Fault
	calls   []time.Time // of the last minute
	asked   []string    // every call: method, path and query
	queue   []*delivery
	log     []Delivery
	alerts  []string
	wake    chan struct{}
}

// A Resource is one thing of the API: what it is, its attributes, and what it is related to.
type Resource struct {
	Type       string
	ID         string
	Attributes map[string]any
	One        map[string]*Resource   // relations to one
	Many       map[string][]*Resource // relations to several
}

// A shelf holds the resources of one collection.
type shelf struct{ items []*Resource }

// New makes an empty store.
func New(o Options) *Store {
	if o.Key == "" {
		o.Key = "TESTKEY"
	}
	if o.Rate == 0 {
		o.Rate = 100
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Deliver == nil {
		o.Deliver = newClient()
	}
	s := &Store{options: o, shelves: map[string]*shelf{}, wake: make(chan struct{}, 1)}
	for name := range collections() {
		s.shelves[name] = &shelf{}
	}
	return s
}

// collections lists the collections of the API that the store has, and the group of events of each.
func collections() map[string]string {
	return map[string]string{"orders": "order", "products": "product", "customers": "customer", "categories": "category", "vendors": "vendor",
		"discounts": "discount", "subscribers": "subscriber"}
}

func (s *Store) next() int {
	s.lastID++
	return s.lastID
}

// now is the time as the API writes it.
func (s *Store) now() string { return time.Now().In(s.options.Zone).Format(time.DateTime) }

// Add puts a thing into a collection, such as "vendors", and sends its created event. It gives the id.
func (s *Store) Add(collection string, attributes map[string]any) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.put(collection, attributes)
	s.happened(collection, "created", r)
	return r.ID
}

// put adds a thing without telling. s is locked.
func (s *Store) put(collection string, attributes map[string]any) *Resource {
	r := &Resource{Type: collection, ID: strconv.Itoa(s.next()), Attributes: maps.Clone(attributes), One: map[string]*Resource{}, Many: map[string][]*Resource{}}
	if r.Attributes == nil {
		r.Attributes = map[string]any{}
	}
	created, changed := stampNames(collection)
	for _, name := range []string{created, changed} {
		if _, given := r.Attributes[name]; !given {
			r.Attributes[name] = s.now()
		}
	}
	s.shelves[collection].items = append(s.shelves[collection].items, r)
	return r
}

// stampNames gives what a collection calls the times of a thing.
func stampNames(collection string) (created, changed string) {
	switch collection {
	case "orders", "customers":
		return "date_added", "updated_at"
	case "products":
		return "date_added", "date_modified"
	}
	return "created_at", "updated_at"
}

// Change sets attributes and sends the updated event, as a save in the admin panel does. false when there is no such thing.
func (s *Store) Change(collection, id string, attributes map[string]any) bool {
	return s.change(collection, id, attributes, true)
}

// Import is Change without an event, as an import, the API and a sale change products.
func (s *Store) Import(collection, id string, attributes map[string]any) bool {
	return s.change(collection, id, attributes, false)
}

func (s *Store) change(collection, id string, attributes map[string]any, tell bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.get(collection, id)
	if r == nil {
		return false
	}
	_, changed := stampNames(collection)
	r.Attributes[changed] = s.now()
	maps.Copy(r.Attributes, attributes)
	if tell {
		s.happened(collection, "updated", r)
	}
	return true
}

// Delete removes a thing and sends the deleted event; an order goes without one, for CloudCart has none.
func (s *Store) Delete(collection, id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.get(collection, id)
	if r == nil {
		return false
	}
	shelf := s.shelves[collection]
	shelf.items = slices.DeleteFunc(shelf.items, func(other *Resource) bool { return other == r })
	if collection != "orders" {
		s.happened(collection, "deleted", r)
	}
	return true
}

// get finds a thing. s is locked.
func (s *Store) get(collection, id string) *Resource {
	shelf := s.shelves[collection]
	if shelf == nil {
		return nil
	}
	if i := slices.IndexFunc(shelf.items, func(r *Resource) bool { return r.ID == id }); i >= 0 {
		return shelf.items[i]
	}
	return nil
}

// SetKey changes the API key that works.
func (s *Store) SetKey(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options.Key = key
}

// Asked lists every call of the API so far: method, path and query.
func (s *Store) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}
