package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// measured is what a simulation notes of events that came in after the warm-up.
type measured struct {
	answers, deliveries  []time.Duration
	ingoing, outgoing    int // answered and delivered after the warm-up, whenever they came in
	waits                time.Duration
	starts               int
	commits, changes     int
	words                int // commits that told the nodes of new jobs
	everAccepted, everGo int
}

func (w *world) measuring() bool { return w.clock.now >= w.p.warmup }

func (w *world) accepted(j *job) {
	w.everAccepted++
	if w.measuring() {
		w.ingoing++
	}
	if j.arrived >= w.p.warmup {
		w.answers = append(w.answers, w.clock.now-j.arrived)
	}
}

func (w *world) delivered(j *job) {
	w.everGo++
	if w.measuring() {
		w.outgoing++
	}
	if j.arrived >= w.p.warmup {
		w.deliveries = append(w.deliveries, w.clock.now-j.arrived)
	}
}

// waited notes how long a job has waited for a worker.
func (w *world) waited(j *job) {
	if j.arrived >= w.p.warmup {
		w.waits += w.clock.now - j.due
		w.starts++
	}
}

// quantiles are the times that 50, 95 and 99 of 100 stay below.
type quantiles struct{ p50, p95, p99 time.Duration }

func quantilesOf(samples []time.Duration) quantiles {
	slices.Sort(samples)
	at := func(q float64) time.Duration {
		if len(samples) == 0 {
			return 0
		}
		return samples[max(0, int(math.Ceil(q*float64(len(samples))))-1)]
	}
	return quantiles{at(0.50), at(0.95), at(0.99)}
}

// A result is what one simulation showed.
type result struct {
	p                       parameters
	accepted, delivered     float64 // a second
	accept, end             quantiles
	wait                    time.Duration // mean, of a job for a worker
	batch                   float64       // mean, requests in a commit
	database, node, workers float64       // part of their time at work
	words                   float64       // a second, commits that told the nodes of new jobs
	everAccepted, everGo    int           // also before the warm-up
	waiting                 int           // jobs that nobody had fetched at the end
}

func (w *world) result() result {
	over := w.p.length - w.p.warmup
	r := result{p: w.p, accepted: float64(w.ingoing) / over.Seconds(), delivered: float64(w.outgoing) / over.Seconds(),
		accept: quantilesOf(w.answers), end: quantilesOf(w.deliveries), database: w.database.used(over),
		everAccepted: w.everAccepted, everGo: w.everGo, waiting: w.reads.jobs.len() + w.sends.jobs.len()}
	r.words = float64(w.words) / over.Seconds()
	if w.starts > 0 {
		r.wait = w.waits / time.Duration(w.starts)
	}
	if w.commits > 0 {
		r.batch = float64(w.changes) / float64(w.commits)
	}
	for _, n := range w.nodes {
		r.node += n.processor.used(over) / float64(len(w.nodes))
		r.workers += float64(n.senders.worked) / float64(over) / float64(w.p.workers) / float64(len(w.nodes))
	}
	return r
}

// overrun tells whether more came in than went out: then latencies say only how long it had been so.
func (r result) overrun() bool { return float64(r.waiting) > r.accepted+10 }

// tabulate writes the results as a table.
func tabulate(out io.Writer, results []result) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "nodes\tworkers\tevents/s\tprovider\taccepted/s\tdelivered/s\taccept p50\tp95\tp99\tend to end p50\tp95\tp99\tdatabase\tnode\tworkers\tper commit\twaiting\t")
	overrun := false
	for _, r := range results {
		offered := fmt.Sprintf("%.0f", r.p.rate)
		if r.p.clients > 0 {
			offered = fmt.Sprintf("%d senders", r.p.clients)
		}
		mark := ""
		if r.overrun() {
			mark, overrun = " !", true
		}
		fmt.Fprintf(t, "%d\t%d\t%s\t%s\t%.0f\t%.0f\t%s\t%s\t%s\t%s\t%s\t%s\t%.0f%%\t%.0f%%\t%.0f%%\t%.1f\t%d%s\t\n",
			r.p.nodes, r.p.workers, offered, short(r.p.provider.median), r.accepted, r.delivered,
			short(r.accept.p50), short(r.accept.p95), short(r.accept.p99), short(r.end.p50), short(r.end.p95), short(r.end.p99),
			100*r.database, 100*r.node, 100*r.workers, r.batch, r.waiting, mark)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	var notes []string
	if overrun {
		notes = append(notes, "! more comes in than goes out: the times grow as long as that lasts")
	}
	if len(measurements()) == 0 {
		notes = append(notes, "the costs are assumed, none is measured yet")
	}
	_, err := fmt.Fprint(out, strings.Join(append(notes, ""), "\n"))
	return err
}

// short rounds a time to three digits.
func short(d time.Duration) string {
	for step := time.Duration(1); ; step *= 10 {
		if d < 1000*step {
			return d.Round(step).String()
		}
	}
}
