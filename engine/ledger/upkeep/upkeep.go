// Package upkeep is what an operator does to a ledger as a whole: move it to another, or check it.
//
//	from, err := sqlite.Hold(ctx, "shopbell.db", upkeep.From)
//	to, err := postgres.Hold(ctx, "postgres://…", upkeep.To)
//	result, err := upkeep.Copy(ctx, from, to, func(done, all int64) { … })
//
// A copy carries what the engine has written, number for number: events with their notes, tries, due times and states,
// runs, snapshots, revisions, memos, claims and counts. It decides nothing, and knows no SQL: each ledger exports and imports itself.
//
// A ledger is held while it moves: nobody else works on it meanwhile.
package upkeep

import (
	"context"

	"shopbell/engine"
)

// A Side says what a ledger is held for.
type Side int

// The sides of a copy.
const (
	From Side = iota // it must be there, and is left as it is
	To               // it is made when it is missing, and may be half a copy
)

// A Mover is a ledger that is held for moving house. Its methods are called by one goroutine.
type Mover interface {
	// Name says to people which ledger it is, without a password; the same for every call of the command.
	Name() string
	// Progress tells how far a copy into this ledger has come.
	Progress(context.Context) (Progress, error)
	// Begin makes an empty ledger half a copy: until Finish no server works on it. The mark is kept as it is.
	Begin(ctx context.Context, mark string) error
	// Export gives what comes after a cursor, of one kind, by its number: about limit pieces, fewer when they are big.
	Export(ctx context.Context, after Cursor, limit int) (Stretch, error)
	// Import takes one stretch in one transaction. Repeating a stretch changes nothing.
	Import(context.Context, Stretch) error
	// Totals counts what is there.
	Totals(context.Context) (Totals, error)
	// Finish makes what is due ready to be worked, has new events and runs numbered after the copied ones, and ends
	// that the ledger is half a copy.
	Finish(context.Context) error
	// Close lets the ledger go.
	Close() error
}

// A Progress is how far a copy into a ledger has come.
type Progress struct {
	Mark   string // as given to Begin; "" when the ledger is not half a copy
	Empty  bool   // it holds nothing
	Events int64  // highest number of an event, 0 for none
	Runs   int64  // highest number of a run, 0 for none
}

// A Kind is one of the things that a copy carries.
type Kind int

// The kinds, in the order in which they are carried.
const (
	Revisions Kind = iota
	Counts
	Memos
	Claims
	Events
	Runs
	kinds // how many there are
)

// A Cursor is a place in a ledger: after a number, among the pieces of a kind. The zero Cursor is the beginning.
type Cursor struct {
	Kind  Kind
	After int64 // of events Seq, of runs ID, of revisions a number of the ledger's own, of memos and claims too, of counts the day since 1970
}

// A Stretch is some of a ledger, of one kind.
type Stretch struct {
	Revisions []engine.Revision
	Counts    []engine.Count
	Memos     []engine.Memo
	Claims    []Claim
	Events    []Event
	Runs      []engine.Run
	Next      Cursor // where it goes on
	End       bool   // it does not go on
}

// An Event is a record with whether its entity is the last snapshot of its subject.
type Event struct {
	engine.Record
	Snapshot bool
}

// A Claim is what a key has of a pool.
type Claim struct {
	Pool, Key   string
	Mark, Value []byte
	N           int64 // it was the how-manieth of its pool, from 1
}

// Goes fills in where a ledger goes on after a stretch that came to the given number. More says that there may be more of
// the same kind.
func (s *Stretch) Goes(kind Kind, last int64, more bool) {
	s.Next = Cursor{kind, last}
	if !more {
		s.Next = Cursor{Kind: kind + 1}
		s.End = s.Next.Kind == kinds
	}
}

// StretchSize bounds what is carried at once, in bytes: bodies and entities may be big.
const StretchSize = 16 << 20

// Size is about what an event weighs in memory, in bytes.
func (e *Event) Size() int { return 500 + len(e.Body) + len(e.Data) + len(e.Entity) }
