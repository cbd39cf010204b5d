package upkeep

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// stretch is how many pieces are carried in one transaction.
const stretch = 1000

// A Result is what became of a copy.
type Result struct {
	Totals  Totals
	Resumed bool // it went on where an earlier one had been cut off
	Already bool // there was nothing to do: an earlier one had come to its end
}

// A mark says what a half copy is of.
type mark struct {
	From   string
	Totals Totals
}

// Copy carries one ledger into another, and compares the counts of both at its end. What was cut off goes on where it was.
// tell, which may be nil, hears how many of all events and runs are there. The target is usable only when Copy has
// returned no error; until then servers refuse it.
func Copy(ctx context.Context, from, to Mover, tell func(done, all int64)) (Result, error) {
	if tell == nil {
		tell = func(int64, int64) {}
	}
	c := &carrier{from: from, to: to, tell: tell}
	if err := c.prepare(ctx); err != nil || c.result.Already {
		return c.result, err
	}
	if err := c.carry(ctx); err != nil {
		return c.result, err
	}
	if err := c.compare(ctx); err != nil {
		return c.result, err
	}
	return c.result, to.Finish(ctx)
}

// A carrier is one copy under way.
type carrier struct {
	from, to  Mover
	tell      func(done, all int64)
	result    Result
	there     Progress // in the target at the beginning
	done, all int64
}

// prepare finds out where the copy begins, and refuses a target that is none.
func (c *carrier) prepare(ctx context.Context) error {
	var err error
	if c.result.Totals, err = c.from.Totals(ctx); err != nil {
		return err
	}
	c.all = c.result.Totals.Pieces()
	if c.there, err = c.to.Progress(ctx); err != nil {
		return err
	}
	text, err := json.Marshal(mark{c.from.Name(), c.result.Totals})
	switch {
	case err != nil:
		return err
	case c.there.Mark != "":
		return c.resume(ctx)
	case c.there.Empty:
		return c.to.Begin(ctx, string(text))
	}
	there, err := c.to.Totals(ctx)
	if err != nil {
		return err
	}
	if c.result.Already = len(c.result.Totals.Differences(there)) == 0; c.result.Already {
		return nil
	}
	return fmt.Errorf("%s holds a ledger of its own already (%d events and runs): copy into one that is empty, or not there yet", c.to.Name(), there.Pieces())
}

func (c *carrier) resume(ctx context.Context) error {
	var m mark
	if err := json.Unmarshal([]byte(c.there.Mark), &m); err != nil {
		return fmt.Errorf("%s is half a copy of nobody knows what: remove it and begin anew", c.to.Name())
	}
	if m.From != c.from.Name() {
		return fmt.Errorf("%s is half a copy of %s, not of %s: go on with that one, or remove it and begin anew", c.to.Name(), m.From, c.from.Name())
	}
	if changed := m.Totals.Differences(c.result.Totals); len(changed) > 0 {
		return fmt.Errorf("%s has changed since the copy of it began, so %s cannot be made whole: remove that and begin anew (%s)",
			c.from.Name(), c.to.Name(), strings.Join(changed, "; "))
	}
	there, err := c.to.Totals(ctx)
	c.result.Resumed, c.done = true, there.Pieces()
	return err
}

// carry brings stretch by stretch. The target has every event up to its highest, and every run, for they come in order.
func (c *carrier) carry(ctx context.Context) error {
	for at := (Cursor{}); ; {
		switch at.Kind {
		case Events:
			at.After = max(at.After, c.there.Events)
		case Runs:
			at.After = max(at.After, c.there.Runs)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		s, err := c.from.Export(ctx, at, stretch)
		if err != nil {
			return err
		}
		if err := c.to.Import(ctx, s); err != nil {
			return err
		}
		c.done += int64(len(s.Events) + len(s.Runs))
		c.tell(c.done, c.all)
		if at = s.Next; s.End {
			return nil
		}
	}
}

// compare holds that everything has come over, and that nothing was changed meanwhile.
func (c *carrier) compare(ctx context.Context) error {
	now, err := c.from.Totals(ctx)
	if err != nil {
		return err
	}
	if changed := c.result.Totals.Differences(now); len(changed) > 0 {
		return fmt.Errorf("%s has changed while it was copied: is a server running? Stop it, remove %s and begin anew (%s)",
			c.from.Name(), c.to.Name(), strings.Join(changed, "; "))
	}
	there, err := c.to.Totals(ctx)
	if err != nil {
		return err
	}
	if lacks := now.Differences(there); len(lacks) > 0 {
		return errors.Join(fmt.Errorf("%s is not as %s: it stays half a copy, and no server works on it", c.to.Name(), c.from.Name()),
			fmt.Errorf("%s", strings.Join(lacks, "\n")))
	}
	return nil
}
