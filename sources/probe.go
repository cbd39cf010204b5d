package sources

import "context"

// A Prober is a source that can ask a store what its credential is good for, without anything that anybody notices.
type Prober interface {
	// Probe reads what a store says of itself, and tells which accesses of some the store's credential lacks. An access that only writing
	// would tell is not asked for. That one is lacking is no error. Errors as of Attest.
	Probe(ctx context.Context, store string, accesses []string) (Probed, error)
}

// Probed is what a store told.
type Probed struct {
	Name  string   // as its merchant calls it; "" when it is not told
	Lacks []string // of the accesses, in their order
}
