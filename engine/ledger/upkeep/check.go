package upkeep

import (
	"context"
	"encoding/json"
	"fmt"

	"shopbell/engine"
)

// A Checker is a ledger that can look itself over, beside a server that works on it: it looks at one moment.
type Checker interface {
	// Check tells of every fault it finds, to people, and gives how many pieces it has looked at. An error says that it
	// could not look.
	Check(ctx context.Context, tell func(Fault)) (looked int64, err error)
}

// A Repairer is a ledger that can mend some faults, beside servers that work on it.
type Repairer interface {
	// Repair mends what Check calls mendable and gives how many pieces of work it has handed out anew.
	Repair(context.Context) (int64, error)
}

// A Fault is one thing that is wrong with a ledger.
type Fault struct {
	Words    string // what, and what it means
	Mendable bool   // by Repair
}

// A Clerk collects what is wrong with a ledger, and keeps a fault that a thousand rows have from filling the screen.
type Clerk struct {
	Tell func(Fault)
	told map[string]int // by what kind of fault
}

// Most is how many faults of one kind are told one by one.
const Most = 20

// Find tells of a fault of a kind. Any text for the kind will do.
func (c *Clerk) Find(kind string, f Fault) {
	if c.told == nil {
		c.told = map[string]int{}
	}
	if c.told[kind]++; c.told[kind] <= Most {
		c.Tell(f)
	}
	if c.told[kind] == Most+1 {
		f.Words = "and more of the same kind as the last"
		c.Tell(f)
	}
}

// Steps checks what a run knows of its steps, written as JSON, and says what is wrong; "" for nothing.
func Steps(id int64, state engine.RunState, step int, written []byte) string {
	var steps []engine.Step
	if err := json.Unmarshal(written, &steps); err != nil {
		return fmt.Sprintf("the steps of run %d cannot be read (%v): it cannot be shown or carried out", id, err)
	}
	if step < 0 || step > len(steps) {
		return fmt.Sprintf("run %d is %s at step %d, and knows only %d steps", id, state, step+1, len(steps))
	}
	return ""
}
