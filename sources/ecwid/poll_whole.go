package ecwid

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"
)

// readListed reads one page of a kind that cannot be searched by time, and compares it with what was there.
func (p *polling) readListed(ctx context.Context, kind *polledKind, state *pollState) (done bool, err error) {
	step := state.Step
	if step.Listed == nil {
		step.Listed = make(map[string]string)
	}
	items, last, err := p.page(ctx, kind, kind.name, kind.again(), step)
	if err != nil {
		return false, err
	}
	for _, item := range items {
		f := factsOf(item)
		id, print := unquoted(f.ID), fingerprint(item)
		if _, twice := step.Listed[id]; twice || absent(f.ID) {
			continue
		}
		step.Listed[id] = print
		if !isNumber(id) { // the group General has the id 0: no event ever tells of it
			continue
		}
		p.compare(kind, state, id, print, item)
	}
	if last {
		p.conclude(kind, state)
	}
	return last, nil
}

// compare tells what became of an entity since the reading before.
func (p *polling) compare(kind *polledKind, state *pollState, id, print string, item json.RawMessage) {
	name := json.RawMessage(id)
	before, known := state.Known[id]
	switch created := kind.prefix + ".created"; {
	case !state.Synced:
		p.seen(kind.prefix+".updated", p.zeroTime(kind), name, nil, item)
	case known && before != print:
		state.Step.News = true
		p.found(kind.prefix+".updated", seconds(state.Turn)+"-"+print, p.zeroTime(kind), name, nil, item)
	case known:
	case p.round.Wants(created):
		state.Step.News = true
		p.found(created, "", p.zeroTime(kind), name, nil, item)
	default:
		p.seen(kind.prefix+".updated", p.zeroTime(kind), name, nil, item)
	}
}

// conclude ends the reading of a list: what is not in it any more was deleted. A list that changed while it was read may have hidden
// something, so then nothing counts as deleted, until the next reading.
func (p *polling) conclude(kind *polledKind, state *pollState) {
	step := state.Step
	whole := len(step.Listed) >= step.Total
	for _, id := range slices.Sorted(maps.Keys(state.Known)) {
		if _, there := step.Listed[id]; there || !isNumber(id) {
			continue
		}
		if !whole {
			step.Listed[id] = state.Known[id]
			continue
		}
		step.News = true
		p.found(kind.prefix+".deleted", "", p.zeroTime(kind), json.RawMessage(id), nil, nil)
	}
	state.Known = step.Listed
	p.turn(state)
	state.finish(p.cursor.Round, kind, 0)
	if !whole {
		state.Stamp = "" // read it again in the next round
	}
}

// turn counts a reading that found something, so that a change there and back and there again has three ids.
func (p *polling) turn(state *pollState) {
	switch {
	case !state.Synced:
		state.Turn = p.cursor.Round.Began // another number than before a cursor was lost
	case state.Step.News:
		state.Turn++
	}
}

// readSingle reads a thing of which a store has one, and compares it with what was there.
func (p *polling) readSingle(ctx context.Context, kind *polledKind, state *pollState) (done bool, err error) {
	p.calls++
	answer, err := p.shop.get(ctx, kind.name, nil, kind.scope)
	if err != nil {
		return false, err
	}
	entity, print := answer, fingerprint(answer)
	var data map[string]any
	before := state.Known[kind.name]
	switch kind.name {
	case "storage":
		entity = nil // a list of keys and values, which no rule can read
	case "application":
		if print, err = subscription(answer); err != nil {
			return false, err
		}
		data = map[string]any{"oldSubscriptionStatus": before, "newSubscriptionStatus": print}
	case "profile":
		if !sameProfile(answer, wanted{store: p.shop.id}) {
			return false, errors.New("the answer of the store's API is not the profile of store " + p.shop.id)
		}
		p.shop.profiles().put(storeOf(p.shop.id, answer))
	}
	name := json.RawMessage(p.shop.id)
	switch {
	case !state.Synced && entity != nil:
		p.seen(kind.single, p.zeroTime(kind), name, nil, entity)
	case state.Synced && before != print:
		state.Step.News = true
		p.found(kind.single, seconds(state.Turn)+"-"+print, p.zeroTime(kind), name, data, entity)
	}
	state.Known = map[string]string{kind.name: print}
	p.turn(state)
	state.finish(p.cursor.Round, kind, 0)
	return true, nil
}

// subscription gives the status of the store's subscription to the app, such as "TRIAL".
func subscription(application json.RawMessage) (string, error) {
	var a struct {
		Status text `json:"subscriptionStatus"`
	}
	if json.Unmarshal(application, &a) != nil || a.Status == "" || len(a.Status) > maxID {
		return "", errors.New("the answer of the store's API does not tell the status of the app's subscription")
	}
	return string(a.Status), nil
}

// zeroTime is for what the platform gives no time.
func (p *polling) zeroTime(kind *polledKind) time.Time {
	if stamp := p.stamp(kind); stamp > 0 {
		return time.Unix(stamp, 0)
	}
	return p.now
}
