package cloudcarttest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shopbell/sources/cloudcart/cloudcarttest"
	"shopbell/virtualtime"
)

// ask makes a call of the API and gives its status, its headers and its body.
func ask(t testing.TB, s *cloudcarttest.Store, method, path, body string) (int, http.Header, map[string]any) {
	t.Helper()
	r := httptest.NewRequest(method, "/api/v2/"+path, strings.NewReader(body))
	r.Header.Set("X-CloudCart-ApiKey", "TESTKEY")
	r.Header.Set("Accept", "application/vnd.api+json")
	r.Header.Set("Content-Type", "application/vnd.api+json")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var answer map[string]any
	if text := w.Body.String(); text != "" {
		if err := json.Unmarshal([]byte(text), &answer); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	return w.Code, w.Header(), answer
}

// TestTheAPIAnswersAsDocumented holds statuses by the documents.
func TestTheAPIAnswersAsDocumented(t *testing.T) {
	s := cloudcarttest.New(cloudcarttest.Options{})
	order, product := s.PlaceOrder(), s.AddProduct("bowl", 1999, 3)
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{"GET", "orders/" + order, 200}, {"GET", "orders/" + order + "?include=products,payment,discounts,totals,taxes,shipping.provider,shipping-address,billing-address", 200},
		{"GET", "orders/" + order + "?include=customer", 400}, {"GET", "orders/999", 404}, {"GET", "carts", 404}, {"POST", "orders", 405}, {"DELETE", "orders/" + order, 405},
		{"GET", "orders?sort=-updated_at&page[size]=100", 200}, {"GET", "orders?page[size]=101", 422}, {"GET", "orders?sort=total", 422}, {"GET", "subscribers?sort=-updated_at", 422},
		{"GET", "products?sort=-date_modified", 200}, {"GET", "products/" + product + "?include=variants,category,images", 200}, {"GET", "webhooks/1", 404}, {"PUT", "webhooks", 405}, {"PUT", "webhooks/1", 404},
	} {
		if got, _, answer := ask(t, s, c.method, c.path, "{}"); got != c.want {
			t.Errorf("%s %s: %d, want %d: %v", c.method, c.path, got, c.want, answer)
		}
	}
	if n := len(s.Asked()); n != 16 {
		t.Errorf("%d calls were noted", n)
	}
}

// TestTheEdge holds what is decided before the API: the key, the rate, the primary domain.
func TestTheEdge(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		s := cloudcarttest.New(cloudcarttest.Options{Rate: 3})
		for n, want := range []int{200, 200, 429} {
			if got, h, _ := ask(t, s, "GET", "orders", ""); got != want || h.Get("X-RateLimit-Limit") != "3" || (got == 429) != (h.Get("Retry-After") == "60") {
				t.Errorf("call %d: %d, %v", n, got, h)
			}
		}
		time.Sleep(time.Minute)
		if got, _, _ := ask(t, s, "GET", "orders", ""); got != 200 {
			t.Errorf("a minute later: %d", got)
		}
		s.SetKey("ANOTHER")
		if got, _, _ := ask(t, s, "GET", "orders", ""); got != 401 {
			t.Errorf("another key: %d", got)
		}
		for name, o := range map[string]cloudcarttest.Options{"no API": {Rate: -1}, "another domain": {Host: "www.shop1.bg"}} {
			if got, h, _ := ask(t, cloudcarttest.New(o), "GET", "orders", ""); got != 429 || h.Get("X-RateLimit-Limit") != "0" {
				t.Errorf("%s: %d, %v", name, got, h)
			}
		}
	})
}

