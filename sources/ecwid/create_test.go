package ecwid_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"shopbell/sources"
	"shopbell/sources/ecwid"
	"shopbell/sources/ecwid/ecwidtest"
)

// counting is a simulated store whose API counts, and may break.
type counting struct {
	*ecwidtest.Store
	source sources.Source
	mu     sync.Mutex
	calls  []string
	lose   string // the answer to a call that begins so is lost
	hide   bool   // coupons are not found by their code in the path
}

// breaks says how the API breaks from now on.
func (c *counting) breaks(lose string, hide bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lose, c.hide = lose, hide
}

// count notes a call, and tells what becomes of it.
func (c *counting) count(call string) (lost, hidden bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, call)
	return c.lose != "" && strings.HasPrefix(call, c.lose), c.hide && strings.HasPrefix(call, "GET discount_coupons/")
}

func (c *counting) asked() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.calls)
}

func counted(t *testing.T) *counting {
	t.Helper()
	c := &counting{Store: ecwidtest.New(ecwidtest.Options{Rate: -1})}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		call := r.Method + " " + strings.TrimPrefix(r.URL.RequestURI(), "/api/v3/1003/")
		lost, hidden := c.count(call)
		if hidden {
			http.NotFound(w, r)
			return
		}
		if lost {
			c.Store.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		c.Store.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	var err error
	c.source, err = ecwid.Kind().Open("ecwid", json.RawMessage(fmt.Sprintf(`{"client_secret":%q,"api":%q,"stores":{"1003":{"token":"secret_test"}}}`, clientSecret, server.URL+"/api/v3")))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *counting) create(t *testing.T, set string) (code string, err error) {
	t.Helper()
	d := sources.Draft{Store: "1003", Noun: "discount_coupon"}
	if err := json.Unmarshal([]byte(set), &d.Set); err != nil {
		t.Fatal(err)
	}
	made, err := c.source.(sources.Creator).Create(t.Context(), d)
	var coupon struct {
		ID   int64
		Code string
	}
	if err == nil && (json.Unmarshal(made, &coupon) != nil || coupon.ID == 0) {
		t.Errorf("made %s", made)
	}
	return coupon.Code, err
}

func (c *counting) coupons() int { return len(c.Keys("discount_coupons")) }

const tenPercent = `{"code":"TEN","discountType":"PERCENT","discount":10,"usesLimit":"SINGLE"}`

// TestACouponIsMadeOnce has one made, made again, and made when the answer was lost and the search knows nothing yet.
func TestACouponIsMadeOnce(t *testing.T) {
	c := counted(t)
	before := c.coupons()
	for _, hide := range []bool{false, false, true} {
		c.breaks("", hide)
		if code, err := c.create(t, tenPercent); err != nil || code != "TEN" {
			t.Errorf("got %q, %v", code, err)
		}
	}
	if got := c.coupons() - before; got != 1 {
		t.Errorf("%d coupons are there", got)
	}
	want := []string{"GET discount_coupons/TEN", "GET discount_coupons?code=TEN&limit=100&offset=0", "POST discount_coupons", "GET discount_coupons/TEN",
		"GET discount_coupons/TEN", "GET discount_coupons?code=TEN&limit=100&offset=0"}
	if asked := c.asked(); !slices.Equal(asked, want) {
		t.Errorf("asked %q", asked)
	}
	made, _ := c.Get("discount_coupons", c.Keys("discount_coupons")[before])
	if made["name"] != "TEN" || made["usesLimit"] != "SINGLE" || made["discountType"] != "PERCENT" {
		t.Errorf("made %v", made)
	}
	c.breaks("POST", true)
	if _, err := c.create(t, `{"code":"LOST","discountType":"ABS","discount":5}`); err == nil || sources.IsDenied(err) || sources.IsUnconfirmed(err) {
		t.Errorf("a lost answer: %v", err)
	}
	c.breaks("", true)
	if code, err := c.create(t, `{"code":"LOST","discountType":"ABS","discount":5.0}`); err != nil || code != "LOST" || c.coupons()-before != 2 {
		t.Errorf("again: %q, %v, %d coupons", code, err, c.coupons()-before)
	}
}

func TestACouponOfAnotherKindIsNotTaken(t *testing.T) {
	c := counted(t)
	if _, err := c.create(t, tenPercent); err != nil {
		t.Fatal(err)
	}
	for set, want := range map[string]string{
		`{"code":"TEN","discountType":"PERCENT","discount":20}`: "store 1003 has another coupon TEN already: its discount is 10",
		`{"code":"TEN","discountType":"ABS","discount":10}`:     "store 1003 has another coupon TEN already: its discountType is PERCENT",
		`{"code":"a/b","discountType":"ABS"}`:                   `"a/b" cannot be the code of a coupon`,
		`{"discountType":"ABS"}`:                                `"" cannot be the code of a coupon`,
		`{"code":"NEW","discountType":"NONE"}`:                  "Ecwid does not take the coupon NEW: the store's API answered 400 WRONG_PARAMETER",
	} {
		if _, err := c.create(t, set); !sources.IsUnconfirmed(err) || err.Error() != want {
			t.Errorf("%s: got %v", set, err)
		}
	}
}

// TestTheMissingScopeIsNamed holds what an operator is told.
func TestTheMissingScopeIsNamed(t *testing.T) {
	c := counted(t)
	for scopes, want := range map[string]string{"read_orders": "read_discount_coupons", "read_discount_coupons": "create_discount_coupons"} {
		c.SetScopes(scopes)
		if _, err := c.create(t, tenPercent); !sources.IsDenied(err) || !strings.Contains(err.Error(), "lacks the access scope "+want) {
			t.Errorf("with %s: %v", scopes, err)
		}
	}
	c.SetScopes("read_customers")
	err := c.source.(sources.Changer).Change(t.Context(), sources.Edit{Store: "1003", Subject: "customer/" + c.Keys("customers")[0],
		Set: map[string]json.RawMessage{"customerGroupId": json.RawMessage("0")}})
	if !sources.IsDenied(err) || !strings.Contains(err.Error(), "lacks the access scope update_customers") {
		t.Errorf("a group: %v", err)
	}
}

func TestFind(t *testing.T) {
	c := counted(t)
	order, err := c.PlaceOrder(ecwidtest.OrderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 130 {
		c.Add("customer_groups", "customer_group", map[string]any{"name": fmt.Sprint("Group ", i)})
	}
	jane := c.AddCustomer(ecwidtest.Person{Name: "J", Email: "J+x@Example.com", Language: "en"})
	find := func(noun, name string) string {
		found, err := c.source.(sources.Finder).Find(t.Context(), "1003", noun, name)
		if err != nil {
			if !sources.IsUnconfirmed(err) {
				t.Errorf("%s %q: %v", noun, name, err)
			}
			return "none"
		}
		var e map[string]any
		if err := json.Unmarshal(found, &e); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"email", "name", "id"} {
			if text, ok := e[key].(string); ok {
				return text
			}
		}
		return string(found)
	}
	for _, test := range []struct{ noun, name, want string }{
		{"order", order, ""}, {"order", "NOPE", "none"}, {"order", "..", "none"}, {"order", "", "none"},
		{"customer", jane, "J+x@Example.com"}, {"customer", "j+x@example.com", "J+x@Example.com"}, {"customer", "nobody@example.com", "none"}, {"customer", "nobody", "none"},
		{"customer", "999", "none"}, {"customer", "@", "none"},
		{"customer_group", "group 3", "Group 3"}, {"customer_group", "Group 129", "Group 129"}, {"customer_group", "Group 130", "none"},
		{"customer_group", "0", "General"}, {"customer_group", "general", "General"}, {"customer_group", "", "none"}, {"customer_group", "12345", "none"},
		{"discount_coupon", "NOPE", "none"}, {"discount_coupon", "a/b", "none"}, {"product", "1", "none"},
	} {
		if got := find(test.noun, test.name); got != test.want && (test.want != "" || got == "none") {
			t.Errorf("%s %q: got %s, want %s", test.noun, test.name, got, test.want)
		}
	}
	if _, err := c.source.(sources.Finder).Find(t.Context(), "9", "order", "A"); !sources.IsUnconfirmed(err) {
		t.Errorf("a store that is not ours: %v", err)
	}
}

func TestAGroupEchoes(t *testing.T) {
	echoes := counted(t).source.(sources.Echoer).Echoes
	for group, want := range map[string]int{"9": 1, "0": 0, "": 0} {
		got := echoes(sources.Edit{Subject: "customer/7", Set: map[string]json.RawMessage{"customerGroupId": json.RawMessage(group)}})
		if len(got) != want || want == 1 && got[0] != "customer_group/9" {
			t.Errorf("%q: got %q", group, got)
		}
	}
}
