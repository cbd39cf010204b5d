package ecwid

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"shopbell/actions"
)

// A customer who was made a moment ago is not in the store's search index yet.
const (
	searchTries = 4
	searchWait  = 20 * time.Second
)

// join puts a customer into a group.
func (s shop) join(ctx context.Context, try int, customer, group string) (actions.Result, error) {
	into, err := s.env.Find(ctx, s.source, s.store, "customer_group", group)
	if err != nil {
		return nil, err
	}
	who, err := s.env.Find(ctx, s.source, s.store, "customer", customer)
	if a := actions.OutcomeOf(err); a.Outcome == actions.OutcomePermanent && a.Blame == actions.BlameRequest && strings.Contains(customer, "@") && try < searchTries {
		return nil, actions.RetryAfter(searchWait, fmt.Errorf("%w; if they have just ordered for the first time, they will be found in a little while", err))
	}
	if err != nil {
		return nil, err
	}
	var to struct {
		ID   json.Number `json:"id"`
		Name string      `json:"name"`
	}
	var person struct {
		ID json.Number `json:"id"`
	}
	if json.Unmarshal(into, &to) != nil || json.Unmarshal(who, &person) != nil || to.ID == "" || person.ID == "" {
		return nil, actions.RetryAfter(0, errors.New("what the store knows of the customer or the group has no number"))
	}
	set := map[string]json.RawMessage{"customerGroupId": json.RawMessage(to.ID)}
	if err := s.env.Change(ctx, s.source, s.store, "customer/"+person.ID.String(), set); err != nil {
		return nil, err
	}
	return actions.Result{"customer": person.ID.String(), "group": to.Name}, nil
}
