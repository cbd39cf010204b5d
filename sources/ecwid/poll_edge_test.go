package ecwid_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"shopbell/sources/ecwid/ecwidtest"
	"shopbell/virtualtime"
)

func TestItDoesNotMatterHowWrongOurClockIs(t *testing.T) {
	for _, wrong := range []time.Duration{-20 * time.Minute, 20 * time.Minute} {
		virtualtime.Test(t, func(t *testing.T) {
			h := build(t, ecwidtest.Options{Now: func() time.Time { return time.Now().Add(wrong) }})
			h.wants = only("product.updated")
			time.Sleep(time.Hour)
			h.must(h.store.SetQuantity(h.store.Keys("products")[0], 39))
			h.poll()
			changed := 0
			for i := range 5 {
				time.Sleep(5 * time.Minute)
				h.must(h.store.SetQuantity(h.store.Keys("products")[1], 100+i))
				changed++
				time.Sleep(5 * time.Minute)
				h.poll()
			}
			time.Sleep(time.Hour)
			if h.poll(); len(h.found) != changed {
				t.Errorf("off by %s: found %d of %d changes", wrong, len(h.found), changed)
			}
		})
	}
}

func TestWhatWasThereBeforeTheFirstRoundIsNotNew(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		h := build(t, ecwidtest.Options{Empty: true})
		h.wants = only("product.created", "product.updated")
		product := h.store.AddProduct(ecwidtest.Product{SKU: "P", Name: "P", Price: 10, Quantity: 5})
		time.Sleep(30 * time.Second)
		h.wire.store = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.store.ServeHTTP(w, r)
			if strings.HasSuffix(r.URL.Path, "/latest-stats") && len(h.wire.paths) == 1 {
				time.Sleep(2 * time.Second)
				h.must(h.store.SetQuantity(product, 4)) // after the reading began, before it came to it
			}
		})
		h.news()
		time.Sleep(10 * time.Second)
		if found, _ := h.news(); !slices.Equal(found, []string{"product.updated product/" + product}) {
			t.Errorf("found %q", found)
		}
	})
}

// TestAShiftThatTheTotalDoesNotTell is a list out of which one thing falls while another comes in, so that one is skipped.
func TestAShiftThatTheTotalDoesNotTell(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		h := build(t, ecwidtest.Options{Empty: true})
		h.wants = only("product.updated")
		h.poll()
		time.Sleep(time.Hour)
		start, calls := time.Now().Unix(), 0
		h.wire.store = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/latest-stats") {
				fmt.Fprintf(w, `{"productsUpdated":%q}`, time.Unix(start, 0).UTC().Format("2006-01-02 15:04:05 -0700"))
				return
			}
			var ids []int
			for id := 1; id <= 150; id++ {
				ids = append(ids, id)
			}
			if calls++; calls > 1 {
				ids = append(ids[1:], 151)
			}
			offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
			var items []string
			for _, id := range ids[min(offset, 150):min(offset+100, 150)] {
				items = append(items, fmt.Sprintf(`{"id":%d,"createTimestamp":1,"updateTimestamp":%d}`, id, start))
			}
			fmt.Fprintf(w, `{"total":150,"count":%d,"items":[%s]}`, len(items), strings.Join(items, ","))
		})
		time.Sleep(time.Minute)
		if found, _ := h.news(); len(found) != 151 || !slices.Contains(found, "product.updated product/101") {
			t.Errorf("found %d of 151", len(found))
		}
	})
}

func TestAListWithAHoleDeletesNothing(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		h := build(t, ecwidtest.Options{})
		h.wants = only("customer_group.deleted", "customer_group.updated")
		first := h.store.Add("customer_groups", "customer_group", map[string]any{"name": "A"})
		second := h.store.Add("customer_groups", "customer_group", map[string]any{"name": "B"})
		h.poll()
		hole := true
		h.wire.store = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			inner := httptest.NewRecorder()
			h.store.ServeHTTP(inner, r)
			var page map[string]any
			if hole && json.Unmarshal(inner.Body.Bytes(), &page) == nil {
				page["items"] = slices.DeleteFunc(page["items"].([]any), func(v any) bool { return v.(map[string]any)["name"] == "B" })
				_ = json.NewEncoder(w).Encode(page)
				return
			}
			_, _ = w.Write(inner.Body.Bytes())
		})
		for range 2 {
			time.Sleep(time.Minute)
			if found, _ := h.news(); len(found) > 0 {
				t.Errorf("found %q", found)
			}
		}
		hole = false
		h.must(h.store.Delete("customer_groups", "customer_group", first))
		time.Sleep(time.Minute)
		if found, _ := h.news(); !slices.Equal(found, []string{"customer_group.deleted customer_group/" + first}) {
			t.Errorf("found %q; %s is there", found, second)
		}
	})
}

func TestInvoicesAreComparedWithThoseThatAnOrderHad(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		h := build(t, ecwidtest.Options{})
		h.wants = only("invoice.created", "invoice.deleted")
		order, err := h.store.PlaceOrder(ecwidtest.OrderOptions{})
		h.must(err)
		old, err := h.store.AddInvoice(order)
		h.must(err)
		time.Sleep(time.Hour)
		h.poll()
		fresh, err := h.store.AddInvoice(order)
		h.must(err)
		time.Sleep(time.Second)
		h.must(h.store.DeleteInvoice(order, old))
		time.Sleep(time.Minute)
		_, all := h.news()
		if len(all) != 2 || all[0].Event.Type != "invoice.created" || all[1].Event.Type != "invoice.deleted" {
			t.Fatalf("found %+v", all)
		}
		if !strings.Contains(string(all[0].Entity), fresh) || !strings.Contains(string(all[1].Event.Body), `"entityId":`+old) {
			t.Errorf("found %s and %s", all[0].Entity, all[1].Event.Body)
		}
		if r, err := h.attest(&all[1].Event); err != nil || !r.Gone {
			t.Errorf("reading the deleted one back: %+v, %v", r, err)
		}
	})
}

// TestTwoChangesInOneSecond is why what is younger than 5 s is left to the next round: the platform's stamps cannot tell them apart.
func TestTwoChangesInOneSecond(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		h := build(t, ecwidtest.Options{})
		h.wants = only("product.updated")
		product := h.store.Keys("products")[0]
		time.Sleep(time.Hour)
		h.poll()
		time.Sleep(time.Hour)
		h.must(h.store.SetQuantity(product, 30))
		h.poll()
		time.Sleep(300 * time.Millisecond)
		h.must(h.store.SetQuantity(product, 3))
		time.Sleep(time.Minute)
		if h.poll(); h.fired["low stock product/"+product] != 1 {
			t.Errorf("fired %v", h.fired)
		}
	})
}
