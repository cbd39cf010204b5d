package ecwid

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"shopbell/actions"
)

// changeOrder sets what is given.
func (s shop) changeOrder(ctx context.Context, p *Params) error {
	if p.Order == "" || strings.Trim(p.Order, ".") == "" || strings.ContainsAny(p.Order, "/?#") {
		return actions.Permanent(actions.BlameRequest, errors.New("that cannot be the number of an order"))
	}
	set := map[string]json.RawMessage{}
	for field, value := range map[string]string{"paymentStatus": p.Payment, "fulfillmentStatus": p.Fulfillment, "privateAdminNotes": p.Note, "trackingNumber": p.Tracking} {
		if value != "" {
			set[field] = raw(value)
		}
	}
	if len(p.Extra) > 0 || len(p.Info) > 0 {
		order, err := s.env.Find(ctx, s.source, s.store, "order", p.Order)
		if err != nil {
			return err
		}
		if err := merge(set, order, p); err != nil {
			return err
		}
	}
	return s.env.Change(ctx, s.source, s.store, "order/"+p.Order, set)
}

// An extraField is one of an order's, as it is shown on the order's page. What else it has is left as it is.
type extraField = map[string]json.RawMessage

// merge puts what the step names into what the order has, for what is not sent along might be taken away. It is so also that what comes
// back can be told to be ours.
func merge(set map[string]json.RawMessage, order json.RawMessage, p *Params) error {
	var has struct {
		Extra []extraField               `json:"orderExtraFields"`
		Info  map[string]json.RawMessage `json:"additionalInfo"`
	}
	if json.Unmarshal(order, &has) != nil {
		return actions.RetryAfter(0, errors.New("the order has not the form of one"))
	}
	if len(p.Info) > 0 {
		if has.Info == nil {
			has.Info = map[string]json.RawMessage{}
		}
		for key, value := range p.Info {
			has.Info[key] = raw(string(value))
		}
		set["additionalInfo"] = raw(has.Info)
	}
	for _, id := range slices.Sorted(maps.Keys(p.Extra)) {
		value := raw(string(p.Extra[id]))
		i := slices.IndexFunc(has.Extra, func(f extraField) bool { return string(f["id"]) == string(raw(id)) })
		if i >= 0 {
			has.Extra[i]["value"] = value
			continue
		}
		has.Extra = append(has.Extra, extraField{"id": raw(id), "title": raw(id), "value": value, "customerInputType": raw("TEXT"),
			"orderDetailsDisplaySection": raw("order_comments"), "orderBy": raw("0")})
	}
	if len(p.Extra) > 0 {
		set["orderExtraFields"] = raw(has.Extra)
	}
	return nil
}

// raw gives a value of text, numbers and raw JSON as JSON.
func raw(value any) json.RawMessage {
	text, err := json.Marshal(value)
	if err != nil {
		return json.RawMessage("null") // raw JSON came out of JSON, so it cannot happen
	}
	return text
}
