package ecwid_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/actions/actionstest"
	"shopbell/actions/ecwid"
	"shopbell/virtualtime"
)

// A store notes what is asked of it.
type store struct {
	asked  []string
	known  map[string]string // entities by noun/name
	made   string
	refuse error
}

func (s *store) env() actions.Env {
	return actions.Env{Log: slog.New(slog.DiscardHandler),
		Change: func(_ context.Context, source, store, subject string, set map[string]json.RawMessage) error {
			s.note("change", source, store, subject, set)
			return s.refuse
		},
		Create: func(_ context.Context, source, store, noun, key string, set map[string]json.RawMessage) (json.RawMessage, error) {
			s.note("create "+key, source, store, noun, set)
			return json.RawMessage(s.made), s.refuse
		},
		Find: func(_ context.Context, source, store, noun, name string) (json.RawMessage, error) {
			if found, ok := s.known[noun+"/"+name]; ok {
				return json.RawMessage(found), nil
			}
			return nil, actions.Permanent(actions.BlameRequest, fmt.Errorf("store %s has no %s %s", store, noun, name))
		}}
}

func (s *store) note(what, source, store, subject string, set map[string]json.RawMessage) {
	text, _ := json.Marshal(set)
	s.asked = append(s.asked, strings.Join([]string{what, source, store, subject, string(text)}, " "))
}

func (s *store) send(t *testing.T, account, params string, try int) (actions.Result, error) {
	t.Helper()
	out, err := ecwid.Action.Open(s.env(), json.RawMessage(account))
	if err != nil {
		t.Fatal(err)
	}
	return out.Send(t.Context(), actions.Call[json.RawMessage]{Key: "key-1", Try: try, Source: "shop", Store: "1003", Params: json.RawMessage(params)})
}

func TestExam(t *testing.T) {
	why := "it asks nobody itself: a source does, whose own tests play the platform"
	kind := *ecwid.Action
	kind.Open = func(_ actions.Env, config json.RawMessage) (actions.Outlet, error) {
		return ecwid.Action.Open((&store{}).env(), config)
	}
	actionstest.Run(t, &kind, actionstest.Bench{
		Account: func(string) string { return `{}` },
		Params:  func(string) string { return `{"store":"1003","order":"K8XTQ","note":"x"}` },
		Exempt: map[string]string{"statuses": why, "same key": "the same values change nothing", "refused": why, "context": why, "bounds": why,
			"secrets": "its account has none"},
	})
}

func TestSend(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) { // its time begins in the year 2000
		known := map[string]string{
			"order/A":            `{"id":"A","orderExtraFields":[{"id":"gift","value":"yes","title":"Gift","orderBy":"1"},{"id":"x","value":"1"}],"additionalInfo":{"a":"1"}}`,
			"order/B":            `{"id":"B"}`,
			"customer/a@b.c":     `{"id":77}`,
			"customer/88":        `{"id":88}`,
			"customer_group/VIP": `{"id":9,"name":"VIP"}`,
			"customer_group/0":   `{"id":0,"name":"General"}`,
		}
		for name, test := range map[string]struct {
			account, params, want string
			result                actions.Result
		}{
			"an order": {`{}`, `{"order":"A","payment_status":"PAID","fulfillment_status":"SHIPPED","note":"a \"b\"","tracking":"T1"}`,
				`change shop 1003 order/A {"fulfillmentStatus":"SHIPPED","paymentStatus":"PAID","privateAdminNotes":"a \"b\"","trackingNumber":"T1"}`, nil},
			"another source": {`{"source":"second"}`, `{"store":"7","order":"A","tracking":"T"}`, `change second 7 order/A {"trackingNumber":"T"}`, nil},
			"another store":  {`{}`, `{"store":"7","order":"A","tracking":"T"}`, `change ecwid 7 order/A {"trackingNumber":"T"}`, nil},
			"extra fields": {`{}`, `{"order":"A","extra_fields":{"gift":"no","box":5},"info":{"b":true}}`,
				`change shop 1003 order/A {"additionalInfo":{"a":"1","b":"true"},"orderExtraFields":[{"id":"gift","orderBy":"1","title":"Gift","value":"no"},{"id":"x","value":"1"},` +
					`{"customerInputType":"TEXT","id":"box","orderBy":"0","orderDetailsDisplaySection":"order_comments","title":"box","value":"5"}]}`, nil},
			"the first info": {`{}`, `{"order":"B","info":{"b":"1"}}`, `change shop 1003 order/B {"additionalInfo":{"b":"1"}}`, nil},
			"a coupon": {`{}`, `{"coupon":{"type":"PERCENT","value":12.5,"expires":"30d"}}`,
				`create key-1 shop 1003 discount_coupon {"applicationLimit":"UNLIMITED","discount":12.5,"discountType":"PERCENT","expirationDate":"2000-01-31 00:00:00 +0000","status":"ACTIVE","usesLimit":"SINGLE"}`,
				actions.Result{"code": "AB12", "coupon": "5"}},
			"a coupon with all": {`{}`, `{"coupon":{"code":"TEN","name":"Ten","type":"ABS","value":10,"min_total":50,"uses":"ONCEPERCUSTOMER","for":"NEW_CUSTOMER_ONLY","starts":"2026-12-01","expires":"2026-12-31","products":[1,2],"categories":[3]}}`,
				`create key-1 shop 1003 discount_coupon {"applicationLimit":"NEW_CUSTOMER_ONLY","catalogLimit":{"categories":[3],"products":[1,2]},"code":"TEN","discount":10,"discountType":"ABS",` +
					`"expirationDate":"2026-12-31 23:59:59 +0000","launchDate":"2026-12-01 00:00:00 +0000","name":"Ten","status":"ACTIVE","totalLimit":50,"usesLimit":"ONCEPERCUSTOMER"}`,
				actions.Result{"code": "AB12", "coupon": "5"}},
			"free shipping": {`{}`, `{"coupon":{"type":"SHIPPING","starts":"2026-12-01T08:00:00+01:00"}}`,
				`create key-1 shop 1003 discount_coupon {"applicationLimit":"UNLIMITED","discountType":"SHIPPING","launchDate":"2026-12-01 07:00:00 +0000","status":"ACTIVE","usesLimit":"SINGLE"}`,
				actions.Result{"code": "AB12", "coupon": "5"}},
			"a group by name":   {`{}`, `{"customer":"a@b.c","group":"VIP"}`, `change shop 1003 customer/77 {"customerGroupId":9}`, actions.Result{"customer": "77", "group": "VIP"}},
			"a group by number": {`{}`, `{"customer":88,"group":0}`, `change shop 1003 customer/88 {"customerGroupId":0}`, actions.Result{"customer": "88", "group": "General"}},
		} {
			s := &store{known: known, made: `{"id":5,"code":"AB12"}`}
			result, err := s.send(t, test.account, test.params, 1)
			if got := strings.Join(s.asked, "\n"); err != nil || got != test.want || !reflect.DeepEqual(result, test.result) {
				t.Errorf("%s: got %s, %v, %v; want %s, %v", name, got, result, err, test.want, test.result)
			}
		}
	})
}

