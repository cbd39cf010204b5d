package main

import "time"

// A measurement is a run of the real program that the simulation must give again: with the flags that describe it, what
// was measured. A zero is something that was not.
type measurement struct {
	what      string   // machine, versions, date, and the command that measured it
	flags     []string // of this program
	accepted  float64  // events a second
	delivered float64  // steps a second
	acceptP50 time.Duration
	acceptP99 time.Duration
	endP50    time.Duration
	endP99    time.Duration
	within    float64 // how far the simulation may be off, as a part of what was measured
}

// measurements are the points that the simulation is held against. They hold measured numbers and no others. The machine's two
// processors were shared by the node, the database and what sent the events, so each of the first two is given one; what the
// sender took is not in the model, which is therefore some tenths too fast.
func measurements() []measurement {
	return []measurement{{
		what: "one node and PostgreSQL 15 on two processors, 2026-11-21: 60,000 events of 128 senders, half of them with one step",
		flags: []string{"-clients", "128", "-match", "0.5", "-provider", "1ms", "-p99", "8ms", "-length", "20s", "-warmup", "5s",
			"-node-cores", "1", "-db-cores", "1", "-trip", "200us"},
		accepted: 4690, delivered: 2345, acceptP50: 26380 * time.Microsecond, acceptP99: 47500 * time.Microsecond,
		endP50: 38710 * time.Microsecond, endP99: 75830 * time.Microsecond, within: 0.45,
	}}
}
