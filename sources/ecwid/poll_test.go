package ecwid_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"shopbell/event"
	"shopbell/sources"
	"shopbell/sources/ecwid/ecwidtest"
	"shopbell/virtualtime"
)

// only wants the given types of events.
func only(types ...string) func(string) bool {
	return func(name string) bool { return slices.Contains(types, name) }
}

// once makes one Poll and moves the cursor.
func (h *house) once() sources.Batch {
	h.t.Helper()
	batch, err := h.poller.Poll(h.t.Context(), sources.Round{Store: "1003", Cursor: h.cursor, Wants: h.wants})
	if err != nil {
		h.t.Fatal(err)
	}
	h.cursor = batch.Cursor
	return batch
}

// news makes a whole round and gives the types and subjects that were found.
func (h *house) news() (found []string, all []sources.Found) {
	h.t.Helper()
	for {
		batch := h.once()
		for _, f := range batch.Found {
			if all = append(all, f); !f.Seen {
				found = append(found, f.Event.Type+" "+f.Event.Subject)
			}
		}
		if !batch.More {
			return found, all
		}
	}
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func TestAQuietStoreCostsOneCallARound(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		h := build(t, ecwidtest.Options{})
		h.wants = only("order.created", "order.updated", "order.deleted", "product.updated", "customer.updated", "review.created", "discount_coupon.updated",
			"unfinished_order.created", "category.updated", "profile.updated")
		time.Sleep(time.Hour)
		h.poll()
		for range 3 {
			time.Sleep(15 * time.Minute)
			if calls := h.poll(); calls != 1 {
				t.Errorf("a quiet round made %d calls: %q", calls, h.wire.paths)
			}
			h.wire.paths = nil
		}
		if _, err := h.store.PlaceOrder(ecwidtest.OrderOptions{Lines: []ecwidtest.Line{{Product: h.store.Keys("products")[5]}}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		if calls := h.poll(); calls != 4 { // latest-stats, orders, deleted orders, customers
			t.Errorf("after an order: %d calls: %q", calls, h.wire.paths)
		}
		time.Sleep(15 * time.Minute)
		h.poll() // once more, for search may lag
		time.Sleep(15 * time.Minute)
		if calls := h.poll(); calls != 1 {
			t.Errorf("quiet again: %d calls", calls)
		}
		time.Sleep(2 * time.Hour)
		if calls := h.poll(); calls < 10 {
			t.Errorf("after hours, nothing was read again: %d calls", calls)
		}
	})
}

func TestWhatNobodyListensToIsNotAskedFor(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		h := build(t, ecwidtest.Options{})
		h.wants = only("order.paid", "customer.personalDataRemovalRequest", "application.uninstalled")
		if calls := h.poll(); calls != 0 {
			t.Errorf("made %d calls: %q", calls, h.wire.paths)
		}
		h.wants = only("customer_group.created")
		if h.poll(); !slices.Equal(h.wire.paths, []string{"customer_groups"}) {
			t.Errorf("asked %q", h.wire.paths)
		}
		h.wants = only("product.updated")
		time.Sleep(time.Hour)
		if h.poll(); !strings.Contains(string(h.cursor), "customer_groups") { // another node's rules may want it
			t.Errorf("after an hour the cursor holds %s", h.cursor)
		}
		time.Sleep(25 * time.Hour)
		h.poll()
		if text := string(h.cursor); strings.Contains(text, "customer_groups") || !strings.Contains(text, "products") {
			t.Errorf("the cursor holds %s", text)
		}
	})
}

func TestTheFirstRoundSeesEverythingAndFiresNothing(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		h := build(t, ecwidtest.Options{Empty: true})
		h.wants = only("product.created", "product.updated", "product.deleted")
		var ids []string
		for i := range 730 {
			ids = append(ids, h.store.AddProduct(ecwidtest.Product{SKU: strconv.Itoa(i), Name: "P", Price: 10, Quantity: 9}))
			time.Sleep(time.Second)
		}
		time.Sleep(time.Minute)
		before := h.wire.calls
		first := h.once()
		if !first.More || h.wire.calls-before != 5 || len(first.Found) != 400 {
			t.Fatalf("the first part made %d calls and saw %d, more %v", h.wire.calls-before, len(first.Found), first.More)
		}
		// While it is read: one that was seen changes, one that was not changes, one is new, one that was not seen is deleted.
		h.must(h.store.SetQuantity(ids[729], 1))
		h.must(h.store.SetQuantity(ids[5], 1))
		fresh := h.store.AddProduct(ecwidtest.Product{SKU: "fresh", Name: "F", Price: 1})
		h.must(h.store.DeleteProduct(ids[6]))
		found, all := h.news()
		if len(found) > 0 {
			t.Fatalf("the first round fired %q", found)
		}
		seen := map[string]bool{}
		for _, f := range append(first.Found, all...) {
			seen[f.Event.Subject] = f.Seen && f.Entity != nil
		}
		if len(seen) != 728 || seen["product/"+ids[5]] || !seen["product/"+ids[0]] || seen["product/"+fresh] {
			t.Errorf("saw %d of 730: two more were changed and deleted meanwhile", len(seen))
		}
		time.Sleep(time.Minute)
		found, _ = h.news()
		slices.Sort(found)
		want := []string{"product.created product/" + fresh, "product.deleted product/" + ids[6], "product.updated product/" + ids[5], "product.updated product/" + ids[729]}
		slices.Sort(want)
		if !slices.Equal(found, want) {
			t.Errorf("the next round found %q\nwant %q", found, want)
		}
	})
}

