package plugin

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/mail"
	"slices"
	"strings"

	"shopbell/actions"
	"shopbell/phone"
)

// reached names whom a step reaches.
func (m *Manifest) reached(params json.RawMessage) []actions.Recipient {
	var all map[string]any
	if json.Unmarshal(params, &all) != nil {
		return nil
	}
	var found []actions.Recipient
	for _, key := range slices.Sorted(maps.Keys(m.Reaches)) {
		for _, v := range listed(all[key]) {
			if r, ok := recipient(m.Reaches[key], v); ok && !slices.Contains(found, r) {
				found = append(found, r)
			}
		}
	}
	return found
}

// spared leaves some out of what names them; nothing is left when a parameter that was given has nobody any more.
func (m *Manifest) spared(params json.RawMessage, some []actions.Recipient) (json.RawMessage, bool) {
	var all map[string]json.RawMessage
	if json.Unmarshal(params, &all) != nil {
		return params, true
	}
	for key, channel := range m.Reaches {
		var v any
		if all[key] == nil || json.Unmarshal(all[key], &v) != nil {
			continue
		}
		before := listed(v)
		left := slices.DeleteFunc(slices.Clone(before), func(text string) bool {
			r, ok := recipient(channel, text)
			return ok && slices.Contains(some, r)
		})
		if len(left) == len(before) {
			continue
		}
		if len(left) == 0 {
			return nil, false
		}
		raw, err := json.Marshal(left)
		if err != nil {
			return nil, false
		}
		all[key] = raw
	}
	text, err := json.Marshal(all)
	return text, err == nil
}

// listed gives one text, or a list of them, as a list.
func listed(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var all []string
		for _, one := range v {
			if s, ok := one.(string); ok {
				all = append(all, s)
			}
		}
		return all
	}
	return nil
}

// recipient gives an address in the form that its channel compares.
func recipient(channel actions.Channel, text string) (actions.Recipient, bool) {
	if channel == actions.Phone {
		n, err := phone.Read(text, "")
		if err != nil {
			return actions.Recipient{}, false
		}
		return actions.Recipient{Channel: channel, Address: n.E164}, true
	}
	a, err := mail.ParseAddress(text)
	if err != nil {
		return actions.Recipient{}, false
	}
	return actions.Recipient{Channel: channel, Address: strings.ToLower(a.Address)}, true
}

// unreadable finds who cannot be looked up among those who do not want to be written to: such a step is not carried out.
func (m *Manifest) unreadable(params any) error {
	all, _ := params.(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(m.Reaches)) {
		for _, v := range listed(all[key]) {
			if _, ok := recipient(m.Reaches[key], v); ok {
				continue
			}
			if m.Reaches[key] == actions.Phone {
				return fmt.Errorf("%s is not one telephone number with its country's code, such as +31612345678", key)
			}
			return fmt.Errorf("%s is not one e-mail address", key)
		}
	}
	return nil
}