// TestWebhooksOverREST holds the registration: what is needed, what is refused, that headers are replaced by every save.
func TestWebhooksOverREST(t *testing.T) {
	s := cloudcarttest.New(cloudcarttest.Options{})
	post := func(attributes string) int {
		status, _, _ := ask(t, s, "POST", "webhooks", `{"data":{"type":"webhooks","attributes":`+attributes+`}}`)
		return status
	}
	for attributes, want := range map[string]int{`{"event":"order.created"}`: 422, `{"url":"https://a.example.com"}`: 422, `{"url":"ftp:x","event":"order.created"}`: 422,
		`{"url":"https://a.example.com","event":"order.deleted"}`: 422, `{"url":"https://a.example.com","event":"blog.created"}`: 422, `5`: 400} {
		if got := post(attributes); got != want {
			t.Errorf("%s: %d, want %d", attributes, got, want)
		}
	}
	for _, event := range cloudcarttest.Events() {
		if got := post(`{"url":"https://a.example.com/` + event + `","event":"` + event + `","active":"yes","new_version":1,"request_headers":{"X-A":"b"}}`); got != 201 {
			t.Errorf("%s: %d", event, got)
		}
	}
	hooks := s.Hooks()
	if len(hooks) != 20 || hooks[0].Headers["X-A"] != "b" {
		t.Fatalf("webhooks are %+v", hooks)
	}
	at := "webhooks/" + hooks[0].ID
	if got, _, _ := ask(t, s, "PATCH", at, `{"data":{"attributes":{"api_key_id":2}}}`); got != 422 {
		t.Errorf("another key: %d", got)
	}
	if got, _, _ := ask(t, s, "PATCH", at, `{"data":{"attributes":{"active":"no"}}}`); got != 200 || s.Hooks()[0].Active || len(s.Hooks()[0].Headers) != 0 {
		t.Errorf("off: %d, %+v", got, s.Hooks()[0])
	}
	for filter, want := range map[string]int{"filter[active]=0": 1, "filter[active]=1": 19, "filter[event]=order.created": 1, "": 20} {
		if _, _, answer := ask(t, s, "GET", "webhooks?page[size]=100&"+filter, ""); len(answer["data"].([]any)) != want {
			t.Errorf("%s: %v", filter, answer)
		}
	}
	if got, _, answer := ask(t, s, "DELETE", at, ""); got != 204 || answer != nil || len(s.Hooks()) != 19 {
		t.Errorf("deleted: %d, %v", got, answer)
	}
	if got, _, _ := ask(t, s, "DELETE", at, ""); got != 404 {
		t.Errorf("deleted again: %d", got)
	}
}

// TestTheScheduleOfTries holds it: one try and five more, 120 to 360 seconds apart, then the webhook is off and the merchant is told.
func TestTheScheduleOfTries(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"503":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) },
		"429":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(429) },
		"408":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(408) },
		"413":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(413) },
		"202":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(202) },
		"too slow": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			virtualtime.Test(t, func(t *testing.T) {
				s := cloudcarttest.New(cloudcarttest.Options{Deliver: cloudcarttest.Handler(handler)})
				s.AddHook("order.created", "https://bell.example.com/")
				begin := time.Now()
				s.PlaceOrder()
				s.Settle(t.Context())
				log := s.Log()
				if len(log) != 6 || s.Hooks()[0].Active || len(s.Alerts()) != 1 || s.Hooks()[0].Attempts != 6 {
					t.Fatalf("%+v, %+v, %q", log, s.Hooks(), s.Alerts())
				}
				slow := time.Duration(0)
				if name == "too slow" {
					slow = 5 * time.Second
				}
				at := begin
				for i, gap := range []time.Duration{0, 120, 180, 240, 300, 360} {
					if i > 0 {
						at = at.Add(slow + gap*time.Second)
					}
					if !log[i].At.Equal(at) || log[i].Try != i+1 {
						t.Errorf("try %d was at %s, want %s", i+1, log[i].At.Sub(begin), at.Sub(begin))
					}
				}
				s.PlaceOrder()
				s.Settle(t.Context())
				if len(s.Log()) != 6 {
					t.Error("a webhook that is off was sent")
				}
			})
		})
	}
}

