package ecwid

import (
	"encoding/json"
	"slices"
)

// invoicesOf lists the invoices inside an order with their internal ids.
func invoicesOf(f *facts) (ids []string, list []json.RawMessage) {
	var all []json.RawMessage
	if json.Unmarshal(f.Invoices, &all) != nil {
		return nil, nil
	}
	for _, item := range all {
		invoice := factsOf(item)
		if id := unquoted(invoice.InternalID); !absent(invoice.InternalID) && isNumber(id) {
			ids, list = append(ids, id), append(list, item)
		}
	}
	return ids, list
}

// remember notes the invoices of an order, so that a missing one is seen later.
func (p *polling) remember(state *pollState, f *facts) {
	ids, _ := invoicesOf(f)
	number := unquoted(f.ID)
	if len(ids) == 0 || !p.listensToInvoices() {
		delete(state.Invoiced, number)
		return
	}
	state.Invoiced[number] = invoices{At: unix(f.changed()), IDs: ids}
	if len(state.Invoiced) > 2*maxInvoiced {
		state.trim()
	}
}

func (p *polling) listensToInvoices() bool {
	return p.round.Wants("invoice.created") || p.round.Wants("invoice.deleted")
}

// invoices compares the invoices of a changed order with those that it had.
func (p *polling) invoices(state *pollState, f *facts) {
	if !p.listensToInvoices() {
		return
	}
	ids, list := invoicesOf(f)
	before := state.Invoiced[unquoted(f.ID)].IDs
	data := map[string]any{"orderId": unquoted(f.ID)}
	for i, id := range ids {
		invoice := factsOf(list[i])
		if at := invoice.made(); !slices.Contains(before, id) && (before != nil || unix(at) >= state.Step.From) {
			p.found("invoice.created", id, at, json.RawMessage(id), data, list[i])
		}
	}
	for _, id := range before {
		if !slices.Contains(ids, id) {
			p.found("invoice.deleted", id, f.changed(), json.RawMessage(id), data, nil)
		}
	}
	p.remember(state, f)
}
