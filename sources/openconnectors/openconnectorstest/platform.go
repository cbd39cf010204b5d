// Package openconnectorstest is a simulated Open Connectors: element instances, the events that the platforms behind them
// send, the signed notifications made of those, and the part of its API that a consumer needs.
//
//	platform := openconnectorstest.New(openconnectorstest.Options{SignatureKey: "k", Callback: shopbell + "/webhooks/elements", Now: clock})
//	platform.AddInstance(openconnectorstest.Instance{ID: 31, Token: "t", Element: "ecwid"})
//	platform.Happen(31, openconnectorstest.Change{Object: "orders", ID: "5", Type: "CREATED"})
//	platform.Deliver(ctx)                 // posts what is due
//	at, ok := platform.Due()              // when the next try is
//
// It behaves as the platform's documentation says: a notification holds at most 20 events, or 10 of a polled element, a
// larger payload is split over several that each repeat it whole; what is not answered by 2xx is sent again after 4, 16, 64
// … seconds, 9 times, and then the subscription is deactivated.
//
// It runs nothing by itself and never sleeps: time is what Now says. Everything is kept in memory.
package openconnectorstest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"shopbell/sources/openconnectors"
)

// Form is a form of notifications.
type Form string

// The forms that the documentation shows.
const (
	Message  Form = "message"  // of the platform as it is
	Response Form = "response" // of the platform as it was
	Formula  Form = "formula"  // what a formula that is triggered by an event hands on: one event each
)

// Options say what a [Platform] is like. Every field may be left zero.
type Options struct {
	User         string            // user secret; "" means user-secret
	Organization string            // organization secret; "" means organization-secret
	SignatureKey string            // of instances that have none of their own; "" signs nothing, and sends no header
	Algorithm    string            // of signatures; "" means sha256
	Form         Form              // of notifications; "" means message
	Callback     string            // where notifications are posted
	Transport    http.RoundTripper // for notifications; nil means a new one
	PageSize     int               // the most events of a page; 0 means the platform's 200
	OldestFirst  bool              // lists events so; the documentation does not tell the order
	Brief        bool              // lists events without notifiedData: only an event by itself tells them
	Slow         bool              // events stay NEW until [Platform.Advance] or [Platform.Process]
	Now          func() time.Time  // the platform's clock; nil means time.Now
}

// An Instance is one element instance.
type Instance struct {
	ID           int    // such as 31
	Token        string // element token
	Element      string // key of the element, such as ecwid
	Hub          string // such as ecommerce; its objects can be read under it, and without it
	SignatureKey string // "" means that of the options
	Polled       bool   // the platform polls what is behind it: 10 events a notification
}

// A Change is one event of an object.
type Change struct {
	Object string // type of the object, such as orders
	ID     string
	Type   string // CREATED, UPDATED, DELETED or UNKNOWN
}

// A Platform is the simulated platform. It is an [http.Handler] for /elements/api-v2/…. All methods may be called at once.
type Platform struct {
	options Options
	client  *http.Client

	mu        sync.Mutex
	instances map[int]*instance
	lastID    int
	faults    []fault
	calls     []string // method and path of every call of the API, oldest first
}

type instance struct {
	Instance
	objects map[string]map[string]any // by type and id, joined by a slash
	events  []*Event                  // oldest first
	queue   []*Delivery               // in order of making
	stopped bool                      // the subscription was deactivated
}

// An Event is one that the platform keeps.
type Event struct {
	ID       string
	Date     time.Time
	Status   string          // NEW, RECEIVED, DISPATCHED, CONSUMED or NOTIFIED
	Raw      json.RawMessage // what the platform behind the element sent
	changes  []Change
	notified []map[string]any
}

