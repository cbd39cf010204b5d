package cloudcart_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shopbell/event"
	"shopbell/sources"
	"shopbell/sources/cloudcart/cloudcarttest"
)

func (w *world) attest(t testing.TB, id string) (sources.Reading, error) {
	t.Helper()
	e := w.told(t, typeOf(t, "vendor.updated"), `[{"id":`+id+`}]`)
	e.Received = time.Now() // so that no read is shared with an earlier one
	return w.source.Attest(t.Context(), e)
}

func (w *world) state(t testing.TB) sources.Credential {
	t.Helper()
	c, ok := w.source.(sources.Caller).Credential("shop1")
	if !ok {
		t.Fatal("shop1 has no credential")
	}
	return c
}

// TestADeadKeyIsNotUsedAgain holds that it rests until an operator says so, and that the page can say what to do.
func TestADeadKeyIsNotUsedAgain(t *testing.T) {
	w := newWorld(t, cloudcarttest.Options{}, "")
	caller := w.source.(sources.Caller)
	id := w.seed("vendor")
	if c := w.state(t); c.State != sources.CredentialUnused || c.Note != "" {
		t.Errorf("at first: %+v", c)
	}
	if _, err := w.attest(t, id); err != nil || w.state(t).State != sources.CredentialOK {
		t.Errorf("%v, %+v", err, w.state(t))
	}
	w.store.SetKey("ANOTHER")
	asked := len(w.store.Asked())
	for range 3 {
		if _, err := w.attest(t, id); !sources.IsDenied(err) || !strings.Contains(err.Error(), "stores.shop1.api_key") {
			t.Errorf("got %v", err)
		}
	}
	if n := len(w.store.Asked()) - asked; n != 1 {
		t.Errorf("the dead key was used %d times", n)
	}
	c := w.state(t)
	if c.State != sources.CredentialDead || c.Note == "" || time.Since(c.Since) > time.Minute {
		t.Errorf("dead: %+v", c)
	}
	if _, err := w.source.(sources.Poller).Poll(t.Context(), sources.Round{Store: "shop1", Wants: func(string) bool { return true }}); !sources.IsDenied(err) {
		t.Errorf("polling: %v", err)
	}
	w.store.SetKey(key)
	caller.Revive("shop1")
	if _, err := w.attest(t, id); err != nil || w.state(t).State != sources.CredentialOK {
		t.Errorf("revived: %v, %+v", err, w.state(t))
	}
	since := time.Now().Add(-time.Hour)
	caller.Bury("shop1", since, "it was dead before")
	if c := w.state(t); c.State != sources.CredentialDead || c.Note != "it was dead before" || !c.Since.Equal(since) {
		t.Errorf("buried: %+v", c)
	}
	asked = len(w.store.Asked())
	if _, err := w.attest(t, id); !sources.IsDenied(err) || err.Error() != "it was dead before" || len(w.store.Asked()) != asked {
		t.Errorf("buried: %v", err)
	}
	caller.Bury("nobody", since, "")
	caller.Revive("nobody")
}

// TestStatesOfTheKey holds what each answer says of it.
func TestStatesOfTheKey(t *testing.T) {
	for name, c := range map[string]struct {
		fault cloudcarttest.Fault
		want  sources.CredentialState
	}{
		"refused":     {cloudcarttest.Fault{Status: 401}, sources.CredentialDead},
		"forbidden":   {cloudcarttest.Fault{Status: 403}, sources.CredentialDead},
		"robot check": {cloudcarttest.Fault{Status: 403, Body: "<html>"}, sources.CredentialSilent},
		"past due":    {cloudcarttest.Fault{Status: 402}, sources.CredentialSuspended},
		"no plan":     {cloudcarttest.Fault{Status: 429, Header: map[string]string{"X-RateLimit-Limit": "0"}}, sources.CredentialSuspended},
		"throttled":   {cloudcarttest.Fault{Status: 429, Retry: 60}, sources.CredentialThrottled},
		"broken":      {cloudcarttest.Fault{Status: 500}, sources.CredentialSilent},
		"page":        {cloudcarttest.Fault{Body: "<html>"}, sources.CredentialSilent},
		"cut off":     {cloudcarttest.Fault{Truncate: true}, sources.CredentialSilent},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, cloudcarttest.Options{}, "")
			id := w.seed("vendor")
			w.store.Inject(c.fault)
			if _, err := w.attest(t, id); err == nil {
				t.Error("it was read all the same")
			}
			if got := w.state(t); got.State != c.want || got.Note == "" || strings.Contains(got.Note, key) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// TestAPauseIsKept holds that nothing is called while the platform wants none.
func TestAPauseIsKept(t *testing.T) {
	w := newWorld(t, cloudcarttest.Options{}, "")
	id := w.seed("vendor")
	w.store.Inject(cloudcarttest.Fault{Status: 429, Retry: 600, Times: 1})
	if _, err := w.attest(t, id); sources.Wait(err) != 10*time.Minute {
		t.Errorf("got %v", err)
	}
	asked := len(w.store.Asked())
	if _, err := w.attest(t, id); sources.Wait(err) <= 9*time.Minute || len(w.store.Asked()) != asked {
		t.Errorf("in the pause: %v", err)
	}
}

// TestFingerprints holds that another key has another, and that none tells its key.
func TestFingerprints(t *testing.T) {
	caller := open(t, `{"stores":{"a":{"host":"a.cloudcart.net","api_key":"one"},"b":{"host":"b.cloudcart.net","api_key":"two"}}}`).(sources.Caller)
	same := open(t, `{"stores":{"a":{"host":"a.cloudcart.net","api_key":"one"}}}`).(sources.Caller)
	if a, b := caller.Fingerprint("a"), caller.Fingerprint("b"); a == b || a == "" || a != same.Fingerprint("a") || strings.Contains(a, "one") || caller.Fingerprint("c") != "" {
		t.Errorf("%q %q", a, b)
	}
	n := 0
	for id, c := range caller.Credentials() {
		if n++; id == "" || c.State != sources.CredentialUnused {
			t.Errorf("%s: %+v", id, c)
		}
	}
	if _, ok := caller.Credential("c"); ok || n != 2 {
		t.Errorf("%d credentials", n)
	}
}

// TestManyAskAtOnce holds that identical reads are one call, that a read begun before an event does not answer it, and that no more than four
// calls of a store are under way.
func TestManyAskAtOnce(t *testing.T) {
	var calls, at, most atomic.Int64
	release, arrived := make(chan struct{}), make(chan struct{}, 60)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		if now := at.Add(1); now > most.Load() {
			most.Store(now)
		}
		defer at.Add(-1)
		arrived <- struct{}{}
		<-release
		_, _ = fmt.Fprintf(w, `{"data":{"type":"vendors","id":%q,"attributes":{"name":"a"}}}`, r.URL.Path[len("/api/v2/vendors/"):])
	}))
	defer api.Close()
	w := &world{source: open(t, fmt.Sprintf(`{"api":%q,"rate":800,"stores":{"shop1":{"host":"shop1.cloudcart.net","api_key":%q}}}`, api.URL, key))}
	var all sync.WaitGroup
	for n := range 60 {
		e := w.told(t, typeOf(t, "vendor.updated"), fmt.Sprintf(`[{"id":%d}]`, n%6+1))
		all.Go(func() {
			if _, err := w.source.Attest(t.Context(), e); err != nil {
				t.Error(err)
			}
		})
	}
	for range 4 {
		<-arrived
	}
	close(release)
	all.Wait()
	if calls.Load() != 6 || most.Load() > 4 {
		t.Errorf("%d calls, %d at once", calls.Load(), most.Load())
	}
	late := w.told(t, typeOf(t, "vendor.updated"), `[{"id":1}]`)
	late.Received = time.Now()
	if _, err := w.source.Attest(t.Context(), late); err != nil || calls.Load() != 7 {
		t.Errorf("%v after %d calls", err, calls.Load())
	}
}