func TestChangesWhilePagesAreRead(t *testing.T) {
	for _, wants := range []string{"product.updated", "product.created"} {
		virtualtime.Test(t, func(t *testing.T) {
			h := build(t, ecwidtest.Options{Empty: true})
			h.wants = only(wants)
			var ids []string
			add := func() {
				ids = append(ids, h.store.AddProduct(ecwidtest.Product{SKU: "P", Name: "P", Price: 10, Quantity: 500}))
			}
			if wants == "product.updated" {
				for range 450 {
					add()
				}
			}
			time.Sleep(time.Hour)
			h.news()
			if wants == "product.created" {
				for range 450 {
					add()
				}
			}
			for _, id := range ids {
				h.must(h.store.SetQuantity(id, 400))
			}
			time.Sleep(time.Minute)
			n := 0
			got := map[string]int{}
			h.wire.store = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if h.store.ServeHTTP(w, r); strings.HasSuffix(r.URL.Path, "/products") && n < 40 {
					for range 5 { // what is changed now leaves the span of time, and shifts the others
						h.must(h.store.SetQuantity(ids[len(ids)-1-n], 300))
						n++
					}
					h.must(h.store.DeleteProduct(ids[n]))
				}
			})
			for range 3 {
				found, _ := h.news()
				for _, what := range found {
					got[what]++
				}
				time.Sleep(time.Minute)
			}
			for i, id := range ids {
				if _, there := h.store.Get("products", id); there && got[wants+" product/"+id] == 0 {
					t.Errorf("%s: product %d was missed", wants, i)
				}
			}
		})
	}
}

func TestThrottledInTheMiddleNothingIsLost(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		h := build(t, ecwidtest.Options{Empty: true})
		h.wants = only("product.updated")
		for range 350 {
			h.store.AddProduct(ecwidtest.Product{SKU: "P", Name: "P", Price: 10, Quantity: 500})
		}
		time.Sleep(time.Hour)
		calls := 0
		h.wire.store = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if calls++; calls == 3 {
				h.store.Inject(ecwidtest.Fault{Kind: ecwidtest.RateLimited, Delay: 30 * time.Second, Times: 1})
			}
			h.store.ServeHTTP(w, r)
		})
		part := h.once()
		if !part.More || len(part.Found) != 100 {
			t.Fatalf("before the pause: %d found, more %v", len(part.Found), part.More)
		}
		if _, err := h.poller.Poll(t.Context(), sources.Round{Store: "1003", Cursor: h.cursor, Wants: h.wants}); sources.Wait(err) == 0 {
			t.Fatalf("in the pause: %v", err)
		}
		time.Sleep(time.Minute)
		if h.poll(); h.seen != 250 {
			t.Errorf("after the pause %d more were seen", h.seen)
		}
	})
}

func TestAKindThatTheTokenMayNotReadIsLeftOut(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		h := build(t, ecwidtest.Options{})
		h.store.SetScopes("read_catalog")
		h.wants = only("order.created", "product.updated")
		if h.poll(); h.seen != 6 {
			t.Errorf("saw %d products", h.seen)
		}
		h.wants = only("order.created", "customer.updated")
		if _, err := h.poller.Poll(t.Context(), sources.Round{Store: "1003", Wants: h.wants}); !sources.IsDenied(err) {
			t.Errorf("nothing may be read: %v", err)
		}
		h.store.Revoke("secret_test")
		h.wants = only("product.updated")
		if _, err := h.poller.Poll(t.Context(), sources.Round{Store: "1003", Cursor: h.cursor, Wants: h.wants}); !sources.IsDenied(err) || strings.Contains(err.Error(), "secret_test") {
			t.Errorf("a dead token: %v", err)
		}
		if _, err := h.poller.Poll(t.Context(), sources.Round{Store: "9", Wants: h.wants}); !sources.IsUnconfirmed(err) {
			t.Errorf("another store: %v", err)
		}
	})
}

