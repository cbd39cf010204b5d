package server

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"shopbell/actions"
)

// A Meter counts for Prometheus what the engine does. It is an engine.Meter; its methods may be called by many
// goroutines at once. Label values are bounded: after 256 names of one kind, more are counted as "other".
type Meter struct {
	received, attests, sends, commits *prometheus.CounterVec
	changes                           prometheus.Counter
	attestTime, sendTime              *prometheus.HistogramVec
	commitTime                        prometheus.Histogram
	sources, accounts                 names
}

// NewMeter makes a meter whose numbers show in a registry. It panics when the registry has one already.
func NewMeter(reg prometheus.Registerer) *Meter {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "shopbell", Name: name, Help: help}, labels)
	}
	times := func(name, help string, from float64) prometheus.HistogramOpts {
		return prometheus.HistogramOpts{
			Namespace: "shopbell", Name: name, Help: help, Buckets: prometheus.ExponentialBuckets(from, 2.5, 11),
		}
	}
	m := &Meter{
		received:   counter("events_received_total", "Notifications by source and what became of them.", "source", "result"),
		attests:    counter("attests_total", "Entities read back from platforms.", "source", "result"),
		sends:      counter("sends_total", "Tries to carry out a step.", "action", "account", "outcome"),
		commits:    counter("commits_total", "Transactions of the ledger.", "result"),
		attestTime: prometheus.NewHistogramVec(times("attest_seconds", "Time to read an entity back.", 0.005), []string{"source"}),
		sendTime:   prometheus.NewHistogramVec(times("send_seconds", "Time of a try to carry out a step.", 0.005), []string{"action"}),
		commitTime: prometheus.NewHistogram(times("commit_seconds", "Time of a transaction of the ledger.", 0.0002)),
		changes: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "shopbell", Name: "changes_total", Help: "Changes committed to the ledger.",
		}),
	}
	reg.MustRegister(m.received, m.attests, m.sends, m.commits, m.attestTime, m.sendTime, m.commitTime, m.changes)
	return m
}

// Received counts a notification.
func (m *Meter) Received(source, result string) {
	switch result {
	case "accepted", "duplicate", "overload", "signature", "parse", "type", "store", "secret":
	default:
		result = "other"
	}
	m.received.WithLabelValues(m.sources.bounded(source), result).Inc()
}

// Attested counts an entity that was, or was not, read back.
func (m *Meter) Attested(source, result string, took time.Duration) {
	switch result {
	case "confirmed", "unconfirmed", "denied", "retry":
	default:
		result = "other"
	}
	source = m.sources.bounded(source)
	m.attests.WithLabelValues(source, result).Inc()
	m.attestTime.WithLabelValues(source).Observe(took.Seconds())
}

// Sent counts a try of a step.
func (m *Meter) Sent(action, account string, o actions.Outcome, took time.Duration) {
	action, account = m.accounts.bounded(action), m.accounts.bounded(account)
	m.sends.WithLabelValues(action, account, string(o)).Inc()
	m.sendTime.WithLabelValues(action).Observe(took.Seconds())
}

// Committed counts a transaction of the ledger.
func (m *Meter) Committed(changes int, took time.Duration, err error) {
	m.commitTime.Observe(took.Seconds())
	if err != nil {
		m.commits.WithLabelValues("error").Inc()
		return
	}
	m.commits.WithLabelValues("ok").Inc()
	m.changes.Add(float64(changes))
}

// names bounds how many values a label takes: the config bounds them too, but a mistake elsewhere must not grow memory.
type names struct {
	seen sync.Map // string → struct{}
	mu   sync.Mutex
	n    int
}

// bounded gives a name itself, or "other" when there are too many.
func (b *names) bounded(name string) string {
	if _, ok := b.seen.Load(name); ok {
		return name
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.n >= 256 || len(name) > 100 {
		return "other"
	}
	if _, was := b.seen.LoadOrStore(name, struct{}{}); !was {
		b.n++
	}
	return name
}

// gauges shows the engine's health to Prometheus at the moment it asks.
type gauges struct {
	engine  Engine
	version string

	up, ready, queued, working, accepted, sent *prometheus.Desc
	verified, quiet, lag, credentials          *prometheus.Desc // of each source
	shut                                       *prometheus.Desc // of each account
}

func newGauges(e Engine, version string) *gauges {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("shopbell_"+name, help, nil, nil)
	}
	perSource := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("shopbell_"+name, help, []string{"source"}, nil)
	}
	return &gauges{
		engine: e, version: version,
		up:          prometheus.NewDesc("shopbell_build_info", "Always 1; the version is its label.", []string{"version"}, nil),
		ready:       desc("ledger_ready", "1 when the ledger can be written."),
		queued:      desc("queued", "Events and runs that wait in memory for a worker."),
		working:     desc("working", "Steps being carried out."),
		accepted:    desc("last_accepted_timestamp_seconds", "When an event was last accepted; 0 for never."),
		verified:    perSource("last_verified_timestamp_seconds", "When the last true notification of a source came; 0 for never."),
		quiet:       perSource("source_quiet", "1 when a source is silent for unusually long."),
		lag:         perSource("poll_lag_seconds", "By how much the polling of a source is late."),
		credentials: prometheus.NewDesc("shopbell_credentials", "Stores by how their token does: dead, scope and missing want somebody to act.", []string{"source", "state"}, nil),
		shut:        prometheus.NewDesc("shopbell_account_shut", "1 while nothing is sent through an account, or to one of its providers; mend says whether somebody has to act.", []string{"account", "mend"}, nil),
		sent:        desc("last_sent_timestamp_seconds", "When a step was last carried out; 0 for never."),
	}
}

// Describe implements [prometheus.Collector].
func (g *gauges) Describe(to chan<- *prometheus.Desc) { prometheus.DescribeByCollect(g, to) }

// Collect implements [prometheus.Collector].
func (g *gauges) Collect(to chan<- prometheus.Metric) {
	h := g.engine.Health()
	put := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	ready := 0.0
	if h.Ledger == nil {
		ready = 1
	}
	put(g.up, 1, g.version)
	put(g.ready, ready)
	put(g.queued, float64(h.Queued))
	put(g.working, float64(h.Working))
	put(g.accepted, seconds(h.LastAccepted))
	put(g.sent, seconds(h.LastSent))
	for name, s := range h.Sources {
		quiet := 0.0
		if s.Quiet != "" {
			quiet = 1
		}
		put(g.verified, seconds(s.LastVerified), name)
		put(g.quiet, quiet, name)
		put(g.lag, s.PollLag.Seconds(), name)
	}
	for name, a := range h.Accounts {
		n := map[bool]float64{}
		for _, s := range a.Shut {
			n[s.Mend] = 1
		}
		put(g.shut, n[false], name, "no")
		put(g.shut, n[true], name, "yes")
	}
	for name, states := range g.engine.Credentials() {
		for state, n := range states {
			put(g.credentials, float64(n), name, string(state))
		}
	}
}

func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}
