package rules

import (
	"bytes"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// A crew does the work of a load on all processors.
type crew struct {
	world  World
	served served
	hands  chan struct{}

	buffers sync.Pool // of *bytes.Buffer, to read files into
	beside  *beside
	root    string

	mu      sync.Mutex
	resting []*reader
}

func newCrew(w World) *crew {
	return &crew{world: w, served: w.served(), hands: make(chan struct{}, runtime.GOMAXPROCS(0)-1), buffers: sync.Pool{New: func() any { return new(bytes.Buffer) }}}
}

// each does something n times, some of it at once, and returns when all is done. What is done may call each again: the
// caller always works itself, so that nobody waits for hands.
func (c *crew) each(n int, do func(i int)) {
	var next atomic.Int64
	work := func() {
		for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
			do(int(i))
		}
	}
	var others sync.WaitGroup
hire:
	for range n - 1 {
		select {
		case c.hands <- struct{}{}:
			others.Go(func() {
				work()
				<-c.hands
			})
		default:
			break hire
		}
	}
	work()
	others.Wait()
}

// reader gives a reader for one file of a directory. It comes back by rest.
func (c *crew) reader(directory string) *reader {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.resting); n > 0 {
		r := c.resting[n-1]
		c.resting = c.resting[:n-1]
		return r.anew(directory)
	}
	r := newReader(c.world, c.served, directory)
	r.beside, r.root = c.beside, c.root
	return r
}

func (c *crew) rest(r *reader) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.resting = append(c.resting, r)
}

// disband lets go of the readers, when the load is done.
func (c *crew) disband() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.resting {
		r.done()
	}
	c.resting = nil
}

// copied gives a world that does not change when the maps of the other do.
func (w World) copied() World {
	w.Sources, w.Actions, w.Accounts = maps.Clone(w.Sources), maps.Clone(w.Actions), maps.Clone(w.Accounts)
	for name, o := range w.Sources {
		o.Stores = slices.Clone(o.Stores)
		w.Sources[name] = o
	}
	for name, o := range w.Accounts {
		o.Stores = slices.Clone(o.Stores)
		w.Accounts[name] = o
	}
	if w.Things != nil {
		w.Things = remembered(w.Things)
	}
	return w
}

// same tells whether rules that were made in one world are right in the other. Catalogs and kinds of actions do not
// change, so it is enough that they are the same ones.
func (w World) same(o World) bool {
	return w.Default == o.Default && maps.Equal(w.Actions, o.Actions) &&
		maps.EqualFunc(w.Sources, o.Sources, func(a, b Origin) bool {
			return a.Kind == b.Kind && a.Catalog == b.Catalog && a.ReadsBack == b.ReadsBack && slices.Equal(a.Stores, b.Stores)
		}) &&
		maps.EqualFunc(w.Accounts, o.Accounts, func(a, b Outlet) bool { return a.Kind == b.Kind && slices.Equal(a.Stores, b.Stores) })
}