// New makes a platform without instances.
func New(o Options) *Platform {
	if o.User == "" {
		o.User = "user-secret"
	}
	if o.Organization == "" {
		o.Organization = "organization-secret"
	}
	if o.Algorithm == "" {
		o.Algorithm = openconnectors.SHA256
	}
	if o.Form == "" {
		o.Form = Message
	}
	if o.PageSize == 0 {
		o.PageSize = 200
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Transport == nil {
		o.Transport = &http.Transport{}
	}
	return &Platform{options: o, instances: make(map[int]*instance), client: &http.Client{Transport: o.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// AddInstance adds or replaces an instance.
func (p *Platform) AddInstance(i Instance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.instances[i.ID] = &instance{Instance: i, objects: make(map[string]map[string]any)}
}

// Put makes an object readable through the element's API; nil removes it.
func (p *Platform) Put(instanceID int, object, id string, fields map[string]any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.instances[instanceID].objects[object+"/"+id] = fields
}

// Happen has the platform behind an instance send one payload that tells of changes. It gives the id of the event.
func (p *Platform) Happen(instanceID int, changes ...Change) string {
	raw := map[string]any{"objectType": "", "changed": len(changes)}
	if len(changes) > 0 {
		raw["objectType"] = changes[0].Object
	}
	return p.HappenRaw(instanceID, raw, changes...)
}

// An OrderNotification is what Ecwid's legacy Instant Order Notifications told the Ecwid element. Statuses are Ecwid's of
// then; without old ones it tells of a new order.
type OrderNotification struct {
	Owner, Order                string
	Payment, OldPayment         string // QUEUED, ACCEPTED, CHARGEABLE, DECLINED, CANCELLED or REFUNDED
	Fulfillment, OldFulfillment string
}

// HappenOrder has Ecwid notify the instance of an order. It gives the id of the event.
func (p *Platform) HappenOrder(instanceID int, o OrderNotification) string {
	raw := map[string]any{"objectType": "orders", "owner_id": o.Owner, "order_id": o.Order, "event_type": "new_order",
		"date": p.options.Now().UTC().Format(time.DateTime), "payment_status": o.Payment, "fulfillment_status": o.Fulfillment}
	change := Change{Object: "orders", ID: o.Order, Type: "CREATED"}
	if o.OldPayment != "" || o.OldFulfillment != "" {
		raw["event_type"], change.Type = "order_status_change", "UPDATED"
		raw["old_payment_status"], raw["old_fulfillment_status"] = o.OldPayment, o.OldFulfillment
	}
	return p.HappenRaw(instanceID, raw, change)
}

// HappenRaw is [Platform.Happen] with the payload as the platform behind the element sends it.
func (p *Platform) HappenRaw(instanceID int, raw map[string]any, changes ...Change) string {
	text, err := json.Marshal(raw)
	if err != nil {
		panic(err) // a test that gives what is no JSON
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lastID++
	i := p.instances[instanceID]
	e := &Event{ID: fmt.Sprintf("evt%06d", p.lastID), Date: p.options.Now().UTC(), Status: "NEW", Raw: text, changes: slices.Clone(changes)}
	i.events = append(i.events, e)
	for !p.options.Slow && e.Status != "NOTIFIED" {
		p.advance(i, e)
	}
	return e.ID
}

// Advance moves every event that is not finished on to its next status. At the last its notifications are made.
func (p *Platform) Advance() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, i := range p.instances {
		for _, e := range i.events {
			p.advance(i, e)
		}
	}
}

// Process finishes every event.
func (p *Platform) Process() {
	for range statuses() {
		p.Advance()
	}
}

// statuses gives those of an event, in order.
func statuses() []string { return []string{"NEW", "RECEIVED", "DISPATCHED", "CONSUMED", "NOTIFIED"} }

// advance moves an event on by one status. p is locked.
func (p *Platform) advance(i *instance, e *Event) {
	at := slices.Index(statuses(), e.Status) + 1
	if at >= len(statuses()) {
		return
	}
	e.Status = statuses()[at]
	if at == len(statuses())-1 {
		p.notify(i, e)
	}
}

// notify makes the notifications of an event. p is locked.
func (p *Platform) notify(i *instance, e *Event) {
	for _, c := range e.changes {
		e.notified = append(e.notified, map[string]any{"objectType": c.Object, "objectId": c.ID, "eventType": c.Type,
			"elementKey": i.Element, "date": e.Date.Format("2006-01-02T15:04:05.000Z")})
	}
	most := 20
	if i.Polled {
		most = 10
	}
	if p.options.Form == Formula {
		most = 1
	}
	for some := range slices.Chunk(e.notified, most) {
		p.lastID++
		i.queue = append(i.queue, &Delivery{ID: p.lastID, Instance: i.ID, Event: e.ID, Body: p.notification(i, e, some, p.lastID), Due: p.options.Now()})
	}
}

// notification makes a body. Whichever of its parts it holds, it repeats the whole payload.
func (p *Platform) notification(i *instance, e *Event, some []map[string]any, id int) []byte {
	var body map[string]any
	switch p.options.Form {
	case Response:
		body = map[string]any{"eventId": e.ID, "instanceId": i.ID, "notificationId": id, "response": map[string]any{"events": some, "raw": e.Raw}}
	case Formula:
		body = map[string]any{"eventId": e.ID, "instanceId": i.ID, "type": "event", "event": some[0]}
	default:
		body = map[string]any{"message": map[string]any{"eventId": e.ID, "instanceId": i.ID, "elementKey": i.Element, "raw": e.Raw, "events": some}}
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // made of what has been JSON
	}
	return text
}

// Events gives copies of the events of an instance, oldest first.
func (p *Platform) Events(instanceID int) []Event {
	p.mu.Lock()
	defer p.mu.Unlock()
	var found []Event
	for _, e := range p.instances[instanceID].events {
		found = append(found, *e)
	}
	return found
}

// Calls gives the method and path of every call of the API so far, oldest first.
func (p *Platform) Calls() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.calls)
}

// number reads the id of an instance; 0 when it is none.
func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}
