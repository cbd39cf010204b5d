package signed

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/invopop/jsonschema"

	"shopbell/event"
)

// Stores are the stores whose events are acted on, by id: in the config a list of ids, or a table of facts about each.
type Stores map[string]StoreFacts

// StoreFacts is what rules know as `store`, beside its id. The sender does not tell it, so the operator may.
type StoreFacts struct {
	Name     string `json:"name,omitempty"`
	Email    string `json:"email,omitempty"`
	URL      string `json:"url,omitempty"`
	Currency string `json:"currency,omitempty"`
	Timezone string `json:"timezone,omitempty"`
	Language string `json:"language,omitempty"`
	Country  string `json:"country,omitempty"`
}

// UnmarshalJSON reads a list of ids, or a table.
func (s *Stores) UnmarshalJSON(raw []byte) error {
	*s = nil
	value, err := event.Decode(raw)
	if err != nil {
		return &wrongStores{"stores cannot be read: " + err.Error()}
	}
	if list, ok := value.([]any); ok {
		*s = make(Stores, len(list))
		for _, v := range list {
			id, ok := identifier(v)
			if !ok {
				return &wrongStores{"stores: want the id of a store, as text or a whole number"}
			}
			(*s)[id] = StoreFacts{}
		}
		return nil
	}
	if value == nil {
		return nil
	}
	table := map[string]*StoreFacts{}
	if json.Unmarshal(raw, &table) != nil {
		return &wrongStores{"stores: want a list of ids, or a table of ids with facts about each"}
	}
	*s = make(Stores, len(table))
	for id, facts := range table {
		(*s)[id] = StoreFacts{}
		if facts != nil {
			(*s)[id] = *facts
		}
	}
	return nil
}

// wrongStores says what is wrong with the stores of a config.
type wrongStores struct{ why string }

func (w *wrongStores) Error() string { return w.why }

// JSONSchema declares both forms.
func (Stores) JSONSchema() *jsonschema.Schema {
	facts := jsonschema.NewProperties()
	for _, f := range [][2]string{
		{"name", "Its name."}, {"email", "The merchant's e-mail address."}, {"url", "The address of its storefront."},
		{"currency", "Its currency, such as EUR."}, {"timezone", "Its time zone, such as Europe/Berlin."}, {"language", "Its language, such as en."},
		{"country", "Its country, such as DE: telephone numbers without their country's code are read as its own."},
	} {
		facts.Set(f[0], &jsonschema.Schema{Type: "string", Description: f[1]})
	}
	return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
		{Type: "array", Items: &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "string"}, {Type: "integer"}}}},
		{Type: "object", AdditionalProperties: &jsonschema.Schema{
			OneOf: []*jsonschema.Schema{{Type: "object", Properties: facts, AdditionalProperties: jsonschema.FalseSchema}, {Type: "null"}},
		}},
	}}
}

// check tells the first mistake.
func (s Stores) check() error {
	if s != nil && len(s) == 0 {
		return errors.New("stores is empty: name a store, or leave the key out to act on events of every store")
	}
	for id, facts := range s {
		if why := wrongStore(id); why != "" {
			return fmt.Errorf("stores: %q %s", id, why)
		}
		if _, err := time.LoadLocation(facts.Timezone); err != nil {
			return fmt.Errorf("stores: %q: there is no time zone %q; write one such as Europe/Berlin", id, facts.Timezone)
		}
		if c := facts.Currency; c != "" && (len(c) != 3 || strings.ToUpper(c) != c) {
			return fmt.Errorf("stores: %q: %q is not a currency such as EUR", id, c)
		}
		if c := facts.Country; c != "" && (len(c) != 2 || strings.ToUpper(c) != c) {
			return fmt.Errorf("stores: %q: %q is not a country such as DE", id, c)
		}
	}
	return nil
}

// wrongStore says why a text cannot be the id of a store; "" when it can. It names a folder of rules.
func wrongStore(id string) string {
	switch {
	case id == "":
		return "is empty"
	case len(id) > maxStore:
		return fmt.Sprintf("is longer than %d bytes", maxStore)
	case id == "." || id == ".." || strings.ContainsAny(id, `/\`):
		return "cannot be the id of a store: it names a folder, so it holds no slash"
	case strings.ContainsFunc(id, unprintable) || strings.TrimSpace(id) != id:
		return "cannot be the id of a store: it holds characters that cannot be printed, or ends in a space"
	}
	return ""
}
