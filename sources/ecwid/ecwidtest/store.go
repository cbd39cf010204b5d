// Package ecwidtest is a simulated Ecwid store: its REST API, what happens in it, and the sender of its signed
// webhooks. Tests use it, and so does `shopbell demo`.
//
//	sender := ecwidtest.NewSender(ecwidtest.SenderOptions{URL: shopbell + "/webhooks/ecwid", Secret: "s3cret"})
//	store := ecwidtest.New(ecwidtest.Options{Token: "secret_demo", Send: sender.Send})
//	api := httptest.NewServer(store) // with api.URL+"/api/v3" as `api` of the source
//	order, err := store.PlaceOrder(ecwidtest.OrderOptions{})
//	err = store.Act("review.created") // or anything else of which Ecwid sends a webhook
//
// A [Platform] is many such stores behind one address, with apps that merchants install by OAuth.
//
// It behaves as Ecwid's documentation and its official client say, where it suits us or not: webhooks come unordered
// and doubled if asked to, search is paged, a token has a rate, and every call can be made to fail.
//
// It keeps everything in memory.
package ecwidtest

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Options say what a [Store] is like. Every field may be left zero.
type Options struct {
	StoreID  string           // "" means 1003; a number
	Token    string           // secret access token; "" means secret_test
	Name     string           // of the store; "" means Bell & Sons
	Email    string           // of the owner; "" means owner@example.com
	URL      string           // of the storefront; "" means https://store<id>.company.site
	Currency string           // ISO 4217; "" means EUR
	Timezone string           // IANA name; "" means Europe/Berlin
	Scopes   []string         // of the token, such as read_orders; nil means all
	Rate     int              // calls a minute for each token; 0 means Ecwid's 600, below 0 none
	Lag      time.Duration    // how long search takes to learn of a change; reading by id never lags
	Seed     uint64           // of ids; 0 means other ids every time
	Empty    bool             // no sample products and customers
	Now      func() time.Time // the store's clock; nil means time.Now
	// Send takes every webhook that a change brings about, in order. It is called while the store is locked: it must
	// neither block nor call the store. Nil drops them. [Sender.Send] fits.
	Send func(Notice)
}

// A Store is one simulated store. It is an [net/http.Handler] for /api/v3/{storeId}/…. All methods may be called at
// once.
type Store struct {
	options Options

	mu         sync.Mutex
	random     *rand.Rand
	profile    entity
	shelves    map[string]*shelf
	versions   map[string]int       // changes of promotions, by id
	storage    map[string]string    // of the app, by key
	plan       string               // of the store
	status     string               // of the store's subscription to the app
	stamps     map[string]time.Time // of the last change, by collection, and of the profile
	tokens     map[string]*grant    // that were ever given
	installs   map[string]*install  // by client id, of a [Platform]
	quiet      bool                 // nothing is told outside
	suspended  bool
	acts       int   // that were made
	sample     int   // which customer buys next
	lastID     int64 // of the entity made last
	faults     []*fault
	calls      map[string]*window    // by token
	unfinished map[string]unfinished // by cart id
}

// An entity is the JSON of one thing in the store. Numbers are int64 or float64.
type entity = map[string]any

// A shelf holds the entities of one collection of the API.
type shelf struct {
	items   map[string]entity
	order   []string // keys of items, oldest first
	deleted []entity // what /deleted tells
	index   *index   // what search knows; nil when it does not lag
}

// New makes a store with a profile, some products and some customers.
func New(o Options) *Store {
	setDefaults(&o)
	s := &Store{options: o, random: newRandom(o.Seed), shelves: make(map[string]*shelf), calls: make(map[string]*window),
		unfinished: make(map[string]unfinished), storage: make(map[string]string), versions: make(map[string]int), plan: "ECWID_BUSINESS", status: "ACTIVE",
		stamps: make(map[string]time.Time), installs: make(map[string]*install),
		tokens: map[string]*grant{o.Token: {scopes: o.Scopes}}}
	for _, name := range collections() {
		s.shelves[name] = &shelf{items: make(map[string]entity)}
	}
	s.lastID = 500_000_000 + s.random.Int64N(400_000_000)
	s.profile = s.newProfile()
	s.stamps["profile"] = o.Now()
	if !o.Empty {
		s.stock()
	}
	s.lag(o.Lag)
	return s
}