func TestWhatIsNewAndChangedIsToldAsChangedFirst(t *testing.T) {
	for _, c := range []struct {
		wants []string
		later time.Duration // from creation to the last change
		want  string
	}{
		{[]string{"order.created", "order.updated"}, 0, "created"},
		{[]string{"order.created", "order.updated"}, 2 * time.Second, "created"},
		{[]string{"order.created", "order.updated"}, 3 * time.Second, "updated created"},
		{[]string{"order.created"}, 3 * time.Second, "created"},
		{[]string{"order.updated"}, 3 * time.Second, "updated"},
		{[]string{"order.updated"}, 0, "seen"},
	} {
		virtualtime.Test(t, func(t *testing.T) {
			h := build(t, ecwidtest.Options{})
			h.wants = only(c.wants...)
			time.Sleep(time.Hour)
			h.poll()
			order, err := h.store.PlaceOrder(ecwidtest.OrderOptions{})
			h.must(err)
			time.Sleep(c.later)
			h.must(h.store.UpdateOrder(order, func(o map[string]any) { o["orderComments"] = "x" }))
			changed := time.Now()
			time.Sleep(time.Minute)
			_, all := h.news()
			var got []string
			for _, f := range all {
				what := strings.TrimPrefix(f.Event.Type, "order.")
				if f.Seen {
					what = "seen"
				}
				got = append(got, what)
				if f.Event.Created.Unix() != changed.Unix() || f.Event.Subject != "order/"+order || f.Entity == nil {
					t.Errorf("found %+v", f.Event)
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%q, changed %s later: %q, want %q", c.wants, c.later, got, c.want)
			}
			if again, _ := h.news(); len(again) > 0 {
				t.Errorf("found again: %q", again)
			}
		})
	}
}

// TestPollsAndWebhooksSpeakOfTheSame holds that each change which polling can find is told with the subject of its webhook, and that
// reading it back agrees.
func TestPollsAndWebhooksSpeakOfTheSame(t *testing.T) {
	blind := []string{"unfinished_order.deleted", "profile.subscriptionStatusChanged", "application.installed", "application.uninstalled",
		"size_chart.created", "size_chart.updated", "size_chart.deleted"}
	virtualtime.Test(t, func(t *testing.T) {
		h := build(t, ecwidtest.Options{})
		time.Sleep(time.Hour)
		h.poll()
		for _, act := range ecwidtest.Acts() {
			if slices.Contains(blind, act.Type) || strings.Contains(act.Type, "personalData") {
				continue
			}
			h.sent = nil
			h.must(h.store.Act(act.Type))
			time.Sleep(20 * time.Second)
			_, all := h.news()
			for _, n := range h.sent {
				if n.Type != act.Type {
					continue
				}
				events, err := h.source.Receive(sources.Request{Header: ecwidtest.Headers(n, "s"), Body: ecwidtest.Notification(n), Received: time.Now()})
				h.must(err)
				i := slices.IndexFunc(all, func(f sources.Found) bool { return f.Event.Type == n.Type && f.Event.Subject == events[0].Subject })
				if i < 0 {
					t.Errorf("%s of %s was not found among %d", n.Type, events[0].Subject, len(all))
					continue
				}
				if _, err := h.attest(&all[i].Event); err != nil {
					t.Errorf("%s: reading back: %v", n.Type, err)
				}
				if data, _ := event.DecodeObject(all[i].Event.Data); n.Type == "application.subscriptionStatusChanged" && fmt.Sprint(data) != fmt.Sprint(n.Data) {
					t.Errorf("%s: data %v, the webhook has %v", n.Type, data, n.Data)
				}
			}
		}
	})
}

func TestCartsComeBack(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		h := build(t, ecwidtest.Options{})
		h.wants = only("unfinished_order.created", "unfinished_order.updated", "unfinished_order.deleted")
		time.Sleep(time.Hour)
		h.poll()
		cart, err := h.store.LeaveCart(ecwidtest.OrderOptions{})
		h.must(err)
		for _, step := range []struct {
			do   func() error
			want string
		}{
			{func() error { return nil }, "unfinished_order.created cart/" + cart},
			{func() error { return h.store.UpdateCart(cart, func(c map[string]any) { c["hidden"] = true }) }, "unfinished_order.updated cart/" + cart},
			{func() error { _, err := h.store.RecoverCart(cart); return err }, "unfinished_order.updated cart/" + cart},
		} {
			h.must(step.do())
			time.Sleep(10 * time.Minute)
			found, all := h.news()
			if len(found) != 1 || found[0] != step.want {
				t.Fatalf("found %q, want %q", found, step.want)
			}
			if data := string(all[0].Event.Data); !strings.Contains(data, `"cartId":"`+cart+`"`) {
				t.Errorf("data is %s", data)
			}
			if _, recovered := h.store.Get("orders", fieldOf(all[0].Event.Data, "orderId")); recovered != (h.store.Keys("orders") != nil) {
				t.Errorf("data is %s, orders %q", all[0].Event.Data, h.store.Keys("orders"))
			}
		}
	})
}

