package ecwid

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"shopbell/sources"
)

// A writable says how the entities of a noun are changed.
type writable struct {
	path     string // below the store; the id follows
	scope    string
	volatile []string // fields that every change changes
}

func writableOf(noun string) (writable, bool) {
	switch noun {
	case "order":
		return writable{"orders/{id}", "update_orders", []string{"updateDate", "updateTimestamp"}}, true
	case "cart":
		return writable{"carts/{id}", "update_orders", []string{"updateDate", "updateTimestamp"}}, true
	case "product":
		return writable{"products/{id}", "update_catalog", []string{"updated", "updateTimestamp"}}, true
	case "customer":
		return writable{"customers/{id}", "update_customers", []string{"updated", "customerGroupName"}}, true
	}
	return writable{}, false
}

// Change implements [sources.Changer]. Orders, carts, products and customers can be changed; only the fields given are. It
// makes one call. What the store does not have, what cannot be changed, and what Ecwid rejects as wrong is Unconfirmed:
// asking again is pointless.
func (s *source) Change(ctx context.Context, edit sources.Edit) error {
	shop, ok := s.shop(edit.Store)
	if !ok {
		return sources.Unconfirmed("store %s is not configured for this source", edit.Store)
	}
	noun, id, _ := strings.Cut(edit.Subject, "/")
	to, ok := writableOf(noun)
	if !ok {
		return sources.Unconfirmed("%q cannot be changed: only orders, carts, products and customers can", noun)
	}
	at, _ := endpointFor(noun)
	switch {
	case !at.accepts(id):
		return sources.Unconfirmed("%q cannot be the id of a %s", id, noun)
	case len(edit.Set) == 0:
		return sources.Unconfirmed("nothing is to be changed in %s %s", noun, id)
	}
	body, err := json.Marshal(edit.Set)
	if err != nil {
		return sources.Unconfirmed("what is to be set in %s %s is not JSON", noun, id)
	}
	path, _ := endpoint{path: to.path}.call(id)
	_, err = shop.call(ctx, ask{method: http.MethodPut, path: path, body: body, scope: to.scope})
	shop.answers.forget() // whatever became of the call
	if wrong, ok := errors.AsType[*rejection](err); ok && wrong.status != http.StatusConflict {
		return sources.Unconfirmed("Ecwid does not take the change of %s %s: %w", noun, id, wrong)
	}
	if errors.Is(err, errNotFound) {
		return sources.Unconfirmed("the store's API does not know %s %s", noun, id)
	}
	if err != nil {
		return fmt.Errorf("%s %s could not be changed: %w", noun, id, err)
	}
	return nil
}

// Volatile implements [sources.Changer]. Fields that Ecwid makes of others are among them.
func (s *source) Volatile(noun string) []string {
	to, ok := writableOf(noun)
	if !ok {
		return nil
	}
	fields := slices.Clone(to.volatile)
	for _, known := range Catalog().Types {
		if known.Noun == noun && known.Entity != nil {
			return append(fields, slices.DeleteFunc(known.Entity.Names(), func(name string) bool { return !derived(name) })...)
		}
	}
	return fields
}

// derived tells of a field that Ecwid makes of others, such as the price with its currency: it never changes alone.
func derived(field string) bool {
	return strings.HasPrefix(field, "defaultDisplayed") || strings.HasPrefix(field, "compareToPriceDiscount") || strings.HasSuffix(field, "Formatted") ||
		field == "extraFields" || field == "priceInProductList" || field == "inStock" || field == "usdTotal"
}

var _ sources.Changer = (*source)(nil)
