package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"

	"shopbell/engine"
)

// Commit implements [engine.Writer].
func (l *ledger) Commit(_ context.Context, changes []engine.Change) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	if l.closed || l.write == nil {
		return errors.New("the ledger is not open for writing")
	}
	if !l.write.AutocommitEnabled() { // the last transaction could not even be rolled back
		if err := l.exec("ROLLBACK"); err != nil {
			return explain(l.path, err)
		}
	}
	if err := l.exec("BEGIN IMMEDIATE"); err != nil {
		return explain(l.path, err)
	}
	err := l.applyAll(changes)
	if err == nil {
		err = l.exec("COMMIT")
	}
	if err != nil && !l.write.AutocommitEnabled() {
		if back := l.exec("ROLLBACK"); back != nil {
			err = errors.Join(err, back)
		}
	}
	clear(l.tally)
	l.names.settle(err == nil)
	if err != nil {
		return explain(l.path, err)
	}
	return nil
}

func (l *ledger) applyAll(changes []engine.Change) error {
	for _, c := range changes {
		if err := l.apply(c); err != nil {
			return err
		}
	}
	return l.saveTally()
}

func (l *ledger) apply(c engine.Change) error {
	switch c := c.(type) {
	case *engine.Accept:
		return l.accept(c)
	case *engine.Plan:
		return l.plan(c)
	case *engine.Defer:
		return l.deferEvent(c)
	case *engine.Again:
		return l.again(c)
	case *engine.Begin:
		return l.begin(c)
	case *engine.Save:
		return l.save(c)
	case *engine.Tally:
		return l.addTally(c.Count)
	case *engine.Purge:
		return l.purge(c)
	case *engine.Put:
		return l.put(c)
	case *engine.Claim:
		return l.claim(c)
	case *engine.Rewrite:
		return l.rewrite(c)
	}
	return fmt.Errorf("the ledger does not know the change %T", c)
}

// exec runs a statement that gives no rows.
func (l *ledger) exec(query string) error {
	s, err := l.write.Prepare(query)
	if err != nil {
		return err
	}
	_, err = s.Step()
	return errors.Join(err, s.Reset())
}

// A filler binds values to a statement, in order.
type filler struct {
	*sqlite.Stmt
	n int
}

func (l *ledger) prepare(query string) (filler, error) {
	s, err := l.write.Prepare(query)
	return filler{Stmt: s}, err
}

func (f *filler) int(v int64) *filler   { f.n++; f.BindInt64(f.n, v); return f }
func (f *filler) text(v string) *filler { f.n++; f.BindText(f.n, v); return f }
func (f *filler) time(t time.Time) *filler {
	return f.int(micros(t))
}

func (f *filler) blob(v []byte) *filler {
	f.n++
	if v == nil {
		f.BindNull(f.n)
	} else {
		f.BindBytes(f.n, v)
	}
	return f
}

func (f *filler) null() *filler { f.n++; f.BindNull(f.n); return f }

// dueWhen binds t only while a row waits for it, so that the partial indexes stay small.
func (f *filler) dueWhen(waits bool, t time.Time) *filler {
	if !waits {
		return f.null()
	}
	return f.time(t)
}

// run carries out the filled statement.
func (f *filler) run() error {
	_, err := f.Step()
	if reset := f.Reset(); err == nil {
		err = reset
	}
	return err
}

// first carries out the filled statement, and gives the first column of its first row, and whether there was one.
func (f *filler) first() (v int64, found bool, err error) {
	found, err = f.Step()
	if found {
		v = f.ColumnInt64(0)
	}
	if reset := f.Reset(); err == nil {
		err = reset
	}
	return v, found, err
}
