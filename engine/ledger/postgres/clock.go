package postgres

import (
	"context"
	"fmt"
	"time"

	"shopbell/engine"
)

// maxSkew is how far a machine's clock may be from the database's: due times and periods are made of both.
const maxSkew = time.Minute

// measureSkew asks the database for its time.
func (l *ledger) measureSkew(ctx context.Context) error {
	var theirs time.Time
	before := time.Now()
	if err := l.pool.QueryRow(ctx, "SELECT clock_timestamp()").Scan(&theirs); err != nil {
		return err
	}
	l.noteClock(before, theirs)
	return nil
}

// noteClock compares the database's time with ours, half-way between question and answer.
func (l *ledger) noteClock(before, theirs time.Time) {
	ours := before.Add(time.Since(before) / 2)
	l.skew.Store(int64(ours.Round(0).Sub(theirs)))
}

// clockFault says what is wrong with a clock that is ahead of the database's by skew; nil for nothing much.
func (l *ledger) clockFault(skew time.Duration) error {
	if skew.Abs() <= maxSkew {
		return nil
	}
	word := "ahead of"
	if skew < 0 {
		word = "behind"
	}
	return fmt.Errorf("%w: that of this machine is %v %s that of the %s; set both by NTP", engine.ErrClock, skew.Abs().Round(time.Second), word, l.where)
}