// TestANewCustomerIsSoughtForAWhile holds that search is given time to learn of them, and not for ever.
func TestANewCustomerIsSoughtForAWhile(t *testing.T) {
	s := &store{known: map[string]string{"customer_group/VIP": `{"id":9,"name":"VIP"}`}}
	for try := 1; try <= 4; try++ {
		_, err := s.send(t, `{}`, `{"customer":"new@b.c","group":"VIP"}`, try)
		want := actions.Answer{Outcome: actions.OutcomeRetry, Wait: 20 * time.Second}
		if try == 4 {
			want = actions.Answer{Outcome: actions.OutcomePermanent, Blame: actions.BlameRequest}
		}
		if got := actions.OutcomeOf(err); got != want {
			t.Errorf("try %d: got %+v (%v)", try, got, err)
		}
	}
	for _, params := range []string{`{"customer":"99","group":"VIP"}`, `{"customer":"new@b.c","group":"none"}`} {
		if _, err := s.send(t, `{}`, params, 1); actions.OutcomeOf(err).Outcome != actions.OutcomePermanent {
			t.Errorf("%s: got %v", params, err)
		}
	}
}

func TestErrorsOfTheStoreAreHandedOn(t *testing.T) {
	s := &store{refuse: actions.Permanent(actions.BlameAccount, errors.New("the token of store 1003 lacks the access scope update_orders")), made: `{}`,
		known: map[string]string{"customer_group/VIP": `{"id":9}`, "customer/1": `{"id":1}`}}
	for _, params := range []string{`{"order":"A","note":"x"}`, `{"coupon":{"type":"SHIPPING"}}`, `{"customer":"1","group":"VIP"}`} {
		if _, err := s.send(t, `{}`, params, 1); actions.OutcomeOf(err) != (actions.Answer{Outcome: actions.OutcomePermanent, Blame: actions.BlameAccount}) {
			t.Errorf("%s: got %v", params, err)
		}
	}
	for _, params := range []string{`{"order":"A/invoices","note":"T"}`, `{"order":"..","note":"T"}`} {
		if _, err := s.send(t, `{}`, params, 1); actions.OutcomeOf(err) != (actions.Answer{Outcome: actions.OutcomePermanent, Blame: actions.BlameRequest}) {
			t.Errorf("%s: got %v", params, err)
		}
	}
}

func TestCheck(t *testing.T) {
	for params, want := range map[string]string{
		`{}`:            "nothing is to be done: give order with what is to be set, or coupon, or customer with group",
		`{"order":"A"}`: "nothing is set: give payment_status, fulfillment_status, note, tracking, extra_fields or info",
		`{"note":"x"}`:  "order is missing: what is set is set in an order",
		`{"order":"A","note":"x","coupon":{"type":"ABS"}}`: "a step does one thing: to change an order, make a coupon and put a customer into a group, write a step for each",
		`{"customer":"1"}`:                               "customer and group belong together",
		`{"customer":"1","group":"VIP"}`:                 "",
		`{"coupon":{"type":"SHIPPING","value":5}}`:       "coupon.value is given, but SHIPPING takes off the shipping alone; with a discount, it is PERCENT_AND_SHIPPING or ABS_AND_SHIPPING",
		`{"coupon":{"type":"PERCENT","value":120}}`:      "coupon.value is 120 per cent; it is at most 100",
		`{"coupon":{"type":"ABS","value":120}}`:          "",
		`{"coupon":{"type":"ABS","code":"a b"}}`:         `coupon.code "a b" has a character other than letters, digits, - and _`,
		`{"coupon":{"type":"ABS","code":"{{ x }}"}}`:     "",
		`{"coupon":{"type":"ABS","expires":"tomorrow"}}`: `coupon.expires: "tomorrow" is not a date such as 2026-12-01, a moment such as 2026-12-01T08:00:00Z or a time from now such as 30d`,
	} {
		got := ""
		if err := ecwid.Action.Check(json.RawMessage(params)); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: got %q", params, got)
		}
	}
	if _, err := ecwid.Action.Open(actions.Env{Log: slog.New(slog.DiscardHandler)}, nil); err == nil {
		t.Error("it opens where no store can be changed")
	}
}