// TestStatusesThatSwitchOff holds that these eight end a webhook at the first try, also in the midst of the schedule, and that no other does.
func TestStatusesThatSwitchOff(t *testing.T) {
	for status := 200; status < 600; status++ {
		want := strings.Contains(" 400 401 403 404 405 406 410 411 ", fmt.Sprintf(" %d ", status))
		if got := cloudcarttest.Deactivates(status); got != want {
			t.Errorf("%d: %v", status, got)
		}
	}
	virtualtime.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		answers := []int{503, 404}
		s := cloudcarttest.New(cloudcarttest.Options{Deliver: cloudcarttest.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			w.WriteHeader(answers[0])
			answers = answers[1:]
		}))})
		s.AddHook("vendor.created", "https://bell.example.com/")
		s.Add("vendors", nil)
		s.Settle(t.Context())
		if len(s.Log()) != 2 || s.Hooks()[0].Active {
			t.Errorf("%+v, %+v", s.Log(), s.Hooks())
		}
	})
}

// TestThePhraseThatUnsubscribes holds that it deletes a webhook from within an error answer, and from within no other.
func TestThePhraseThatUnsubscribes(t *testing.T) {
	for status, left := range map[int]int{200: 1, 503: 0, 404: 0} {
		virtualtime.Test(t, func(t *testing.T) {
			s := cloudcarttest.New(cloudcarttest.Options{Deliver: cloudcarttest.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(status)
				_, _ = io.WriteString(w, "so please unsubscribe me now")
			}))})
			s.AddHook("vendor.created", "https://bell.example.com/")
			s.Add("vendors", nil)
			s.Settle(t.Context())
			if len(s.Hooks()) != left || len(s.Log()) != 1 {
				t.Errorf("%d: %+v, %+v", status, s.Hooks(), s.Log())
			}
		})
	}
}

// TestWhatIsSent holds the form of a notification, and that an order event with two receivers comes a minute late.
func TestWhatIsSent(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var bodies []string
		s := cloudcarttest.New(cloudcarttest.Options{Deliver: cloudcarttest.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			body, _ := io.ReadAll(r.Body)
			bodies = append(bodies, string(body))
			if r.Header.Get("X-CloudCart-ApiKey") != "TESTKEY" || r.Header.Get("Content-Type") != "application/json" || r.Method != "POST" {
				t.Errorf("%s with %v", r.Method, r.Header)
			}
		}))})
		s.AddHook("order.created", "https://bell.example.com/")
		begin := time.Now()
		id := s.PlaceOrder()
		s.Settle(t.Context())
		var sent []map[string]any
		if err := json.Unmarshal([]byte(bodies[0]), &sent); err != nil || len(sent) != 1 || sent[0]["order_total"] != 64.98 || fmt.Sprint(sent[0]["id"]) != id || strings.Contains(bodies[0], "null") {
			t.Errorf("sent %s, %v", bodies[0], err)
		}
		s.AddHook("order.created", "https://erp.example.com/")
		if s.Log()[0].At != begin {
			t.Errorf("sent after %s", s.Log()[0].At.Sub(begin))
		}
		begin = time.Now()
		s.PlaceOrder()
		s.Settle(t.Context())
		if log := s.Log(); len(log) != 3 || log[1].At.Sub(begin) != time.Minute || log[2].At.Sub(begin) != time.Minute {
			t.Errorf("with two receivers: %+v", log)
		}
		s.Import("products", s.AddProduct("a", 1, 1), map[string]any{"name": "b"})
		if s.Delete("orders", id); len(s.Log()) != 3 || s.Delete("orders", id) || s.Change("orders", "999", nil) {
			t.Error("what has no webhook was sent, or what is not there was changed")
		}
	})
}

// TestRunningForEver holds that the sender takes up what happens while it waits, and ends with its context.
func TestRunningForEver(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		s := cloudcarttest.New(cloudcarttest.Options{Deliver: cloudcarttest.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))})
		s.AddHook("vendor.created", "https://bell.example.com/")
		done := make(chan struct{})
		go func() { s.Run(t.Context()); close(done) }()
		synctest.Wait()
		s.Add("vendors", nil)
		synctest.Wait()
		if len(s.Log()) != 1 {
			t.Errorf("sent %+v", s.Log())
		}
		t.Cleanup(func() { <-done })
	})
}
