package actions

import "context"

// Stores are merchants' stores that an account can change, to be asked without anything that anybody notices: see [Tester].
type Stores interface {
	// List gives those of a source, or with "" of every source that can be asked, in order. Its error says why there are none, and is
	// for people.
	List(source string) ([]Store, error)
	// Ask has a store tell which accesses of some its credential lacks. Those that only writing would tell are not asked for. Its errors
	// are of the classes of this package; a lack is none. Many goroutines may call it.
	Ask(ctx context.Context, at Store, accesses []string) (StoreAnswer, error)
}

// A Store is one store, by its source's name in the config and its id there.
type Store struct{ Source, ID string }

// A StoreAnswer is what a store tells.
type StoreAnswer struct {
	Name  string   // as its merchant calls it; "" when it is not told
	Lacks []string // of the accesses
}
