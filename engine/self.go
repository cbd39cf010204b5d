package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"shopbell/actions"
	"shopbell/event"
	"shopbell/sources"
)

// A change of ours comes back as an event within this time, if at all.
const echoFor = 24 * time.Hour

// Change changes an entity at its platform, and has the event that tells of it known as our own. That it is to be changed is in
// the ledger before it is. Errors as of [sources.Changer]; [ErrNoSource] when the source is not there or changes nothing.
func (e *Engine) Change(ctx context.Context, source string, edit sources.Edit) error {
	changer, ok := e.o.Sources[source].(sources.Changer)
	if !ok {
		return ErrNoSource
	}
	name := memoEdit + edit.Subject
	before, _, err := e.edit(ctx, source, edit.Store, edit.Subject)
	if err != nil {
		return err
	}
	all := sources.Edit{Set: map[string]json.RawMessage{}} // several changes in a row may come back as one event
	if before != nil {
		maps.Copy(all.Set, before.Set)
	}
	maps.Copy(all.Set, edit.Set)
	value, err := json.Marshal(all)
	if err != nil {
		return err
	}
	if err := e.committer.commit(ctx, nil, &Put{Memo: Memo{Source: source, Store: edit.Store, Name: name, Value: value}}); err != nil {
		return err
	}
	return changer.Change(ctx, edit)
}

// SetFields is [Engine.Change] with the errors of actions: it is an [actions.Change].
func (e *Engine) SetFields(ctx context.Context, source, store, subject string, set map[string]json.RawMessage) error {
	err := e.Change(ctx, source, sources.Edit{Store: store, Subject: subject, Set: set})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrNoSource):
		return actions.Permanent(actions.BlameAccount, fmt.Errorf("there is no source %q whose stores can be changed", source))
	case sources.IsUnconfirmed(err):
		return actions.Permanent(actions.BlameRequest, err)
	case sources.IsDenied(err):
		return actions.Permanent(actions.BlameAccount, err)
	}
	return actions.RetryAfter(sources.Wait(err), err) // the same values once more do no harm
}

// edit gives what we changed of a subject of late, and when; nil for nothing.
func (e *Engine) edit(ctx context.Context, source, store, subject string) (*sources.Edit, time.Time, error) {
	m, err := e.o.Ledger.Memo(ctx, source, store, memoEdit+subject)
	if errors.Is(err, ErrNone) || err == nil && time.Since(m.Updated) > echoFor {
		return nil, time.Time{}, nil
	}
	if err != nil {
		return nil, time.Time{}, err
	}
	edit := &sources.Edit{Store: store, Subject: subject}
	return edit, m.Updated, json.Unmarshal(m.Value, edit)
}

// isOwn tells whether all that has changed of an entity is what we changed ourselves. A change that somebody else made
// meanwhile is theirs: the event is then not ours.
func (e *Engine) isOwn(ctx context.Context, src sources.Source, typ *event.Type, r *Record, v *view) (bool, error) {
	changer, ok := src.(sources.Changer)
	if !ok || typ.Change != event.Updated || v.entity == nil || v.was == nil {
		return false, nil
	}
	edit, at, err := e.edit(ctx, r.Source, r.Store, r.Subject)
	if err != nil || edit == nil {
		return false, err
	}
	if !explains(edit.Set, v.was, v.entity, changer.Volatile(typ.Noun)) {
		return false, nil
	}
	// It explains no second change: somebody else may make the same one. But the event may come doubled, without a change.
	edit.Set = map[string]json.RawMessage{}
	value, err := json.Marshal(edit)
	v.also = append(v.also, &Put{Memo: Memo{Source: r.Source, Store: r.Store, Name: memoEdit + r.Subject, Value: value}, Of: at})
	return true, err
}

// explains tells whether an edit is all that lies between two states.
func explains(set map[string]json.RawMessage, was, is map[string]any, volatile []string) bool {
	for field, now := range is {
		if reflect.DeepEqual(was[field], now) || slices.Contains(volatile, field) {
			continue
		}
		raw, ours := set[field]
		if !ours {
			return false
		}
		if wanted, err := event.Decode(raw); err != nil || !reflect.DeepEqual(wanted, now) {
			return false
		}
	}
	for field := range was {
		if _, there := is[field]; !there && !slices.Contains(volatile, field) && set[field] == nil {
			return false
		}
	}
	return true
}

// sweepEdits forgets what we changed long ago.
func (e *Engine) sweepEdits(ctx context.Context) {
	memos, err := e.o.Ledger.Memos(ctx, memoEdit, time.Time{}, false)
	if err != nil {
		return
	}
	for _, m := range memos {
		if time.Since(m.Updated) > echoFor && strings.HasPrefix(m.Name, memoEdit) {
			if e.committer.insist(ctx, nil, &Put{Memo: Memo{Source: m.Source, Store: m.Store, Name: m.Name}}) != nil {
				return
			}
		}
	}
}
