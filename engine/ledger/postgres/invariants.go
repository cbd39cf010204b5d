package postgres

// An invariant is a query for the rows that break it, and what to say of each.
type invariant struct {
	words    string // with %v for each column, in order
	sql      string
	mendable bool
}

// rowInvariants are what holds between the rows of every ledger, after every commit.
func rowInvariants() []invariant {
	missing := func(column, of string) string { return column + " NOT IN (SELECT id FROM shopbell." + of + ")" }
	return []invariant{
		{"event id %v of store %v is kept %v times: an event may have been acted on twice",
			"SELECT e.id, p.store, count(*) FROM shopbell.events e LEFT JOIN shopbell.places p ON p.id = e.place WHERE e.state <> 5 GROUP BY e.place, e.id, p.store HAVING count(*) > 1", false},
		{"event %v is of a store that the ledger does not know: it cannot be worked", "SELECT seq FROM shopbell.events WHERE " + missing("place", "places"), false},
		{"event %v has a type that the ledger does not know: no rule listens to it", "SELECT seq FROM shopbell.events WHERE " + missing("type", "names"), false},
		{"event %v has a state that there is not (%v): nobody works it", "SELECT seq, state FROM shopbell.events WHERE state NOT BETWEEN 1 AND 7", false},
		{"event %v is pending, but has no time at which it is due", "SELECT seq FROM shopbell.events WHERE state = 1 AND due IS NULL", false},
		{"event %v says that event %v came before it, which has the higher number", "SELECT seq, prev FROM shopbell.events WHERE prev >= seq", false},
		{"run %v is of event %v, which is not there: what it would send cannot be known",
			"SELECT id, event FROM shopbell.runs r WHERE NOT EXISTS (SELECT 1 FROM shopbell.events e WHERE e.seq = r.event)", false},
		{"run %v is of a revision of its rule that is not there: it cannot go on", "SELECT id FROM shopbell.runs WHERE " + missing("revision", "revisions"), false},
		{"run %v is of a store, a rule or an account that the ledger does not know",
			"SELECT id FROM shopbell.runs WHERE " + missing("place", "places") + " OR " + missing("rule", "names") + " OR " + missing("outlet", "names"), false},
		{"run %v has a state that there is not (%v): nobody carries it out", "SELECT id, state FROM shopbell.runs WHERE state NOT BETWEEN 1 AND 5", false},
		{"run %v is due, but has no time at which it is", "SELECT id FROM shopbell.runs WHERE state = 1 AND due IS NULL", false},
		{"event %v has %v runs of one rule and item: something may have been sent twice",
			"SELECT event, count(*) FROM shopbell.runs GROUP BY event, rule, item, replay HAVING count(*) > 1", false},
		{"the snapshot of %v is that of event %v, which is not there: `was` is nothing for its next event",
			"SELECT subject, seq FROM shopbell.snapshots s WHERE NOT EXISTS (SELECT 1 FROM shopbell.events e WHERE e.seq = s.seq)", false},
		{"the snapshot of %v is that of event %v, which is about something else", `SELECT s.subject, s.seq FROM shopbell.snapshots s JOIN shopbell.events e ON e.seq = s.seq
			WHERE e.place <> s.place OR e.subject <> s.subject`, false},
		{"the snapshot of %v is that of event %v, which has no entity",
			"SELECT s.subject, s.seq FROM shopbell.snapshots s JOIN shopbell.events e ON e.seq = s.seq WHERE e.entity IS NULL", false},
		{"store %v has %v events %v, but only %v were counted", `SELECT p.store, e.n, e.name, coalesce(c.n, 0) FROM (
				SELECT place, count(*) AS n, CASE state WHEN 2 THEN 'planned' WHEN 3 THEN 'unmatched' WHEN 4 THEN 'unconfirmed' WHEN 5 THEN 'refused' WHEN 6 THEN 'failed' END AS name
				FROM shopbell.events WHERE state BETWEEN 2 AND 6 GROUP BY place, state) e
			JOIN shopbell.places p ON p.id = e.place
			LEFT JOIN (SELECT place, what, sum(n)::bigint AS n FROM shopbell.counts GROUP BY place, what) c ON c.place = e.place AND c.what = 'event.' || e.name
			WHERE e.n > coalesce(c.n, 0)`, false},
		{"store %v has %v runs, but only %v were counted", `SELECT p.store, r.n, coalesce(c.n, 0) FROM (SELECT place, count(*) AS n FROM shopbell.runs GROUP BY place) r
			JOIN shopbell.places p ON p.id = r.place
			LEFT JOIN (SELECT place, sum(n)::bigint AS n FROM shopbell.counts WHERE what = 'run.new' GROUP BY place) c ON c.place = r.place
			WHERE r.n > coalesce(c.n, 0)`, false},
		{"pool %v has given %v values, and the last of them is number %v: what is left of it is told wrong",
			"SELECT pool, count(*), max(n) FROM shopbell.claims GROUP BY pool HAVING count(*) <> max(n)", false},
	}
}

