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

// measurements are the points that the simulation is held against. They hold measured numbers and no others.
func measurements() []measurement { return nil }
