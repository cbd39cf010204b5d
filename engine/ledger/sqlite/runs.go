package sqlite

import (
	"shopbell/engine"
	"shopbell/engine/ledger/form"
)

func (l *ledger) newRuns(r *engine.Record, place, typ int64, runs []*engine.NewRun) error {
	for _, n := range runs {
		n.Run.ID = 0 // a transaction that was rolled back may have filled it in
		n.Run.Event, n.Run.Source, n.Run.Store, n.Run.Replay = r.Seq, r.Source, r.Store, r.Replay
		if err := l.newRun(r, place, typ, n); err != nil {
			return err
		}
	}
	return nil
}

func (l *ledger) newRun(r *engine.Record, place, typ int64, n *engine.NewRun) error {
	rule, err := l.names.needRule(l.write, n.Run.Rule)
	if err != nil {
		return err
	}
	if n.Once && r.Subject != "" && r.Replay == 0 {
		earlier, err := l.ranBefore(r, place, typ, rule)
		if err != nil || earlier {
			return err
		}
	}
	revision, err := l.names.needRevision(l.write, n.Revision)
	if err != nil {
		return err
	}
	outlet, err := l.names.needOutlet(l.write, n.Run.Outlet)
	if err != nil {
		return err
	}
	f, err := l.prepare(`INSERT INTO runs (event, place, rule, revision, item, replay, state, outlet, step, tries, due, created, updated, steps)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
	if err != nil {
		return err
	}
	steps, err := form.EncodeSteps(n.Run.Steps)
	if err != nil {
		return err
	}
	u := n.Run
	f.int(u.Event).int(place).int(rule).int(revision).int(int64(u.Item)).int(int64(u.Replay)).int(form.Code(form.RunStates(), u.State))
	f.int(outlet).int(int64(u.Step)).int(int64(u.Tries)).dueWhen(u.State == engine.RunDue, u.Due).time(u.Created).time(u.Updated).blob(steps)
	if err := f.run(); err != nil {
		return err
	}
	if l.write.Changes() > 0 {
		u.ID = l.write.LastInsertRowID()
		l.count(place, "run.new", u.Created)
		l.countEnd(place, u)
	}
	return nil
}

// ranBefore tells whether a rule has a run for an earlier event of the same type and subject.
func (l *ledger) ranBefore(r *engine.Record, place, typ, rule int64) (bool, error) {
	f, err := l.prepare(`SELECT 1 FROM events e JOIN runs r ON r.event = e.seq
		WHERE e.place = ? AND e.subject = ? AND e.seq < ? AND +e.type = ? AND r.rule = ? LIMIT 1`)
	if err != nil {
		return false, err
	}
	_, found, err := f.int(place).text(r.Subject).int(r.Seq).int(typ).int(rule).first()
	return found, err
}

func (l *ledger) begin(b *engine.Begin) error {
	f, err := l.prepare("UPDATE runs SET state = 2, due = NULL, tries = ? WHERE id = ? AND state = 1 AND step = ? AND tries = ?")
	if err != nil {
		return err
	}
	err = f.int(int64(b.Run.Tries)).int(b.Run.ID).int(int64(b.Run.Step)).int(int64(b.Run.Tries - 1)).run()
	b.Stale = l.write.Changes() == 0
	return err
}

func (l *ledger) save(s *engine.Save) error {
	from := s.From
	if from == "" {
		from = engine.RunStarted
	}
	outlet, err := l.names.needOutlet(l.write, s.Run.Outlet)
	if err != nil {
		return err
	}
	f, err := l.prepare("UPDATE runs SET state = ?, outlet = ?, step = ?, tries = ?, due = ?, updated = ?, steps = ? WHERE id = ? AND state = ?")
	if err != nil {
		return err
	}
	u := s.Run
	steps, err := form.EncodeSteps(u.Steps)
	if err != nil {
		return err
	}
	f.int(form.Code(form.RunStates(), u.State)).int(outlet).int(int64(u.Step)).int(int64(u.Tries)).dueWhen(u.State == engine.RunDue, u.Due)
	if err := f.time(u.Updated).blob(steps).int(u.ID).int(form.Code(form.RunStates(), from)).run(); err != nil {
		return err
	}
	if s.Stale = l.write.Changes() == 0; s.Stale {
		return nil
	}
	place, err := l.names.needPlace(l.write, place{u.Source, u.Store})
	if err == nil {
		l.countEnd(place, u)
	}
	return err
}

func (l *ledger) countEnd(place int64, u *engine.Run) {
	switch u.State {
	case engine.RunDone, engine.RunDead, engine.RunHeld:
		l.count(place, "run."+string(u.State), u.Updated)
	}
}
