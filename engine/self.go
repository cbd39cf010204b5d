package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"shopbell/event"
	"shopbell/sources"
)

// A change of ours comes back as an event within this time, if at all.
const echoFor = 24 * time.Hour

// ownWithin is how soon an event of an entity that nobody has seen before must come to be taken for ours.
const ownWithin = 10 * time.Minute

// Change changes an entity at its platform, and has the event that tells of it known as our own. That it is to be changed is in
// the ledger before it is. Errors as of [sources.Changer]; [ErrNoSource] when the source is not there or changes nothing.
func (e *Engine) Change(ctx context.Context, source string, edit sources.Edit) error {
	changer, ok := e.o.Sources[source].(sources.Changer)
	if !ok {
		return ErrNoSource
	}
	before, _, err := e.edit(ctx, source, edit.Store, edit.Subject)
	if err != nil {
		return err
	}
	next := trace{Made: maps.Clone(before.Made), Echo: before.Echo} // several changes in a row may come back as one event
	if next.Made == nil {
		next.Made = map[string]string{}
	}
	for field, raw := range edit.Set {
		next.Made[field] = printOf(raw)
	}
	if err := e.committer.commit(ctx, nil, putTrace(source, edit.Store, edit.Subject, next)); err != nil {
		return err
	}
	if other, ok := changer.(sources.Echoer); ok {
		if err := e.echo(ctx, source, edit.Store, other.Echoes(edit)...); err != nil {
			return err
		}
	}
	err = changer.Change(ctx, edit)
	if sources.IsDenied(err) || sources.IsUnconfirmed(err) { // nothing was changed: whoever does it later is not us
		if undo := e.committer.commit(ctx, nil, putTrace(source, edit.Store, edit.Subject, before)); undo != nil {
			err = fmt.Errorf("%w (and that nothing was changed could not be kept: %w)", err, undo)
		}
	}
	return err
}

// A trace is what is remembered of changes of ours: which fields got which values, as prints, for the values may be personal.
type trace struct {
	Made map[string]string `json:"made,omitempty"` // that no event has told of yet
	Told bool              `json:"told,omitempty"` // an event has told of one; it may come doubled
	Echo bool              `json:"echo,omitempty"` // an event may come although nothing in it was changed
}

func putTrace(source, store, subject string, t trace) *Put {
	value, err := json.Marshal(t)
	if err != nil || len(t.Made) == 0 && !t.Told && !t.Echo {
		value = nil
	}
	return &Put{Memo: Memo{Source: source, Store: store, Name: memoEdit + subject, Value: value}}
}

// printOf stands for a value, however its JSON is written.
func printOf(raw json.RawMessage) string {
	v, err := event.Decode(raw)
	if err != nil {
		return ""
	}
	return printOfValue(v)
}

func printOfValue(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12])
}

// SetFields is [Engine.Change] with the errors of actions: it is an [actions.Change].
func (e *Engine) SetFields(ctx context.Context, source, store, subject string, set map[string]json.RawMessage) error {
	return outcomeOf(source, e.Change(ctx, source, sources.Edit{Store: store, Subject: subject, Set: set}))
}

// edit gives what we changed of a subject of late, and when it was last noted.
func (e *Engine) edit(ctx context.Context, source, store, subject string) (t trace, at time.Time, err error) {
	m, err := e.o.Ledger.Memo(ctx, source, store, memoEdit+subject)
	if errors.Is(err, ErrNone) || err == nil && time.Since(m.Updated) > echoFor {
		return trace{}, time.Time{}, nil
	}
	if err != nil {
		return trace{}, time.Time{}, err
	}
	return t, m.Updated, json.Unmarshal(m.Value, &t)
}

// isOwn tells whether all that has changed of an entity is what we changed ourselves. A change that somebody else made
// meanwhile is theirs: the event is then not ours.
func (e *Engine) isOwn(ctx context.Context, src sources.Source, typ *event.Type, r *Record, v *view) (bool, error) {
	changer, ok := src.(sources.Changer)
	if !ok || !e.o.Changes || v.entity == nil {
		return false, nil
	}
	if typ.Change == event.Created {
		return e.isMade(ctx, src, typ, r, v)
	}
	if typ.Change != event.Updated {
		return false, nil
	}
	t, at, err := e.edit(ctx, r.Source, r.Store, r.Subject)
	if err != nil || at.IsZero() {
		return false, err
	}
	shows := len(t.Made) > 0
	for field, print := range t.Made {
		shows = shows && printOfValue(v.entity[field]) == print
	}
	if !shows && (len(t.Made) > 0 || !t.Told && !t.Echo) {
		return false, nil // it is not made yet, or somebody has changed it again
	}
	own := explains(t.Made, v.was, v.entity, changer.Volatile(typ.Noun))
	if v.before == nil { // nobody knows what was; what we made just now is there
		own = (shows || t.Echo) && time.Since(at) < ownWithin
	}
	if shows { // it explains no second change: somebody else may make the same one. But the event may come doubled, without a change.
		p := putTrace(r.Source, r.Store, r.Subject, trace{Told: true, Echo: t.Echo})
		p.Of = at
		v.also = append(v.also, p)
	}
	return own, nil
}

// explains tells whether what we made is all that lies between two states.
func explains(made map[string]string, was, is map[string]any, volatile []string) bool {
	for field, now := range is {
		if reflect.DeepEqual(was[field], now) || slices.Contains(volatile, field) {
			continue
		}
		if print, ours := made[field]; !ours || print != printOfValue(now) {
			return false
		}
	}
	for field := range was {
		if _, there := is[field]; !there && !slices.Contains(volatile, field) && made[field] == "" {
			return false
		}
	}
	return true
}

// keepSweeping forgets what we changed long ago, now and then, until ctx ends.
func (e *Engine) keepSweeping(ctx context.Context) {
	for pause(ctx, forgetEvery) {
		e.sweepEdits(ctx)
	}
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
