package server

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"shopbell/document"
	"shopbell/engine"
	"shopbell/rules"
)

// eventsPage lists events, newest first.
func (s *Server) eventsPage(c *gin.Context) {
	q := filled(c.Request.URL.Query())
	filter, err := eventFilter(q)
	fault := faultOf(err)
	var list []engine.Record
	if fault == "" {
		if list, err = s.Ledger.Events(c.Request.Context(), filter); err != nil {
			s.pageTrouble(c, err)
			return
		}
	}
	older := ""
	if len(list) > 0 && len(list) == filter.Limit {
		older = withKey(q, "before", strconv.FormatInt(list[len(list)-1].Seq, 10))
	}
	s.show(c, "events", "Events", map[string]any{
		"List": list, "Filter": filter, "Fault": fault, "Older": older, "Newest": newest(q), "States": eventStates(),
		"Sources": s.Sources, "Filtered": len(q) > 0,
	})
}

// runsPage lists runs, newest first.
func (s *Server) runsPage(c *gin.Context) {
	q := filled(c.Request.URL.Query())
	filter, err := runFilter(q)
	fault := faultOf(err)
	var list []runRow
	if fault == "" {
		if list, err = s.runRows(c.Request.Context(), filter); err != nil {
			s.pageTrouble(c, err)
			return
		}
	}
	older := ""
	if len(list) > 0 && len(list) == filter.Limit {
		older = withKey(q, "before", strconv.FormatInt(list[len(list)-1].ID, 10))
	}
	s.show(c, "runs", "Runs", map[string]any{
		"List": list, "Filter": filter, "Fault": fault, "Older": older, "Newest": newest(q), "States": runStates(),
		"Rules": s.Rules().Rules(), "Filtered": len(q) > 0,
	})
}

// filled drops what a form left empty.
func filled(q url.Values) url.Values {
	for key, values := range q {
		if len(values) == 0 || values[0] == "" {
			q.Del(key)
		}
	}
	return q
}

// newest is the link to the newest page of a list, when another is shown.
func newest(q url.Values) string {
	if q.Has("before") {
		return withKey(q, "before", "")
	}
	return ""
}

func faultOf(err error) string {
	if m, ok := errors.AsType[*misuse](err); ok {
		return m.message + ". " + m.hint
	}
	return ""
}

// eventPage shows the way of one event.
func (s *Server) eventPage(c *gin.Context) {
	ctx := c.Request.Context()
	seq, err := number(c.Param("seq"))
	var record engine.Record
	if err == nil {
		record, err = s.Ledger.Event(ctx, seq)
	}
	if err != nil {
		s.pageTrouble(c, err)
		return
	}
	runs, err := s.wholeRuns(ctx, seq)
	if err != nil {
		s.pageTrouble(c, err)
		return
	}
	s.show(c, "event", named(record.Type), map[string]any{"E": record, "Way": wayOf(record, len(runs)), "Runs": runs})
}

// wholeRuns gives the runs of an event with everything about them, in the order they were made, at most 100.
func (s *Server) wholeRuns(ctx context.Context, seq int64) ([]engine.Run, error) {
	runs, err := s.Ledger.Runs(ctx, engine.RunFilter{Event: seq, Limit: 100})
	if err != nil {
		return nil, err
	}
	slices.Reverse(runs)
	for i := range runs {
		if runs[i], err = engine.WholeRun(ctx, s.Ledger, runs[i].ID); err != nil {
			return nil, err
		}
	}
	return runs, nil
}

// runPage shows one run: its steps, what was rendered, each try.
func (s *Server) runPage(c *gin.Context) {
	ctx := c.Request.Context()
	id, err := number(c.Param("id"))
	var run engine.Run
	if err == nil {
		run, err = engine.WholeRun(ctx, s.Ledger, id)
	}
	if err != nil {
		s.pageTrouble(c, err)
		return
	}
	about, err := s.Ledger.Event(ctx, run.Event)
	if err != nil && !errors.Is(err, engine.ErrNone) {
		s.pageTrouble(c, err)
		return
	}
	revision, err := s.Ledger.Revision(ctx, run.Revision)
	if err != nil && !errors.Is(err, engine.ErrNone) {
		s.pageTrouble(c, err)
		return
	}
	s.show(c, "run", run.Rule, map[string]any{
		"R": runRow{run, about}, "Revision": revision, "Today": s.isToday(run),
		"Retry": run.State == engine.RunDead || run.State == engine.RunHeld,
	})
}

// isToday tells whether the rule still reads as it did when the run began.
func (s *Server) isToday(run engine.Run) bool {
	return slices.ContainsFunc(s.Rules().Rules(), func(r *rules.Rule) bool {
		return r.ID() == run.Rule && r.Revision == run.Revision
	})
}

// folder is a directory of rule files with its rules.
type folder struct {
	rules.Directory
	Text     string // its problems, as `shopbell check` prints them
	Warnings string
	List     []*rules.Rule
}

// rulesPage shows every directory of rules, its problems and its rules.
func (s *Server) rulesPage(c *gin.Context) {
	book := s.Rules()
	folders := make([]folder, len(book.Directories()))
	for i, d := range book.Directories() {
		problems, warnings := document.Split(d.Problems)
		folders[i] = folder{Directory: d, Text: document.Text(problems), Warnings: document.Text(warnings)}
		for _, rule := range book.Rules() {
			if rule.Directory == d.Name {
				folders[i].List = append(folders[i].List, rule)
			}
		}
	}
	s.show(c, "rules", "Rules", map[string]any{"Folders": folders, "Count": len(book.Rules())})
}

// healthPage shows how sources, accounts and the program itself are.
func (s *Server) healthPage(c *gin.Context) {
	h := s.Engine.Health()
	type sourceRow struct {
		Source
		engine.SourceHealth
		Path string
	}
	type accountRow struct {
		Account
		engine.AccountHealth
	}
	var sources []sourceRow
	for _, source := range s.Sources {
		sources = append(sources, sourceRow{source, h.Sources[source.Name], "/webhooks/" + source.Name})
	}
	var accounts []accountRow
	for _, account := range s.accounts(h) {
		accounts = append(accounts, accountRow{account, h.Accounts[account.Name]})
	}
	status := s.status(c.Request.Context())
	s.show(c, "health", "Health", map[string]any{
		"H": h, "Reasons": s.unready(), "Sources": sources, "Accounts": accounts, "Up": span(time.Since(h.Started)),
		"Plugins": s.pluginRows(), "Differences": status.Differences, "Nodes": nodeRows(status),
	})
}
