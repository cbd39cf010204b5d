package server

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"shopbell/engine"
	"shopbell/rules"
)

// overview is what the first page shows.
type overview struct {
	Health    engine.Health
	Reasons   []string // why it is not ready
	Broken    []rules.Directory
	NoRules   bool
	Sources   []Source
	Days      []day
	Peak      int64
	Today     day
	Yesterday day
	Events    []engine.Record
	Runs      []runRow
	Stuck     []runRow
	More      bool // there are more stuck runs than shown
	Trying    []engine.Record
}

// day is what came in on one day (UTC), and how many runs were carried out whole.
type day struct {
	Date                                time.Time
	Received, Sent, Dead, Refused, Dups int64
}

// plotDays is how many days the plot shows.
const plotDays = 14

// stuckShown is how many stuck runs of one state the overview lists.
const stuckShown = 8

// overviewPage shows at a glance: is it alive, what came in, what went out, what is stuck and why.
func (s *Server) overviewPage(c *gin.Context) {
	o, err := s.overview(c.Request.Context())
	if err != nil {
		s.pageTrouble(c, err)
		return
	}
	s.show(c, "overview", "Overview", o)
}

func (s *Server) overview(ctx context.Context) (*overview, error) {
	book := s.Rules()
	o := &overview{Health: s.Engine.Health(), Reasons: s.unready(), Sources: s.Sources, NoRules: len(book.Rules()) == 0}
	for _, d := range book.Directories() {
		if d.Broken {
			o.Broken = append(o.Broken, d)
		}
	}
	today := time.Now().UTC().Truncate(24 * time.Hour)
	counts, err := s.Ledger.Counts(ctx, today.AddDate(0, 0, 1-plotDays))
	if err != nil {
		return nil, err
	}
	o.Days = byDay(counts, today)
	o.Today, o.Yesterday = o.Days[plotDays-1], o.Days[plotDays-2]
	for _, d := range o.Days {
		o.Peak = max(o.Peak, d.Received, d.Sent)
	}
	if o.Events, err = s.Ledger.Events(ctx, engine.EventFilter{Limit: 8}); err != nil {
		return nil, err
	}
	if o.Runs, err = s.runRows(ctx, engine.RunFilter{Limit: 8}); err != nil {
		return nil, err
	}
	return o, s.stuck(ctx, o)
}

// stuck finds what a person should look at: runs that are dead or held, and events that take more than one try.
func (s *Server) stuck(ctx context.Context, o *overview) error {
	for _, state := range []engine.RunState{engine.RunHeld, engine.RunDead} {
		rows, err := s.runRows(ctx, engine.RunFilter{State: state, Limit: stuckShown + 1})
		if err != nil {
			return err
		}
		if len(rows) > stuckShown {
			rows, o.More = rows[:stuckShown], true
		}
		o.Stuck = append(o.Stuck, rows...)
	}
	waiting, err := s.Ledger.Events(ctx, engine.EventFilter{State: engine.EventPending, Limit: 50})
	if err != nil {
		return err
	}
	for _, record := range waiting {
		if record.Tries > 1 && len(o.Trying) < stuckShown {
			o.Trying = append(o.Trying, record)
		}
	}
	return nil
}

// byDay sums the counts of all stores for each of the last days, the oldest first.
func byDay(counts []engine.Count, today time.Time) []day {
	days := make([]day, plotDays)
	for i := range days {
		days[i].Date = today.AddDate(0, 0, i+1-plotDays)
	}
	for _, count := range counts {
		i := slices.IndexFunc(days, func(d day) bool { return d.Date.Equal(count.Day.UTC()) })
		if i < 0 {
			continue
		}
		switch d := &days[i]; {
		case count.What == "event."+string(engine.EventRefused):
			d.Refused += count.N
		case count.What == "event.duplicate":
			d.Dups += count.N
		case count.What == "event."+string(engine.EventPending): // is counted again by how it ends
		case strings.HasPrefix(count.What, "event."):
			d.Received += count.N
		case count.What == "run."+string(engine.RunDone):
			d.Sent += count.N
		case count.What == "run."+string(engine.RunDead):
			d.Dead += count.N
		}
	}
	return days
}

// runRow is a run with what it is about.
type runRow struct {
	engine.Run
	About engine.Record
}

// Why tells what the current step's last try left.
func (r runRow) Why() string {
	if n := len(r.Steps); n > 0 {
		return r.Steps[n-1].Note
	}
	return ""
}

// Way names the actions of the run's steps so far.
func (r runRow) Way() string {
	names := make([]string, len(r.Steps))
	for i, step := range r.Steps {
		names[i] = step.Action
	}
	return strings.Join(names, " → ")
}

// runRows lists runs, each with its event.
func (s *Server) runRows(ctx context.Context, f engine.RunFilter) ([]runRow, error) {
	runs, err := s.Ledger.Runs(ctx, f)
	if err != nil {
		return nil, err
	}
	rows := make([]runRow, len(runs))
	about := map[int64]engine.Record{}
	for i, run := range runs {
		record, ok := about[run.Event]
		if !ok {
			if record, err = s.Ledger.Event(ctx, run.Event); err != nil {
				record = engine.Record{Seq: run.Event} // retention may have deleted it meanwhile
			}
			about[run.Event] = record
		}
		rows[i] = runRow{run, record}
	}
	return rows, nil
}
