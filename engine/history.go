package engine

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"sort"
	"sync"
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
	entity  *decoding   // the entity as read back; nil for none
	was     *decoding   // the entity as read back before; nil for none
	wasLost bool        // there was one, and it is not kept
	profile event.Store // of its store, as rules saw it then; without anything when it is not known
	tried
}

// A decoding is an entity that is decoded when somebody wants to know, and only once: what one event has is what was for the
// next. Many goroutines may ask.
type decoding struct {
	text  json.RawMessage
	only  map[string]bool // the fields that anybody wants to know; nil for all
	once  sync.Once
	value map[string]any
	err   error
}

func (d *decoding) object() (map[string]any, error) {
	d.once.Do(func() { d.value, d.err = event.DecodeFields(d.text, d.only) })
	return d.value, d.err
}

// historian reads events of a ledger in order, while others think about them.
type historian struct {
	ledger      Reader
	trial       *Trial
	only        map[string]bool // the fields of entities that anybody wants to know; nil for all
	err         error           // once the telling has ended
	recent, old map[int64]json.RawMessage
	size        int // bytes of recent
	albums      map[Store]album

	decoded, decodedOld map[int64]*decoding // of the last of them
	decodedSize         int                 // bytes of text of decoded
}

// mostDecoded bounds the text of what is kept decoded, twice. Decoded, it takes some ten times as much.
const mostDecoded = 2 << 20

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
		var err error
		if past.was, err = h.earlier(ctx, past.Prev); err != nil {
			return err
		}
		past.wasLost = past.was == nil
	}
	if past.Entity == nil {
		return nil
	}
	past.entity = &decoding{text: past.Entity, only: h.only}
	if h.decodedSize += len(past.Entity); h.decoded == nil || h.decodedSize > mostDecoded {
		h.decoded, h.decodedOld, h.decodedSize = map[int64]*decoding{}, h.decoded, len(past.Entity)
	}
	h.decoded[past.Seq] = past.entity
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

// earlier gives what was read back for an earlier event; nil when that is not kept.
func (h *historian) earlier(ctx context.Context, seq int64) (*decoding, error) {
	for _, known := range []map[int64]*decoding{h.decoded, h.decodedOld} {
		if d := known[seq]; d != nil {
			return d, nil
		}
	}
	was, ok := h.recent[seq]
	if !ok {
		was, ok = h.old[seq]
	}
	if !ok {
		before, err := h.ledger.Event(ctx, seq)
		if err != nil && !errors.Is(err, ErrNone) {
			return nil, err
		}
		was = before.Entity
	}
	if was == nil {
		return nil, nil
	}
	return &decoding{text: was, only: h.only}, nil
}
