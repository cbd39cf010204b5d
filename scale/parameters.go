package main

import (
	"flag"
	"fmt"
	"io"
	"time"
)

// parameters are everything that a simulation depends on. The same parameters give the same result.
type parameters struct {
	nodes    int
	workers  int     // steps at once, for each node
	readers  int     // entities read back at once, for each node
	rate     float64 // events a second over all nodes; Poisson
	clients  int     // instead of rate: so many senders, each of which waits for its answer
	match    float64 // steps for each event
	provider latency // of a step
	attest   latency // of reading an entity back; zero for none
	length   time.Duration
	warmup   time.Duration // of length: not measured
	seed     uint64
	costs    costs
}

// Round trips of a commit (lock and look, write, follow up, commit), and of a fetch (the jobs, and what they are for).
const (
	commitTrips = 4
	fetchTrips  = 2
)

// costs are what work takes. All of them are to be measured; docs/scale.md says how, and how their defaults came about.
type costs struct {
	nodeCores int
	nodeEvent time.Duration
	nodeStep  time.Duration

	dbCores  int
	dbCommit time.Duration
	dbEvent  time.Duration
	dbRun    time.Duration
	dbStep   time.Duration
	dbFetch  time.Duration
	dbTake   time.Duration
	flush    time.Duration
	trip     time.Duration

	notify   time.Duration
	listen   bool
	cooldown time.Duration
	poll     time.Duration
	batch    int
}

// A setting is one line of the table of costs: its flag, its default, and what it stands for.
type setting struct {
	flag     string
	duration *time.Duration
	number   *int
	standard any
	meaning  string
}

// table lists the costs with their defaults. It is the only place that has them.
func (c *costs) table() []setting {
	return []setting{
		{flag: "node-cores", number: &c.nodeCores, standard: 2, meaning: "processors of a node"},
		{flag: "node-event", duration: &c.nodeEvent, standard: 85 * time.Microsecond, meaning: "processor time of a node for an event: HTTP, signature, rules"},
		{flag: "node-step", duration: &c.nodeStep, standard: 184 * time.Microsecond, meaning: "processor time of a node for a step: render, send, settle"},
		{flag: "db-cores", number: &c.dbCores, standard: 4, meaning: "processors of the database"},
		{flag: "db-commit", duration: &c.dbCommit, standard: 300 * time.Microsecond, meaning: "processor time of the database for a transaction, whatever is in it"},
		{flag: "db-event", duration: &c.dbEvent, standard: 30 * time.Microsecond, meaning: "and for an event in it"},
		{flag: "db-run", duration: &c.dbRun, standard: 50 * time.Microsecond, meaning: "and for a run with its job in it"},
		{flag: "db-step", duration: &c.dbStep, standard: 60 * time.Microsecond, meaning: "and for the outcome of a step in it"},
		{flag: "db-fetch", duration: &c.dbFetch, standard: 250 * time.Microsecond, meaning: "processor time of the database for a fetch, whatever it brings"},
		{flag: "db-take", duration: &c.dbTake, standard: 40 * time.Microsecond, meaning: "and for a job that it brings"},
		{flag: "flush", duration: &c.flush, standard: time.Millisecond, meaning: "what a commit waits for the disk"},
		{flag: "trip", duration: &c.trip, standard: 500 * time.Microsecond, meaning: "a round trip to the database: four a commit, two a fetch"},
		{flag: "notify", duration: &c.notify, standard: time.Millisecond, meaning: "from a commit until the nodes have heard of it"},
		{flag: "cooldown", duration: &c.cooldown, standard: 5 * time.Millisecond, meaning: "a node fetches no more often"},
		{flag: "poll", duration: &c.poll, standard: 2 * time.Minute, meaning: "a node that has heard nothing fetches as often"},
		{flag: "batch", number: &c.batch, standard: 512, meaning: "requests in one commit, at most"},
	}
}

// define makes a flag of a line of the table.
func (s setting) define(f *flag.FlagSet) {
	if s.number != nil {
		f.IntVar(s.number, s.flag, s.standard.(int), s.meaning)
		return
	}
	f.DurationVar(s.duration, s.flag, s.standard.(time.Duration), s.meaning)
}

// parse reads the command line.
func parse(args []string, usage io.Writer) (parameters, sweep, error) {
	var p parameters
	var s sweep
	f := flag.NewFlagSet("scale", flag.ContinueOnError)
	f.SetOutput(usage)
	f.IntVar(&p.nodes, "nodes", 1, "nodes of Shopbell")
	f.IntVar(&p.workers, "workers", 96, "steps at once, for each node: those of one account")
	f.IntVar(&p.readers, "readers", 16, "entities read back at once, for each node")
	f.Float64Var(&p.rate, "rate", 100, "events a second over all nodes")
	f.IntVar(&p.clients, "clients", 0, "instead of -rate: senders, each of which waits for its answer")
	f.Float64Var(&p.match, "match", 1, "part of the events that make a step, 0 to 1")
	f.DurationVar(&p.provider.median, "provider", 200*time.Millisecond, "time of a provider to answer: half of the answers take less")
	f.DurationVar(&p.provider.p99, "p99", 0, "and 99 of 100; 0 means 4 times as long")
	f.DurationVar(&p.attest.median, "attest", 0, "time of a store to give an entity back; 0 means that none is read back")
	f.DurationVar(&p.attest.p99, "attest-p99", 0, "and 99 of 100; 0 means 4 times as long")
	f.DurationVar(&p.length, "length", time.Minute, "time to simulate")
	f.DurationVar(&p.warmup, "warmup", 10*time.Second, "of it, what is not measured")
	f.Uint64Var(&p.seed, "seed", 1, "where chance begins")
	f.BoolVar(&p.costs.listen, "listen", true, "the database tells the nodes of new work; else they find it every -poll")
	f.Var(&s, "sweep", "simulate for each of some values, such as nodes=1,2,3,5 (also workers, rate, provider)")
	for _, line := range p.costs.table() {
		line.define(f)
	}
	if err := f.Parse(args); err != nil {
		return p, s, err
	}
	if f.NArg() > 0 {
		return p, s, fmt.Errorf("%q is not a flag", f.Arg(0))
	}
	return p, s, p.check()
}

// check says what cannot be simulated.
func (p parameters) check() error {
	for _, c := range []struct {
		wrong bool
		text  string
	}{
		{p.nodes < 1 || p.workers < 1 || p.readers < 1, "-nodes, -workers and -readers must be 1 or more"},
		{p.costs.nodeCores < 1 || p.costs.dbCores < 1 || p.costs.batch < 1, "-node-cores, -db-cores and -batch must be 1 or more"},
		{p.clients < 0 || p.clients == 0 && !(p.rate > 0), "-rate must be above 0, or -clients"},
		{!(p.match >= 0 && p.match <= 1), "-match must be from 0 to 1"},
		{p.length <= p.warmup || p.warmup < 0, "-length must be longer than -warmup"},
		{p.provider.wrong() || p.attest.wrong(), "-provider and -attest must not be negative, nor their p99 less than they are"},
		{p.costs.poll <= 0, "-poll must be above 0"},
		{p.clients > 0 && p.costs.nodeEvent+p.costs.flush+p.costs.dbCommit+p.costs.dbEvent == 0, "with -clients, something must take time"},
	} {
		if c.wrong {
			return fmt.Errorf("%s", c.text)
		}
	}
	for _, line := range p.costs.table() {
		if line.duration != nil && *line.duration < 0 {
			return fmt.Errorf("-%s must not be negative", line.flag)
		}
	}
	return nil
}
