package actions

import (
	"context"
	"encoding/json"
)

// A Claim gives a step a value of a pool, for good: the one that its key has already, or else the first of the offers that no other
// key of the pool has, so that every try of a step gets the same, and no two steps do. It returns when that is on disk. What was
// claimed is never given back. With key "", nothing is claimed: it only looks what is free.
//
// Its errors are of the classes of this package; it may be repeated after any. Many goroutines may call it.
type Claim func(ctx context.Context, pool, key string, offers []string) (Claimed, error)

// Claimed is what came of a [Claim].
type Claimed struct {
	Value string // "" when the key had none and no offer was free
	At    int    // place of the offer that the key got now; -1 when it got none now
	Free  int    // how many different offers no key has, after this
	Taken int64  // how many values of the pool keys have, after this
}

// A Name is what a parameter calls a thing that the operator keeps beside the config, such as a pool of licence keys.
type Name struct {
	Param string // that names it
	Sort  string // of thing, as "pool"
	Name  string
	Hint  string // a sentence on how to make one
}

// naming closes [Spec.Names] over its parameter type. Parameters that are not all known may not fit: then nothing is told.
func naming[P any](names func(P) []Name) func(json.RawMessage) []Name {
	if names == nil {
		return nil
	}
	return func(params json.RawMessage) []Name {
		var p P
		if json.Unmarshal(params, &p) != nil {
			return nil
		}
		return names(p)
	}
}
