package openconnectorstest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// prefix is where the platform's API begins.
const prefix = "/elements/api-v2/"

// A Fault makes calls of the API fail.
type Fault struct {
	Path    string // only calls whose path, after /elements/api-v2/, begins so; "" means all
	Status  int
	Header  map[string]string
	Body    string // "" means one as the platform has it
	Times   int    // 0 means for ever
	Nothing bool   // the connection is broken off without an answer
}

type fault struct {
	Fault
	left int
}

// Fail makes calls fail from now on, those of an earlier fault first.
func (p *Platform) Fail(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, fault{f, f.Times})
}

// Heal ends all faults.
func (p *Platform) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = nil
}

// ServeHTTP answers the platform's API: the events of instances, notifications that are queued, and objects.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, r.Method+" "+r.URL.Path)
	w.Header().Set("Date", p.options.Now().UTC().Format(http.TimeFormat))
	path, ok := strings.CutPrefix(r.URL.Path, prefix)
	switch f, fails := p.fault(path); {
	case fails && f.Nothing:
		panic(http.ErrAbortHandler)
	case fails:
		for name, value := range f.Header {
			w.Header().Set(name, value)
		}
		problem(w, f.Status, f.Body)
		return
	case !ok:
		problem(w, http.StatusNotFound, "")
		return
	case r.Method != http.MethodGet:
		problem(w, http.StatusMethodNotAllowed, "")
		return
	}
	parts := strings.Split(path, "/")
	switch {
	case len(parts) >= 3 && parts[0] == "instances" && parts[2] == "events":
		p.instanceEvents(w, r, parts)
	case path == "notifications/subscriptions/deliveries":
		p.queued(w, r)
	default:
		p.object(w, r, parts)
	}
}

// fault finds the fault of a call. p is locked.
func (p *Platform) fault(path string) (Fault, bool) {
	for i := range p.faults {
		f := &p.faults[i]
		if !strings.HasPrefix(path, f.Path) {
			continue
		}
		if f.Times > 0 {
			if f.left--; f.left < 0 {
				continue
			}
		}
		return f.Fault, true
	}
	return Fault{}, false
}

func problem(w http.ResponseWriter, status int, body string) {
	if body == "" {
		text, _ := json.Marshal(map[string]string{"requestId": "5c2b", "message": http.StatusText(status)})
		body = string(text)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body)) // a client that hung up
}

func give(w http.ResponseWriter, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		problem(w, http.StatusInternalServerError, "")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text) // a client that hung up
}

// secrets reads the Authorization header: "User u, Organization o" or "Element t, User u".
func secrets(r *http.Request) map[string]string {
	found := make(map[string]string)
	for part := range strings.SplitSeq(r.Header.Get("Authorization"), ",") {
		if name, value, ok := strings.Cut(strings.TrimSpace(part), " "); ok {
			found[name] = value
		}
	}
	return found
}

// instanceEvents answers /instances/{id}/events and /instances/{id}/events/{eventId}. p is locked.
func (p *Platform) instanceEvents(w http.ResponseWriter, r *http.Request, parts []string) {
	i, told := p.instances[number(parts[1])], secrets(r)
	account := told["User"] == p.options.User && told["Organization"] == p.options.Organization
	own := i != nil && told["User"] == p.options.User && told["Element"] == i.Token && i.Token != ""
	switch {
	case !account && !own:
		problem(w, http.StatusUnauthorized, "")
	case i == nil:
		problem(w, http.StatusNotFound, "")
	case len(parts) == 3:
		p.page(w, r, i)
	default:
		at := slices.IndexFunc(i.events, func(e *Event) bool { return e.ID == parts[3] })
		if at < 0 || len(parts) > 4 {
			problem(w, http.StatusNotFound, "")
			return
		}
		give(w, form(i.events[at]))
	}
}

// page answers a part of the list. The token of the next is the id of the event it begins with.
func (p *Platform) page(w http.ResponseWriter, r *http.Request, i *instance) {
	list := slices.Clone(i.events)
	if !p.options.OldestFirst {
		slices.Reverse(list)
	}
	if token := r.URL.Query().Get("nextPage"); token != "" {
		at := slices.IndexFunc(list, func(e *Event) bool { return e.ID == token })
		if at < 0 {
			problem(w, http.StatusBadRequest, "")
			return
		}
		list = list[at:]
	}
	size := p.options.PageSize
	if asked := number(r.URL.Query().Get("pageSize")); asked > 0 {
		size = min(size, asked)
	}
	if len(list) > size {
		w.Header().Set("Elements-Next-Page-Token", list[size].ID)
		list = list[:size]
	}
	forms := make([]any, len(list))
	for at, e := range list {
		shown := form(e)
		if p.options.Brief {
			delete(shown, "notifiedData")
		}
		forms[at] = shown
	}
	give(w, forms)
}

// form is how the API shows an event.
func form(e *Event) map[string]any {
	shown := map[string]any{"id": e.ID, "eventDate": e.Date.Format(time.RFC3339), "status": e.Status, "providerData": string(e.Raw)}
	if len(e.notified) > 0 {
		shown["notifiedData"] = e.notified
	}
	return shown
}

// queued answers the notifications of deactivated subscriptions. p is locked.
func (p *Platform) queued(w http.ResponseWriter, r *http.Request) {
	told := secrets(r)
	if told["User"] != p.options.User || told["Organization"] != p.options.Organization {
		problem(w, http.StatusUnauthorized, "")
		return
	}
	if where := r.URL.Query().Get("where"); where != "" && where != "channel='webhook' and status='queued'" {
		problem(w, http.StatusBadRequest, "")
		return
	}
	waiting := []any{}
	for _, i := range p.instances {
		for _, d := range i.queue {
			if d.Queued {
				waiting = append(waiting, map[string]any{"id": strconv.Itoa(d.ID), "channel": "webhook", "status": "queued", "body": string(d.Body)})
			}
		}
	}
	give(w, waiting)
}

// object answers /{objectType}/{id} and /hubs/{hub}/{objectType}/{id}. The token says of which instance. p is locked.
func (p *Platform) object(w http.ResponseWriter, r *http.Request, parts []string) {
	told := secrets(r)
	var of *instance
	for _, i := range p.instances {
		if i.Token != "" && i.Token == told["Element"] && told["User"] == p.options.User {
			of = i
		}
	}
	if of == nil {
		problem(w, http.StatusUnauthorized, "")
		return
	}
	if len(parts) == 4 && parts[0] == "hubs" && parts[1] == of.Hub {
		parts = parts[2:]
	}
	if len(parts) == 2 {
		if fields := of.objects[parts[0]+"/"+parts[1]]; fields != nil {
			give(w, fields)
			return
		}
	}
	problem(w, http.StatusNotFound, "")
}
