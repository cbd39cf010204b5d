package sqlite

import (
	"bytes"
	"time"

	"shopbell/engine"
	"shopbell/engine/ledger/form"
)

// keptRefusals is how many refused events of a source are kept as samples.
const keptRefusals = 1000

func (l *ledger) accept(a *engine.Accept) error {
	r := a.Record
	a.Duplicate, a.Behind = false, false
	place, err := l.names.needPlace(l.write, place{r.Source, r.Store})
	if err != nil {
		return err
	}
	typ, err := l.names.needType(l.write, r.Type)
	if err != nil {
		return err
	}
	if r.State == engine.EventPending || len(a.Runs) > 0 {
		if err := l.behind(place, a); err != nil {
			return err
		}
	}
	if err := l.insertEvent(a, place, typ); err != nil {
		return err
	}
	switch {
	case a.Duplicate:
		l.count(place, "event.duplicate", r.Received)
		return nil
	case r.State == engine.EventRefused:
		if err := l.dropOldRefusals(r.Source); err != nil {
			return err
		}
	case r.State == engine.EventSeen:
		if err := l.firstSnapshot(r, place); err != nil {
			return err
		}
	}
	l.count(place, "event."+string(r.State), r.Received)
	return l.newRuns(r, place, typ, a.Runs)
}

// behind puts a new pending event behind earlier ones of its subject that wait for a later time.
func (l *ledger) behind(place int64, a *engine.Accept) error {
	r := a.Record
	if r.Subject == "" {
		return nil
	}
	f, err := l.prepare("SELECT max(due) FROM events WHERE place = ? AND subject = ? AND state = 1")
	if err != nil {
		return err
	}
	last, _, err := f.int(place).text(r.Subject).first()
	if a.Behind = last != 0; a.Behind {
		r.State, a.Runs = engine.EventPending, nil
	}
	if t := instant(last); t.After(r.Due) {
		r.Due = t
	}
	return err
}

func (l *ledger) insertEvent(a *engine.Accept, place, typ int64) error {
	r := a.Record
	f, err := l.prepare(`INSERT INTO events (place, type, state, id, subject, created, received, due, tries, data_at, data_len, note, marks, body, data, entity)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
	if err != nil {
		return err
	}
	at, data := -1, []byte(r.Data)
	if len(r.Data) > 0 {
		if at = bytes.Index(r.Body, r.Data); at >= 0 {
			data = nil
		}
	}
	f.int(place).int(typ).int(form.Code(form.EventStates(), r.State)).text(r.ID).text(r.Subject).time(r.Created).time(r.Received)
	f.dueWhen(r.State == engine.EventPending, r.Due).int(int64(r.Tries)).int(int64(at)).int(int64(len(r.Data))).text(r.Note).int(form.Marks(&r.Event))
	f.blob(r.Body).blob(data).blob(l.pack.Pack(r.Entity))
	if err := f.run(); err != nil {
		return err
	}
	a.Duplicate = l.write.Changes() == 0
	if !a.Duplicate {
		r.Seq = l.write.LastInsertRowID()
	}
	return nil
}

// dropOldRefusals says state <> 3 too, which opens the partial index: without it every refusal reads the whole store.
func (l *ledger) dropOldRefusals(source string) error {
	f, err := l.prepare(`DELETE FROM events WHERE state = 5 AND state <> 3 AND seq <= (
		SELECT seq FROM events WHERE state = 5 AND state <> 3 AND +place IN (SELECT id FROM places WHERE source = ?) ORDER BY seq DESC LIMIT 1 OFFSET ?)
		AND +place IN (SELECT id FROM places WHERE source = ?)`)
	if err != nil {
		return err
	}
	return f.text(source).int(keptRefusals).text(source).run()
}

func (l *ledger) plan(p *engine.Plan) error {
	r := p.Record
	place, err := l.names.needPlace(l.write, place{r.Source, r.Store})
	if err != nil {
		return err
	}
	typ, err := l.names.needType(l.write, r.Type)
	if err != nil {
		return err
	}
	f, err := l.prepare(`UPDATE events SET state = ?1, note = ?2, due = NULL, gone = ?3, prev = ?4,
		entity = CASE WHEN ?3 THEN NULL ELSE coalesce(?5, entity) END, tries = ?6, marks = ?9 WHERE seq = ?7 AND state = 1 AND replay = ?8`)
	if err != nil {
		return err
	}
	f.int(form.Code(form.EventStates(), r.State)).text(r.Note).int(bit(r.Gone)).int(r.Prev).blob(l.pack.Pack(r.Entity)).int(int64(r.Tries)).int(r.Seq).int(int64(r.Replay)).int(form.Marks(&r.Event))
	if err := f.run(); err != nil {
		return err
	}
	if p.Stale = l.write.Changes() == 0; p.Stale {
		return nil
	}
	l.count(place, "event."+string(r.State), r.Received)
	if err := l.snapshot(r, place); err != nil {
		return err
	}
	return l.newRuns(r, place, typ, p.Runs)
}

func (l *ledger) snapshot(r *engine.Record, place int64) error {
	switch {
	case r.Subject == "":
	case r.Gone:
		f, err := l.prepare("DELETE FROM snapshots WHERE place = ? AND subject = ?")
		if err != nil {
			return err
		}
		return f.int(place).text(r.Subject).run()
	case r.Entity != nil:
		f, err := l.prepare("INSERT INTO snapshots (place, subject, seq) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq")
		if err != nil {
			return err
		}
		return f.int(place).text(r.Subject).int(r.Seq).run()
	}
	return nil
}

// firstSnapshot makes a seen entity the snapshot of its subject, unless an event has read one.
func (l *ledger) firstSnapshot(r *engine.Record, place int64) error {
	if r.Subject == "" || r.Entity == nil {
		return nil
	}
	f, err := l.prepare("INSERT INTO snapshots (place, subject, seq) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
	if err != nil {
		return err
	}
	return f.int(place).text(r.Subject).int(r.Seq).run()
}

func (l *ledger) deferEvent(d *engine.Defer) error {
	r := d.Record
	f, err := l.prepare("UPDATE events SET due = ?, tries = ?, note = ? WHERE seq = ? AND state = 1 AND tries = ? AND replay = ?")
	if err != nil {
		return err
	}
	if err := f.time(r.Due).int(int64(r.Tries)).text(r.Note).int(r.Seq).int(int64(r.Tries - 1)).int(int64(r.Replay)).run(); err != nil {
		return err
	}
	d.Stale = l.write.Changes() == 0
	if d.Stale || r.Subject == "" {
		return nil
	}
	place, err := l.names.needPlace(l.write, place{r.Source, r.Store})
	if err != nil {
		return err
	}
	f, err = l.prepare("UPDATE events SET due = ? WHERE place = ? AND subject = ? AND seq > ? AND +state = 1 AND due < ?")
	if err != nil {
		return err
	}
	return f.time(r.Due).int(place).text(r.Subject).int(r.Seq).time(r.Due).run()
}

func (l *ledger) again(a *engine.Again) error {
	r := a.Record
	f, err := l.prepare(`UPDATE events SET state = 1, due = ?, tries = 0, note = '', replay = replay + 1 WHERE seq = ? AND state NOT IN (1, 5) RETURNING replay`)
	if err != nil {
		return err
	}
	n, found, err := f.time(r.Due).int(r.Seq).first()
	if a.Stale = !found; err == nil && found {
		r.State, r.Tries, r.Note, r.Replay = engine.EventPending, 0, "", int(n)
	}
	return err
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// midnight is the day of t as days since 1970, UTC.
func midnight(t time.Time) int64 { return t.Unix() / 86400 }
