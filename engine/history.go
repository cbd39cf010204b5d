package engine

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"sort"
	"time"

	"shopbell/event"
)

// The bounds of what is read of history at once.
const (
	biteSize   = 256              // events
	maxRecent  = 32 << 20         // bytes of entities, twice: what `was` of an event is mostly among them
	clockSlack = 10 * time.Minute // by which events may stand out of the order of their arrival
)

// A pastEvent is an event of the ledger, with what its rules saw of the time before it.
type pastEvent struct {
	Record
	was     json.RawMessage // the entity as read back before; nil for none
	wasLost bool            // there was one, and it is not kept
	profile event.Store     // of its store, as rules saw it then; without anything when it is not known
	tried
}

// historian reads events of a ledger in order, while others think about them.
type historian struct {
	ledger      Reader
	trial       *Trial
	err         error // once the telling has ended
	recent, old map[int64]json.RawMessage
	size        int // bytes of recent
	albums      map[Store]album
}

// tell gives the events of the trial, oldest first, in bites.
func (h *historian) tell(ctx context.Context) iter.Seq[[]pastEvent] {
	return func(yield func([]pastEvent) bool) {
		ctx, cancel := context.WithCancel(ctx)
		bites := make(chan []pastEvent, 1)
		go func() {
			defer close(bites)
			h.err = h.read(ctx, bites)
		}()
		defer func() { // the reader has ended when the telling ends
			cancel()
			for range bites {
			}
		}()
		for bite := range bites {
			if !yield(bite) {
				return
			}
		}
	}
}

func (h *historian) read(ctx context.Context, bites chan<- []pastEvent) error {
	after, err := h.before(ctx, h.trial.Since)
	if err != nil {
		return err
	}
	for {
		records, err := h.ledger.History(ctx, Store{h.trial.Source, h.trial.Store}, after, biteSize)
		if err != nil || len(records) == 0 {
			return err
		}
		after = records[len(records)-1].Seq
		bite := make([]pastEvent, 0, len(records))
		for _, r := range records {
			past := pastEvent{Record: r}
			if err := h.remember(ctx, &past); err != nil {
				return err
			}
			if err := h.portray(ctx, &past); err != nil {
				return err
			}
			past.Body = nil
			if r.State != EventSeen && !r.Received.Before(h.trial.Since) {
				bite = append(bite, past)
			}
		}
		select {
		case bites <- bite:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// before gives a Seq after which all events since a time come.
func (h *historian) before(ctx context.Context, since time.Time) (int64, error) {
	if since.IsZero() {
		return 0, nil
	}
	newest, err := h.ledger.Events(ctx, EventFilter{Limit: 1})
	if err != nil || len(newest) == 0 {
		return 0, err
	}
	since = since.Add(-clockSlack)
	at := sort.Search(int(newest[0].Seq), func(n int) bool {
		next, failed := h.ledger.History(ctx, Store{}, int64(n), 1)
		if failed != nil {
			err = failed
		}
		return len(next) == 0 || !next[0].Received.Before(since)
	})
	return int64(at), err
}

// remember finds `was` of an event, mostly among the entities that were read lately, and keeps its own for those that follow.
func (h *historian) remember(ctx context.Context, past *pastEvent) error {
	if past.Prev != 0 {
		was, ok := h.recent[past.Prev]
		if !ok {
			was, ok = h.old[past.Prev]
		}
		if !ok {
			before, err := h.ledger.Event(ctx, past.Prev)
			if err != nil && !errors.Is(err, ErrNone) {
				return err
			}
			was = before.Entity
		}
		past.was, past.wasLost = was, was == nil
	}
	if past.Entity == nil {
		return nil
	}
	if h.size += len(past.Entity); h.recent == nil || h.size > maxRecent {
		h.recent, h.old, h.size = map[int64]json.RawMessage{}, h.recent, len(past.Entity)
	}
	h.recent[past.Seq] = past.Entity
	return nil
}

// portray finds the profile of an event's store.
func (h *historian) portray(ctx context.Context, past *pastEvent) (err error) {
	at := Store{past.Source, past.Store}
	a, known := h.albums[at]
	if !known {
		if a, _, err = readAlbum(ctx, h.ledger, at); err != nil {
			return err
		}
		if h.albums == nil {
			h.albums = map[Store]album{}
		}
		h.albums[at] = a
	}
	past.profile, _ = a.at(past.Seq)
	return nil
}