// TestWhatIsBeingSaved holds that what does not agree shortly after a notification is asked for again, for CloudCart sends while it saves.
func TestWhatIsBeingSaved(t *testing.T) {
	w := newWorld(t, cloudcarttest.Options{}, "")
	id := w.seed("vendor")
	for name, body := range map[string]string{"vendor.created": `[{"id":999}]`, "vendor.deleted": `[{"id":` + id + `}]`} {
		e := w.told(t, typeOf(t, name), body)
		e.Received = time.Now()
		if _, err := w.source.Attest(t.Context(), e); sources.Wait(err) != 3*time.Second {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWhatIsNotThere holds the odd events that can reach Attest.
func TestWhatIsNotThere(t *testing.T) {
	w := newWorld(t, cloudcarttest.Options{}, "")
	for name, e := range map[string]event.Event{"other store": {Store: "shop9", Type: "vendor.updated", Subject: "vendor/1"}, "no subject": {Store: "shop1", Type: "vendor.updated"},
		"other noun": {Store: "shop1", Type: "vendor.updated", Subject: "order/1"}, "path": {Store: "shop1", Type: "vendor.updated", Subject: "vendor/../orders"}} {
		if _, err := w.source.Attest(t.Context(), &e); !sources.IsUnconfirmed(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := w.source.Attest(t.Context(), &event.Event{Store: "shop1", Type: "order.deleted", Subject: "order/1"}); err != nil || got.Entity != nil || got.Gone {
		t.Errorf("unknown type: %+v, %v", got, err)
	}
	if asked := w.store.Asked(); len(asked) > 0 {
		t.Errorf("asked %q", asked)
	}
}

// TestAStoreThatIsSilent holds that a call ends with the one who wants it, in words without the key.
func TestAStoreThatIsSilent(t *testing.T) {
	w := newWorld(t, cloudcarttest.Options{}, "")
	w.store.Inject(cloudcarttest.Fault{Hang: true})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := w.source.Attest(ctx, w.told(t, typeOf(t, "vendor.updated"), `[{"id":1}]`))
	if !errors.Is(err, context.DeadlineExceeded) || err.Error() != "the store's API did not answer in time" {
		t.Errorf("got %v", err)
	}
	gone := &world{source: open(t, `{"api":"http://127.0.0.1:1","stores":{"shop1":{"host":"shop1.cloudcart.net","api_key":"`+key+`"}}}`)}
	if _, err := gone.attest(t, "1"); err == nil || err.Error() != "the store's API refused the connection" || gone.state(t).State != sources.CredentialSilent {
		t.Errorf("got %v", err)
	}
}

// TestAnswersThatRepeatTheKey holds that what is read never holds it.
func TestAnswersThatRepeatTheKey(t *testing.T) {
	w := &world{source: answering(t, `{"data":{"type":"vendors","id":"6","attributes":{"name":"`+key+`","description":"a `+key+` b"}}}`)}
	got, err := w.attest(t, "6")
	if err != nil || strings.Contains(string(got.Entity), key) {
		t.Errorf("got %s, %v", got.Entity, err)
	}
}

// TestAnAnswerThatIsTooLarge holds that it is not read to its end.
func TestAnAnswerThatIsTooLarge(t *testing.T) {
	w := &world{source: answering(t, `{"data":{"type":"vendors","id":"6","attributes":{"name":"`+strings.Repeat("a", 9<<20)+`"}}}`)}
	if _, err := w.attest(t, "6"); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("got %v", err)
	}
}