// fieldOf gives a text in an object.
func fieldOf(raw json.RawMessage, key string) string {
	o, _ := event.DecodeObject(raw)
	text, _ := o[key].(string)
	return text
}

func TestThereAndBackAndThereAgainAreThreeChanges(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		h := build(t, ecwidtest.Options{})
		h.wants = only("category.updated", "category.created", "category.deleted")
		category := h.store.Keys("categories")[0]
		h.poll()
		ids := map[string]bool{}
		for _, name := range []string{"A", "B", "A", "B", "A"} {
			time.Sleep(time.Minute)
			h.must(h.store.Update("categories", "category", category, func(c map[string]any) { c["name"] = name; c["productCount"] = 3 }))
			_, all := h.news()
			if len(all) != 1 || ids[all[0].Event.ID] {
				t.Fatalf("to %s: found %+v", name, all)
			}
			ids[all[0].Event.ID] = true
		}
		h.must(h.store.Update("categories", "category", category, func(c map[string]any) { c["productCount"] = 99 }))
		time.Sleep(time.Minute)
		if found, _ := h.news(); len(found) > 0 {
			t.Errorf("a count that Ecwid keeps was taken for a change: %q", found)
		}
	})
}

func TestAListThatShrinksWhileItIsReadDeletesNothing(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		h := build(t, ecwidtest.Options{})
		h.wants = only("category.deleted")
		var ids []string
		for i := range 250 {
			ids = append(ids, h.store.Add("categories", "category", map[string]any{"name": strconv.Itoa(i)}))
		}
		h.poll()
		time.Sleep(time.Minute)
		h.store.Add("categories", "category", map[string]any{"name": "so that the stamp moves"})
		reads := 0
		h.wire.store = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.store.ServeHTTP(w, r)
			if reads++; reads == 2 { // the first page is read; its entities are the newest
				for _, id := range ids[240:245] {
					h.must(h.store.Delete("categories", "category", id))
				}
			}
		})
		var found []string
		for range 3 {
			more, _ := h.news()
			found = append(found, more...)
			time.Sleep(time.Minute)
		}
		var want []string
		for _, id := range ids[240:245] {
			want = append(want, "category.deleted category/"+id)
		}
		slices.Sort(found)
		if !slices.Equal(found, want) {
			t.Errorf("found %q, want %q", found, want)
		}
	})
}

func TestProductsThatAreTooMuchForOneAnswer(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		h := build(t, ecwidtest.Options{Empty: true})
		h.wants = only("product.updated")
		for range 110 {
			id := h.store.AddProduct(ecwidtest.Product{SKU: "P", Name: "P", Price: 10, Quantity: 5})
			h.must(h.store.UpdateProduct(id, func(p map[string]any) { p["description"] = strings.Repeat("x", 100_000) }))
		}
		time.Sleep(time.Hour)
		if h.poll(); h.seen != 110 {
			t.Errorf("saw %d of 110", h.seen)
		}
	})
}

func TestABrokenCursorBeginsAnew(t *testing.T) {
	for _, text := range []string{`{`, `null`, `7`, `{"form":99}`, `{"form":1,"kinds":{"orders":null}}`, `{"form":1,"kinds":{"products":{"step":{"stage":"x"}}}}`,
		`{"form":1,"kinds":{"products":{"step":{"stage":"changes","offset":-5}}}}`} {
		virtualtime.Test(t, func(t *testing.T) {
			h := build(t, ecwidtest.Options{})
			h.cursor = json.RawMessage(text)
			if h.poll(); len(h.found) > 0 || h.seen < 10 {
				t.Errorf("%s: found %q, saw %d", text, h.found, h.seen)
			}
		})
	}
}
