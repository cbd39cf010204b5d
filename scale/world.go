package main

import (
	"math/rand/v2"
	"time"
)

// A world is one simulation: nodes, a database, and what comes in.
type world struct {
	p        parameters
	clock    clock
	chance   *rand.Rand
	database station
	notices  station // the lock of those who notify
	nodes    []*node
	reads    queue // entities to be read back
	sends    queue // steps to be carried out
	measured
}

// A node is one process of Shopbell.
type node struct {
	world     *world
	processor station
	committer committer
	readers   pool
	senders   pool
}

// simulate lets the time of the parameters pass, and gives what was measured after the warm-up.
func simulate(p parameters) result {
	w := &world{p: p, chance: rand.New(rand.NewPCG(p.seed, 0x5e11))}
	w.database = station{clock: &w.clock, servers: p.costs.dbCores, since: p.warmup}
	w.notices = station{clock: &w.clock, servers: 1, since: p.warmup}
	for range p.nodes {
		w.nodes = append(w.nodes, w.newNode())
	}
	for i, n := range w.nodes { // not all at once
		w.clock.after(p.costs.poll*time.Duration(i+1)/time.Duration(p.nodes), n.poll)
	}
	if p.clients > 0 {
		for i := range p.clients {
			w.client(w.nodes[i%p.nodes])
		}
	} else {
		w.arrive()
	}
	w.clock.run(p.length)
	return w.result()
}

func (w *world) newNode() *node {
	n := &node{world: w, processor: station{clock: &w.clock, servers: w.p.costs.nodeCores, since: w.p.warmup}}
	n.committer.world = w
	n.readers = pool{node: n, queue: &w.reads, workers: w.p.readers, work: n.read, fetched: -w.p.costs.cooldown}
	n.senders = pool{node: n, queue: &w.sends, workers: w.p.workers, work: n.send, fetched: -w.p.costs.cooldown}
	return n
}

// arrive lets one event come in at any node, and plans the next.
func (w *world) arrive() {
	w.clock.after(time.Duration(w.chance.ExpFloat64()/w.p.rate*float64(time.Second)), func() {
		w.nodes[w.chance.IntN(len(w.nodes))].receive(func() {})
		w.arrive()
	})
}

// client is a sender that waits for its answer before it sends again.
func (w *world) client(n *node) {
	w.clock.after(0, func() { n.receive(func() { w.client(n) }) })
}

// receive takes an event in. answered is called with the 200.
func (n *node) receive(answered func()) {
	w := n.world
	j := &job{arrived: w.clock.now}
	accept := change{work: w.p.costs.dbEvent}
	switch matched := w.chance.Float64() < w.p.match; {
	case w.p.attest.median > 0: // the rules are asked when its entity is known
		accept.due = &w.reads
	case matched: // its run rides in the same transaction
		accept.due, accept.work = &w.sends, accept.work+w.p.costs.dbRun
	}
	accept.done = func() {
		w.accepted(j)
		w.due(accept.due, j)
		answered()
	}
	n.processor.take(w.p.costs.nodeEvent, func() { n.committer.add(accept) })
}

// read asks the store for the entity of an event, and plans its run.
func (n *node) read(j *job, done func()) {
	w := n.world
	plan := change{work: w.p.costs.dbStep} // the event planned, the job completed
	if w.chance.Float64() < w.p.match {
		plan.due, plan.work = &w.sends, plan.work+w.p.costs.dbRun
	}
	plan.done = func() {
		w.due(plan.due, j)
		done()
	}
	w.clock.after(w.p.attest.draw(w.chance), func() { n.committer.add(plan) })
}

// send carries out a step, and settles it. The worker is held until that is on disk.
func (n *node) send(j *job, done func()) {
	w := n.world
	n.processor.take(w.p.costs.nodeStep, func() {
		w.clock.after(w.p.provider.draw(w.chance), func() {
			w.delivered(j)
			n.committer.add(change{work: w.p.costs.dbStep, done: done})
		})
	})
}

// due puts a job into one of the database's queues, if any.
func (w *world) due(q *queue, j *job) {
	if q == nil {
		return
	}
	j.due = w.clock.now
	q.jobs.push(j)
}

func (n *node) pool(q *queue) *pool {
	if q == &n.world.reads {
		return &n.readers
	}
	return &n.senders
}

// poll looks for jobs that the node has not heard of.
func (n *node) poll() {
	n.readers.wake()
	n.senders.wake()
	n.world.clock.after(n.world.p.costs.poll, n.poll)
}
