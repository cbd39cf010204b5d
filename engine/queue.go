package engine

import (
	"slices"
	"sync"
)

// A queue hands work to workers: items with the same key one at a time, in the order in which they were put in, items
// with different keys at once. Items of one group (a store, an account) take at most a share of the workers and of the
// room, so that one that hangs, or that has a hundred thousand of them, leaves room for the others. What has no room
// waits in the ledger: its group is behind, and a [feeder] brings it when there is room again.
type queue[T any] struct {
	mu      sync.Mutex
	wake    sync.Cond
	bounds  bounds
	lanes   map[string]*lane[T]
	groups  map[string]*group[T]
	ready   fifo[*lane[T]]
	ids     map[int64]bool     // of every item inside; true while a worker has it
	anew    map[int64]entry[T] // put in while a worker had the same id: it may be done with an earlier state of it
	working int
	closed  bool
	most    func(group string) int // workers in a group, at least 1; nil means bounds.perGroup for all. Set before the first put
	starved []*group[T]            // those that are behind, the longest first
	hunger  func()                 // called when a group that is behind has room
}

// bounds are how much a queue takes.
type bounds struct {
	window   int // items inside
	share    int // of them of one group
	perGroup int // workers in one group
}

// An entry is an item with what the queue needs to know of it.
type entry[T any] struct {
	id    int64  // unique
	key   string // "" for an item that no other must wait for
	group string
	item  T
	// behind says that the ledger has earlier work of the same key, which must be inside before this is.
	behind bool
}

type lane[T any] struct {
	key   string
	group *group[T] // of its head, while busy; nil when it has given up its place there
	items fifo[entry[T]]
	busy  bool // a worker has its head, or it stands in ready or in its group's parked
}

type group[T any] struct {
	name    string
	inside  int // items
	working int // lanes that a worker has, or that stand ready for one
	parked  fifo[*lane[T]]
	// behind says that the ledger holds due work of the group that is not inside, so that new work must queue up there.
	behind  bool
	loading bool
	late    []entry[T]      // put in while loading
	dropped map[string]bool // keys that were dropped while loading: what is being read of them may be out of date
	missed  bool            // something had no room even in late
}

func newQueue[T any](b bounds, hunger func()) *queue[T] {
	q := &queue[T]{lanes: map[string]*lane[T]{}, groups: map[string]*group[T]{}, ids: map[int64]bool{}, anew: map[int64]entry[T]{},
		bounds: b, hunger: hunger}
	q.wake.L = &q.mu
	return q
}

// put adds new work, unless it has to wait in the ledger.
func (q *queue[T]) put(e entry[T]) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	switch g := q.groupOf(e.group); {
	case g.loading && len(g.late) < q.bounds.share:
		g.late = append(g.late, e)
	case g.loading:
		g.missed = true
	case g.behind || g.inside >= q.bounds.share || len(q.ids) >= q.bounds.window:
		q.starve(g)
	default:
		q.addBehind(g, e)
	}
}

// addBehind adds new work, unless what it must come after is in the ledger only: then both are fetched from there.
func (q *queue[T]) addBehind(g *group[T], e entry[T]) {
	if e.behind && q.lanes[e.key] == nil {
		q.starve(g)
		q.feedable()
		return
	}
	q.add(e)
}

// fallBehind notes that the ledger holds due work of these groups that may not be inside.
func (q *queue[T]) fallBehind(names []string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, name := range names {
		q.starve(q.groupOf(name))
	}
}

func (q *queue[T]) starve(g *group[T]) {
	if !g.behind {
		g.behind = true
		q.starved = append(q.starved, g)
	}
}

func (q *queue[T]) add(e entry[T]) {
	if taken, inside := q.ids[e.id]; inside {
		if taken {
			q.anew[e.id] = e
		}
		return
	}
	q.ids[e.id] = false
	q.groupOf(e.group).inside++
	l := q.lanes[e.key]
	if l == nil {
		l = &lane[T]{key: e.key}
		if e.key != "" {
			q.lanes[e.key] = l
		}
	}
	l.items.push(e)
	q.offer(l)
}

// remove forgets an item that is no longer inside.
func (q *queue[T]) remove(e entry[T]) {
	delete(q.ids, e.id)
	g := q.groups[e.group]
	g.inside--
	q.tidy(g)
}

// tidy drops a group that nothing is known of.
func (q *queue[T]) tidy(g *group[T]) {
	if g.inside == 0 && g.working == 0 && g.parked.len() == 0 && !g.behind && !g.loading {
		delete(q.groups, g.name)
	}
}

// offer makes a lane's head available, if the lane is idle and has one.
func (q *queue[T]) offer(l *lane[T]) {
	if l.busy {
		return
	}
	if l.items.len() == 0 {
		delete(q.lanes, l.key)
		return
	}
	l.busy, l.group = true, q.groupOf(l.items.first().group)
	if l.group.working >= q.workersOf(l.group) {
		l.group.parked.push(l)
		return
	}
	q.makeReady(l)
}

func (q *queue[T]) groupOf(name string) *group[T] {
	g := q.groups[name]
	if g == nil {
		g = &group[T]{name: name}
		q.groups[name] = g
	}
	return g
}

func (q *queue[T]) makeReady(l *lane[T]) {
	l.group.working++
	q.ready.push(l)
	q.wake.Signal()
}