// Jobs of events and of runs that will be worked, with what they are for.
const (
	liveEvents = "(SELECT j.id AS job, (j.args->>'seq')::bigint AS seq FROM shopbell.river_job j WHERE j.kind = 'event' AND " + live + ")"
	liveRuns   = "(SELECT j.id AS job, (j.args->>'run')::bigint AS id, j.queue FROM shopbell.river_job j WHERE j.kind = 'run' AND " + live + ")"
)

// jobInvariants are what holds between rows and jobs. Of a subject's pending events one has a job: the earliest, save that one
// which is replayed comes after the one that is handed out already.
func jobInvariants() []invariant {
	const handOut = ": nobody will be given it"
	return []invariant{
		{"events of %v wait, beginning with event %v, and no job hands any of them out", `SELECT e.subject, min(e.seq) FROM shopbell.events e LEFT JOIN ` + liveEvents + ` j ON j.seq = e.seq
			WHERE e.state = 1 AND e.subject <> '' GROUP BY e.place, e.subject HAVING count(j.job) = 0`, true},
		{"event %v waits, and no job hands it out", `SELECT e.seq FROM shopbell.events e LEFT JOIN ` + liveEvents + ` j ON j.seq = e.seq WHERE e.state = 1 AND e.subject = '' AND j.job IS NULL`, true},
		{"%v jobs hand out events of %v: two may be worked at once, or in the wrong order", `SELECT count(*), e.subject FROM shopbell.events e JOIN ` + liveEvents + ` j ON j.seq = e.seq
			WHERE e.state = 1 AND e.subject <> '' GROUP BY e.place, e.subject HAVING count(*) > 1`, false},
		{"%v jobs hand out event %v: it may be worked twice at once", `SELECT count(*), e.seq FROM shopbell.events e JOIN ` + liveEvents + ` j ON j.seq = e.seq
			WHERE e.state = 1 AND e.subject = '' GROUP BY e.seq HAVING count(*) > 1`, false},
		{"run %v is due, and no job hands it out" + handOut, `SELECT r.id FROM shopbell.runs r WHERE r.state = 1 AND r.lane <> 2 AND NOT EXISTS (SELECT 1 FROM ` + liveRuns + ` j WHERE j.id = r.id)`, true},
		{"run %v is begun, and no job is with anybody" + handOut, `SELECT r.id FROM shopbell.runs r WHERE r.state = 2 AND NOT EXISTS (SELECT 1 FROM ` + liveRuns + ` j WHERE j.id = r.id)`, true},
		{"%v jobs hand out run %v: its step may be sent twice", `SELECT count(*), r.id FROM shopbell.runs r JOIN ` + liveRuns + ` j ON j.id = r.id WHERE r.state IN (1, 2) GROUP BY r.id HAVING count(*) > 1`, false},
		{"run %v has its job in the queue %v, but goes through %v" + handOut, `SELECT r.id, j.queue, n.name FROM shopbell.runs r JOIN ` + liveRuns + ` j ON j.id = r.id JOIN shopbell.names n ON n.id = r.outlet
			WHERE r.state = 1 AND j.queue <> 'outlet-' || n.name`, false},
		{"run %v waits for an earlier run of %v, and there is none" + handOut, `SELECT min(w.id), w.subject FROM shopbell.runs w WHERE w.state IN (1, 2) AND w.lane = 2
			AND NOT EXISTS (SELECT 1 FROM shopbell.runs h WHERE h.place = w.place AND h.subject = w.subject AND h.state IN (1, 2) AND h.lane = 1) GROUP BY w.place, w.subject`, true},
		{"run %v waits for an earlier one of its subject, and has a job all the same: it may go out of order",
			`SELECT r.id FROM shopbell.runs r JOIN ` + liveRuns + ` j ON j.id = r.id WHERE r.state = 1 AND r.lane = 2`, false},
		{"%v runs of %v go first, and only one can", `SELECT count(*), subject FROM shopbell.runs WHERE state IN (1, 2) AND lane = 1 GROUP BY place, subject HAVING count(*) > 1`, false},
		{"job %v is for event %v, which does not wait: harmless, it ends when its turn comes", `SELECT j.job, j.seq FROM ` + liveEvents + ` j
			WHERE NOT EXISTS (SELECT 1 FROM shopbell.events e WHERE e.seq = j.seq AND e.state = 1)`, false},
		{"job %v is for run %v, which is not due: harmless, it ends when its turn comes", `SELECT j.job, j.id FROM ` + liveRuns + ` j
			WHERE NOT EXISTS (SELECT 1 FROM shopbell.runs r WHERE r.id = j.id AND r.state IN (1, 2))`, false},
		{"the next event would get the number %v or lower, and %v is taken: no event could be accepted", `SELECT s.last_value, m.top FROM shopbell.events_seq_seq s, (SELECT max(seq) AS top FROM shopbell.events) m
			WHERE s.last_value < m.top`, true},
		{"the next run would get the number %v or lower, and %v is taken: no rule could act", `SELECT s.last_value, m.top FROM shopbell.runs_id_seq s, (SELECT max(id) AS top FROM shopbell.runs) m
			WHERE s.last_value < m.top`, true},
	}
}
