package ecwid

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"shopbell/sources"
)

// Named implements [sources.Creator]: discount coupons can be made, and are known by their code.
func (s *source) Named(noun string) string {
	if noun == "discount_coupon" {
		return "code"
	}
	return ""
}

// Create implements [sources.Creator]. It looks whether there is a coupon of that code first, for Ecwid knows no key that would tell a
// repeated call; so it makes two calls, and needs the access to read coupons, too.
func (s *source) Create(ctx context.Context, draft sources.Draft) (json.RawMessage, error) {
	shop, ok := s.shop(draft.Store)
	switch {
	case !ok:
		return nil, sources.Unconfirmed("store %s is not configured for this source", draft.Store)
	case draft.Noun != "discount_coupon":
		return nil, sources.Unconfirmed("%q cannot be made: only discount coupons can", draft.Noun)
	}
	var code string
	if json.Unmarshal(draft.Set["code"], &code) != nil || !isCode(code) {
		return nil, sources.Unconfirmed("%q cannot be the code of a coupon", code)
	}
	if there, err := shop.coupon(ctx, code); err == nil {
		return asDrafted(there, draft, code)
	} else if !errors.Is(err, errNotFound) {
		return nil, fmt.Errorf("whether there is a coupon %s could not be learned: %w", code, err)
	}
	answer, err := shop.make(ctx, draft, code)
	if wrong, ok := errors.AsType[*rejection](err); ok {
		if there, err := shop.coupon(ctx, code); err == nil { // somebody else was faster, or an earlier try of ours
			return asDrafted(there, draft, code)
		}
		if wrong.status != http.StatusConflict {
			return nil, sources.Unconfirmed("Ecwid does not take the coupon %s: %w", code, wrong)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the coupon %s could not be made: %w", code, err)
	}
	return answer, nil
}

// make makes a coupon that is not there. Ecwid answers with its id alone, and perhaps its code.
func (s *shop) make(ctx context.Context, draft sources.Draft, code string) (json.RawMessage, error) {
	set := maps.Clone(draft.Set)
	if _, named := set["name"]; !named {
		set["name"] = set["code"]
	}
	body, err := json.Marshal(set)
	if err != nil {
		return nil, sources.Unconfirmed("what the coupon %s is to be is not JSON", code)
	}
	answer, err := s.call(ctx, ask{method: http.MethodPost, path: "discount_coupons", body: body, scope: "create_discount_coupons"})
	s.answers.forget() // whatever became of the call
	if errors.Is(err, errNotFound) {
		return nil, errors.New("the store's API has no discount coupons")
	}
	if err != nil {
		return nil, err
	}
	var made map[string]json.RawMessage
	if json.Unmarshal(answer, &made) != nil || made == nil {
		return nil, errors.New("the answer of the store's API is not an object")
	}
	for key, value := range set {
		if _, told := made[key]; !told {
			made[key] = value
		}
	}
	return json.Marshal(made)
}

// asDrafted gives a coupon that is there when it gives the discount that was asked for, so that it is the one of an earlier try. Dates
// are not compared: they may be counted from the moment of the try.
func asDrafted(there json.RawMessage, draft sources.Draft, code string) (json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(there, &fields) != nil {
		return nil, errors.New("the answer of the store's API is not an object")
	}
	for _, key := range []string{"discountType", "discount"} {
		want, asked := draft.Set[key]
		if have, told := fields[key]; asked && (told && !same(want, have) || !told && !same(want, json.RawMessage("0"))) {
			return nil, sources.Unconfirmed("store %s has another coupon %s already: its %s is %s", draft.Store, code, key, strings.Trim(string(have), `"`))
		}
	}
	return there, nil
}

// same compares two JSON values; numbers by what they are worth.
func same(a, b json.RawMessage) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return bytes.Equal(a, b)
	}
	return x == y
}

// Echoes implements [sources.Echoer]: Ecwid tells of a group when a customer is put into it.
func (s *source) Echoes(edit sources.Edit) []string {
	group := string(edit.Set["customerGroupId"])
	if strings.HasPrefix(edit.Subject, "customer/") && isNumber(group) {
		return []string{"customer_group/" + group}
	}
	return nil
}

var (
	_ sources.Creator = (*source)(nil)
	_ sources.Echoer  = (*source)(nil)
)
