// Package main simulates the way of an event over several nodes of Shopbell and one PostgreSQL: how long a webhook waits for
// its 200, how long until its message is delivered, and what is busy, for numbers of nodes, workers and stores that no
// one has at hand to try.
//
//	go run ./scale -nodes 3 -rate 1000 -provider 200ms
//	go run ./scale -rate 1000 -sweep nodes=1,2,3,5
//	go run ./scale -clients 128 -match 0.5 -provider 1ms      # a load generator that waits for each answer
//
// It is a discrete event simulation on a clock of its own: nothing sleeps, nothing is sent, and the same -seed gives the
// same numbers. What a piece of work costs is given by flags; docs/scale.md tells which of them are measured, and how.
//
// It leaves out what does not limit: rules (microseconds), reading the dashboard, retries, retention, the order of events of
// one subject, and the rates of accounts. All steps go through one account. It knows no failures.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(2)
	}
}

// run simulates what the arguments ask for and prints a table, one line for each simulation.
func run(args []string, out, usage io.Writer) error {
	p, sweep, err := parse(args, usage)
	if err != nil {
		return err
	}
	cases, err := sweep.apply(p)
	if err != nil {
		return err
	}
	var results []result
	for _, c := range cases {
		if err := c.check(); err != nil {
			return err
		}
		results = append(results, simulate(c))
	}
	return tabulate(out, results)
}
