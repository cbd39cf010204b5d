package main

import "time"

// A queue is what River is in the database: the jobs of one kind that are due, for whoever fetches them first.
type queue struct{ jobs fifo[*job] }

// A job is an event on its way, which somebody outside has to be asked about.
type job struct {
	arrived time.Duration
	due     time.Duration // since when it waits for a worker
}

// A pool is the workers of one node for one queue, and what brings them their jobs.
type pool struct {
	node    *node
	queue   *queue
	workers int
	running int
	// work is what a worker does with a job; it calls done when the outcome is on disk.
	work func(j *job, done func())

	wanted   bool // there may be jobs in the database
	fetching bool
	waiting  bool // for the cooldown
	fetched  time.Duration
	worked   time.Duration
}

// wake tells of new jobs.
func (p *pool) wake() {
	p.wanted = true
	p.fetch()
}

// fetch brings as many jobs as there are free workers, in one query, no more often than the cooldown allows.
func (p *pool) fetch() {
	w := p.node.world
	free := p.workers - p.running
	if !p.wanted || p.fetching || p.waiting || free == 0 {
		return
	}
	if wait := p.fetched + w.p.costs.cooldown - w.clock.now; wait > 0 {
		p.waiting = true
		w.clock.after(wait, func() { p.waiting = false; p.fetch() })
		return
	}
	p.wanted, p.fetching, p.fetched = false, true, w.clock.now
	var got []*job
	w.database.do(func() time.Duration {
		for len(got) < free && p.queue.jobs.len() > 0 {
			got = append(got, p.queue.jobs.pop())
		}
		return w.p.costs.dbFetch + time.Duration(len(got))*w.p.costs.dbTake
	}, func() {
		w.clock.soon(fetchTrips*w.p.costs.trip, func() { p.got(got, free) })
	})
}

// got sets workers to work. A fetch that was full is a sign that there is more.
func (p *pool) got(jobs []*job, asked int) {
	p.fetching = false
	if len(jobs) == asked {
		p.wanted = true
	}
	p.running += len(jobs)
	for _, j := range jobs {
		p.start(j)
	}
	p.fetch()
}

func (p *pool) start(j *job) {
	w, from := p.node.world, p.node.world.clock.now
	w.waited(j)
	p.work(j, func() {
		p.worked += max(0, w.clock.now-max(from, w.p.warmup))
		p.running--
		p.fetch()
	})
}