// newRandom makes ids. They differ at every start unless a seed is given: a ledger may know those of the last.
func newRandom(seed uint64) *rand.Rand {
	if seed == 0 {
		seed = rand.Uint64()
	}
	return rand.New(rand.NewPCG(seed, seed))
}

func setDefaults(o *Options) {
	for field, value := range map[*string]string{&o.StoreID: "1003", &o.Token: "secret_test", &o.Name: "Bell & Sons",
		&o.Email: "owner@example.com", &o.Currency: "EUR", &o.Timezone: "Europe/Berlin"} {
		if *field == "" {
			*field = value
		}
	}
	if o.URL == "" {
		o.URL = "https://store" + o.StoreID + ".company.site"
	}
	if o.Rate == 0 {
		o.Rate = 600
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Send == nil {
		o.Send = func(Notice) {}
	}
}

// ID gives the store's id.
func (s *Store) ID() string { return s.options.StoreID }

// number gives the store's id as the API shows it.
func (s *Store) number() int64 {
	n, _ := strconv.ParseInt(s.options.StoreID, 10, 64)
	return n
}

func (s *Store) nextID() int64 {
	s.lastID += 1 + s.random.Int64N(40)
	return s.lastID
}

// stamp is how the API writes a time.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 -0700") }

// put adds or replaces an entity.
func (s *Store) put(collection, key string, e entity) {
	shelf := s.shelves[collection]
	if _, known := shelf.items[key]; !known {
		shelf.order = append(shelf.order, key)
	}
	shelf.items[key] = e
	s.note(collection, key)
}

// remove deletes an entity and remembers that it was there; false when it was not.
func (s *Store) remove(collection, key string) (entity, bool) {
	shelf := s.shelves[collection]
	e, ok := shelf.items[key]
	if !ok {
		return nil, false
	}
	delete(shelf.items, key)
	shelf.order = slices.DeleteFunc(shelf.order, func(k string) bool { return k == key })
	gone := entity{"id": e["id"], "date": stamp(s.options.Now())}
	if collection == "orders" {
		gone = entity{"id": e["internalId"], "orderId": e["id"], "date": stamp(s.options.Now())}
	}
	shelf.deleted = append(shelf.deleted, gone)
	s.note(collection, key)
	return e, true
}

// Get gives a copy of an entity: of "orders" by order number, of "carts" by cart id, of others by id; "profile" needs
// no key. ok is false when it is not there.
func (s *Store) Get(collection, key string) (found map[string]any, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if collection == "profile" {
		return clone(s.profile).(entity), true
	}
	shelf, ok := s.shelves[collection]
	if !ok {
		return nil, false
	}
	e, ok := shelf.items[key]
	if !ok {
		return nil, false
	}
	return clone(e).(entity), true
}

// Keys lists the keys of a collection, oldest first, as [Store.Get] takes them.
func (s *Store) Keys(collection string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if shelf, ok := s.shelves[collection]; ok {
		return slices.Clone(shelf.order)
	}
	return nil
}

// clone copies a JSON value deeply, so that nobody outside holds what is inside.
func clone(v any) any {
	switch v := v.(type) {
	case entity:
		c := maps.Clone(v)
		for k := range c {
			c[k] = clone(c[k])
		}
		return c
	case []any:
		c := slices.Clone(v)
		for i := range c {
			c[i] = clone(c[i])
		}
		return c
	}
	return v
}

func collections() []string {
	return []string{"orders", "carts", "products", "customers", "categories", "classes", "customer_groups",
		"discount_coupons", "promotions", "reviews", "size_charts"}
}