// leave gives up a lane's place in its group, unless it has been given up.
func (q *queue[T]) leave(l *lane[T]) {
	g := l.group
	l.busy, l.group = false, nil
	if g == nil {
		return
	}
	g.working--
	q.fill(g)
	q.tidy(g)
}

// next waits for work. The caller must call done or again with what it got. ok is false once the queue is closed.
func (q *queue[T]) next() (e entry[T], l *lane[T], ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.ready.len() == 0 && !q.closed {
		q.wake.Wait()
	}
	return q.take()
}

// poll is next without waiting. A worker that has done its work on the item of a lane, and has only to write down what came of it, names
// that lane: its place in the group is free from then on, and the worker has the first claim to it. Without one, last is nil.
func (q *queue[T]) poll(last *lane[T]) (e entry[T], l *lane[T], ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if last != nil && last.group != nil {
		q.vacate(last)
	}
	return q.take()
}

func (q *queue[T]) take() (e entry[T], l *lane[T], ok bool) {
	if q.closed || q.ready.len() == 0 {
		return e, nil, false
	}
	l = q.ready.pop()
	q.working++
	e = l.items.first()
	q.ids[e.id] = true
	return e, l, true
}

// done says that the item that next gave is finished with, and lets the lane's next item go.
func (q *queue[T]) done(l *lane[T]) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.working--
	e := l.items.pop()
	q.leave(l)
	q.remove(e)
	q.offer(l)
	if anew, ok := q.anew[e.id]; ok {
		delete(q.anew, e.id)
		q.add(anew)
	}
	q.feedable()
}

// again says that the item that next gave goes on as e, which has the same id and key, before what waits behind it.
func (q *queue[T]) again(l *lane[T], e entry[T]) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.working--
	before := l.items.first()
	l.items.items[l.items.head] = e
	q.groupOf(e.group).inside++
	q.leave(l)
	q.remove(before)
	q.ids[e.id] = false
	delete(q.anew, e.id)
	q.offer(l)
	q.feedable()
}

// feedable tells the feeder when a group that is behind has room.
func (q *queue[T]) feedable() {
	if len(q.starved) > 0 && q.hungry() != nil && q.hunger != nil {
		q.hunger()
	}
}

// hungry gives the first group that is behind and has room to be fed.
func (q *queue[T]) hungry() *group[T] {
	if len(q.ids) > q.bounds.window-q.bounds.share {
		return nil
	}
	for _, g := range q.starved {
		if g.inside <= max(1, q.bounds.share/8) && !g.loading {
			return g
		}
	}
	return nil
}

// drop takes out what waits behind the head of a key: it waits in the ledger from now on.
func (q *queue[T]) drop(key, group string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if key == "" {
		return
	}
	if g := q.groups[group]; g != nil && g.loading {
		if g.dropped == nil {
			g.dropped = map[string]bool{}
		}
		g.dropped[key] = true
		g.late = slices.DeleteFunc(g.late, func(e entry[T]) bool { return e.key == key })
	}
	l := q.lanes[key]
	if l == nil {
		return
	}
	for l.items.len() > 1 {
		q.remove(l.items.popLast())
	}
	delete(q.anew, l.items.first().id)
}

// settled says that what is known of an item from before now is out of date: the ledger has moved it on.
func (q *queue[T]) settled(id int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.anew, id)
}

// beginLoad chooses a group to be fed, and lets its new work wait aside meanwhile. ok is false when none is hungry.
func (q *queue[T]) beginLoad() (name string, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	g := q.hungry()
	if g == nil || q.closed {
		return "", false
	}
	g.loading = true
	return g.name, true
}

// endLoad puts in what was read of a group, and behind it what came meanwhile. whole says that the ledger has no more
// due work of it.
func (q *queue[T]) endLoad(name string, loaded []entry[T], whole bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	g := q.groups[name]
	late, missed, dropped := g.late, g.missed, g.dropped
	g.loading, g.late, g.missed, g.dropped = false, nil, false, nil
	q.starved = slices.DeleteFunc(q.starved, func(other *group[T]) bool { return other == g })
	g.behind = false
	for _, e := range loaded {
		if !dropped[e.key] {
			q.add(e)
		}
	}
	if !whole || missed {
		q.starve(g)
	}
	if whole {
		for _, e := range late {
			q.addBehind(g, e)
		}
	}
	q.tidy(g)
}

// size tells how many items are inside, and how many of them workers have.
func (q *queue[T]) size() (inside, working int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.ids), q.working
}

// close sends the workers home; what is inside stays in the ledger.
func (q *queue[T]) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.wake.Broadcast()
}

// A fifo is a first-in first-out list that reuses its memory.
type fifo[E any] struct {
	items []E
	head  int
}

func (f *fifo[E]) len() int { return len(f.items) - f.head }
func (f *fifo[E]) first() E { return f.items[f.head] }
func (f *fifo[E]) push(e E) { f.items = append(f.items, e) }

func (f *fifo[E]) pop() E {
	var none E
	e := f.items[f.head]
	f.items[f.head] = none
	if f.head++; f.head == len(f.items) {
		f.items, f.head = f.items[:0], 0
	} else if f.head > 64 && f.head > len(f.items)/2 {
		f.items = f.items[:copy(f.items, f.items[f.head:])]
		f.head = 0
	}
	return e
}

func (f *fifo[E]) popLast() E {
	e := f.items[len(f.items)-1]
	f.items = f.items[:len(f.items)-1]
	return e
}
