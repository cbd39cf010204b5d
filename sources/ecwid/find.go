package ecwid

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"shopbell/sources"
)

// general is the group of all customers that are in no other. It has the id 0, and is not told of by the API like others.
const general = `{"id":0,"name":"General"}`

// Find implements [sources.Finder]: an order by its number, a customer by id or e-mail address, a group of customers by id or name, a
// discount coupon by its code. Customers are found in Ecwid's search index, which learns of new ones seconds later.
func (s *source) Find(ctx context.Context, store, noun, name string) (json.RawMessage, error) {
	shop, ok := s.shop(store)
	if !ok {
		return nil, sources.Unconfirmed("store %s is not configured for this source", store)
	}
	at, _ := endpointFor(noun)
	var found json.RawMessage
	var err error
	switch {
	case noun == "order" && at.accepts(name), noun == "customer" && isNumber(name):
		found, err = shop.one(ctx, at, name)
	case noun == "customer" && strings.Contains(name, "@"):
		found, err = shop.among(ctx, "customers", url.Values{"email": {name}}, at.scope, "email", name)
	case noun == "customer_group" && (name == "0" || strings.EqualFold(name, "General")):
		return json.RawMessage(general), nil
	case noun == "customer_group" && name != "":
		found, err = shop.group(ctx, at, name)
	case noun == "discount_coupon" && isCode(name):
		found, err = shop.coupon(ctx, name)
	default:
		return nil, sources.Unconfirmed("%q cannot be the name of a %s", name, strings.ReplaceAll(noun, "_", " "))
	}
	if errors.Is(err, errNotFound) {
		return nil, sources.Unconfirmed("store %s has no %s %s", store, strings.ReplaceAll(noun, "_", " "), name)
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s could not be read: %w", strings.ReplaceAll(noun, "_", " "), name, err)
	}
	return found, nil
}

// one gives an entity by its id.
func (s *shop) one(ctx context.Context, at endpoint, id string) (json.RawMessage, error) {
	path, query := at.call(id)
	answer, err := s.get(ctx, path, query, at.scope)
	if err != nil {
		return nil, rejected(err)
	}
	candidates, err := at.candidates(answer)
	if err != nil {
		return nil, err
	}
	if len(candidates) == 0 {
		return nil, errNotFound
	}
	return candidates[0], nil
}

// rejected takes a question that the API calls wrong for one about what is not there.
func rejected(err error) error {
	if wrong, ok := errors.AsType[*rejection](err); ok {
		return fmt.Errorf("%w (%w)", errNotFound, wrong)
	}
	return err
}

// group gives a group of customers by its id or its name. A name may be a number, too.
func (s *shop) group(ctx context.Context, at endpoint, name string) (json.RawMessage, error) {
	if isNumber(name) {
		if found, err := s.one(ctx, at, name); !errors.Is(err, errNotFound) {
			return found, err
		}
	}
	return s.among(ctx, "customer_groups", url.Values{}, at.scope, "name", name)
}

// coupon gives a discount coupon by its code. The documentation has a path for it; what is not found there is searched for.
func (s *shop) coupon(ctx context.Context, code string) (json.RawMessage, error) {
	at, _ := endpointFor("discount_coupon")
	found, err := s.one(ctx, at, code)
	if err == nil && has(found, "code", code) {
		return found, nil
	}
	if err != nil && !errors.Is(err, errNotFound) {
		return nil, err
	}
	return s.among(ctx, "discount_coupons", url.Values{"code": {code}}, at.scope, "code", code)
}

// isCode tells whether a coupon can have a code, and whether it can stand in a path.
func isCode(code string) bool {
	return code != "" && len(code) <= 64 && strings.Trim(code, ".") != "" && !strings.ContainsFunc(code, func(r rune) bool {
		return r <= ' ' || r == '/' || r == '\\' || r == '?' || r == '#' || r == '%' || r == 0x7f
	})
}

// has tells whether a field of an entity is some text, in whatever case.
func has(entity json.RawMessage, field, text string) bool {
	var fields map[string]json.RawMessage
	var value string
	return json.Unmarshal(entity, &fields) == nil && json.Unmarshal(fields[field], &value) == nil && strings.EqualFold(strings.TrimSpace(value), strings.TrimSpace(text))
}

// mostPages bounds a search, in pages of 100.
const mostPages = 20

// among searches page by page for the entity whose field is some text.
func (s *shop) among(ctx context.Context, path string, query url.Values, scope, field, text string) (json.RawMessage, error) {
	query.Set("limit", "100")
	for offset, page := 0, 0; page < mostPages; page++ {
		query.Set("offset", strconv.Itoa(offset))
		answer, err := s.get(ctx, path, query, scope)
		if err != nil {
			return nil, rejected(err)
		}
		var list struct {
			Total int               `json:"total"`
			Items []json.RawMessage `json:"items"`
		}
		if json.Unmarshal(answer, &list) != nil || list.Items == nil {
			return nil, errors.New("the answer of the store's API has no list of items")
		}
		for _, item := range list.Items {
			if has(item, field, text) {
				return item, nil
			}
		}
		if offset += len(list.Items); len(list.Items) == 0 || offset >= list.Total {
			return nil, errNotFound
		}
	}
	return nil, errNotFound
}

var _ sources.Finder = (*source)(nil)
