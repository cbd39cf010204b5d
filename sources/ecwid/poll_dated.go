package ecwid

import (
	"context"
	"encoding/json"
	"net/url"
)

// Two seconds between the making of an entity and its last change are still the making: a checkout writes an order more
// than once.
const madeWithin = 2

// readDated reads one page of a kind that can be searched by time of change.
func (p *polling) readDated(ctx context.Context, kind *polledKind, state *pollState) (done bool, err error) {
	switch state.Step.Stage {
	case everything:
		return p.readEverything(ctx, kind, state)
	case deletions:
		return p.readDeletions(ctx, kind, state)
	}
	return p.readChanges(ctx, kind, state)
}

// readEverything fills the snapshots. What was changed since the reading began is left to the next round, which finds it as a change.
func (p *polling) readEverything(ctx context.Context, kind *polledKind, state *pollState) (done bool, err error) {
	step := state.Step
	items, last, err := p.page(ctx, kind, kind.name, kind.again(), step)
	if err != nil {
		return false, err
	}
	for _, item := range items {
		f := factsOf(item)
		version := f.changed()
		if unix(version) > step.To {
			continue
		}
		if key := kind.key(&f); key != "" && unix(version) >= step.To-overlap {
			state.Seen[key] = unix(version)
		}
		if kind.name == "orders" {
			p.remember(state, &f)
		}
		id, data := kind.claim(&f, "updated")
		p.seen(kind.prefix+".updated", version, id, data, item)
	}
	if last {
		state.Since = step.To
		if p.stamp(kind) > 0 {
			state.Since++ // the change that the stamp tells of was before
		}
		state.finish(p.cursor.Round, kind, step.To)
	}
	return last, nil
}

// readChanges reads what was changed in the step's span of time. When that is more than a page, it is read again until a pass finds
// nothing new, for an entity that changes meanwhile leaves the span and shifts the others.
func (p *polling) readChanges(ctx context.Context, kind *polledKind, state *pollState) (done bool, err error) {
	step := state.Step
	query := kind.again()
	query.Set("updatedFrom", seconds(step.From))
	query.Set("updatedTo", seconds(step.To))
	items, last, err := p.page(ctx, kind, kind.name, query, step)
	if err != nil {
		return false, err
	}
	for _, item := range items {
		if p.change(kind, state, item) {
			step.News = true
		}
	}
	if !last {
		return false, nil
	}
	if step.Pages > 1 && step.News && step.Passes < maxPasses {
		*step = pollStep{Stage: changes, From: step.From, To: step.To, Passes: step.Passes + 1, Small: step.Small}
		return false, nil
	}
	if kind.gone != "" && p.round.Wants(kind.prefix+".deleted") {
		*step = pollStep{Stage: deletions, From: step.From, To: step.To}
		return false, nil
	}
	state.finish(p.cursor.Round, kind, p.reached(kind, step))
	return true, nil
}

// reached gives up to when a step has read: not further than the stamp that was read before it, so that it does not matter how wrong our
// clock is.
func (p *polling) reached(kind *polledKind, step *pollStep) int64 {
	if stamp := p.stamp(kind); stamp > 0 {
		return min(step.To, stamp)
	}
	return step.To
}

// change takes one changed entity; false when it was seen in this state before.
//
// What is new and was changed since is told as changed first, and then as made: a rule that listens to both acts once, for at the
// second there is a snapshot.
func (p *polling) change(kind *polledKind, state *pollState, item json.RawMessage) bool {
	f := factsOf(item)
	key, made := kind.key(&f), f.made()
	version := f.changed()
	if version.IsZero() {
		version = made
	}
	before, known := state.Seen[key]
	if key == "" || known && before >= unix(version) {
		return false
	}
	state.Seen[key] = unix(version)
	isNew := !known && unix(made) >= state.Since && unix(made) >= state.Step.From
	changedSince := unix(version)-unix(made) > madeWithin
	id, data := kind.claim(&f, "updated")
	if !isNew || changedSince {
		p.found(kind.prefix+".updated", seconds(unix(version)), version, id, data, item)
	}
	switch created := kind.prefix + ".created"; {
	case isNew && p.round.Wants(created):
		p.found(created, "", version, id, data, item)
	case isNew && !changedSince:
		p.seen(kind.prefix+".updated", version, id, data, item) // for `was` at its first change
	}
	if kind.name == "orders" {
		p.invoices(state, &f)
	}
	return true
}

// readDeletions reads what was deleted in the step's span of time.
func (p *polling) readDeletions(ctx context.Context, kind *polledKind, state *pollState) (done bool, err error) {
	step := state.Step
	query := url.Values{"from_date": {seconds(step.From)}, "to_date": {seconds(step.To)}}
	items, last, err := p.page(ctx, kind, kind.gone, query, step)
	if err != nil {
		return false, err
	}
	for _, item := range items {
		f := factsOf(item)
		at := firstTime(f.Date)
		f.ID, f.InternalID = nameOfDeleted(kind, &f)
		key := kind.key(&f)
		if _, known := state.Gone[key]; key == "" || known || unix(at) < state.Since {
			continue
		}
		state.Gone[key] = unix(at)
		id, data := kind.claim(&f, "deleted")
		p.found(kind.prefix+".deleted", "", at, id, data, nil)
	}
	if last {
		state.finish(p.cursor.Round, kind, p.reached(kind, step))
	}
	return last, nil
}

// nameOfDeleted gives the order number and the internal number of a deleted order, which come in either order, and for anything
// else its id.
func nameOfDeleted(kind *polledKind, f *facts) (id, internal json.RawMessage) {
	switch {
	case kind.name != "orders" || absent(f.OrderID):
		return f.ID, nil
	case isNumber(unquoted(f.OrderID)) && !isNumber(unquoted(f.ID)):
		return f.ID, f.OrderID
	}
	return f.OrderID, f.ID
}
