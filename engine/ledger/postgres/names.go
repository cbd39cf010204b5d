package postgres

import (
	"context"
	"sync"

	"github.com/jackc/pgx/v5"

	"shopbell/engine"
)

// names holds the small numbers that stand for stores, event types, rules, outlets and revisions in the rows. Numbers
// are never given back; there are as many as there are stores, types and rules. Another node may have given out numbers
// that this one has not met: then they are read.
type names struct {
	mu        sync.RWMutex
	places    map[place]int32
	place     map[int32]place
	ids       map[string]int32
	name      map[int32]string
	revisions map[string]int32
	hash      map[int32]string
}

type place struct{ source, store string }

func newNames() *names {
	return &names{places: map[place]int32{}, place: map[int32]place{}, ids: map[string]int32{}, name: map[int32]string{},
		revisions: map[string]int32{}, hash: map[int32]string{}}
}

func lookup[K comparable, V any](n *names, m map[K]V, k K) (V, bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	v, ok := m[k]
	return v, ok
}

// need gives names of a commit their numbers, in transactions of their own: a name that stays without the commit does no
// harm, and no two commits wait for each other's names.
func (l *ledger) need(ctx context.Context, changes []engine.Change) error {
	for _, c := range changes {
		var err error
		switch c := c.(type) {
		case *engine.Accept:
			err = l.needEvent(ctx, c.Record, c.Runs)
		case *engine.Plan:
			err = l.needEvent(ctx, c.Record, c.Runs)
		case *engine.Save:
			if err = l.needName(ctx, c.Run.Outlet); err == nil {
				err = l.needPlace(ctx, place{c.Run.Source, c.Run.Store})
			}
		case *engine.Defer:
			err = l.needPlace(ctx, place{c.Record.Source, c.Record.Store})
		case *engine.Again:
			err = l.needPlace(ctx, place{c.Record.Source, c.Record.Store})
		case *engine.Put:
			err = l.needPlace(ctx, place{c.Memo.Source, c.Memo.Store})
		case *engine.Tally:
			err = l.needPlace(ctx, place{c.Count.Source, c.Count.Store})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *ledger) needEvent(ctx context.Context, r *engine.Record, runs []*engine.NewRun) error {
	if err := l.needPlace(ctx, place{r.Source, r.Store}); err != nil {
		return err
	}
	if err := l.needName(ctx, r.Type); err != nil {
		return err
	}
	for _, n := range runs {
		if err := l.needName(ctx, n.Run.Rule); err != nil {
			return err
		}
		if err := l.needName(ctx, n.Run.Outlet); err != nil {
			return err
		}
		if err := l.needRevision(ctx, n.Revision); err != nil {
			return err
		}
	}
	return nil
}

func (l *ledger) needPlace(ctx context.Context, p place) error {
	n := l.names
	if _, ok := lookup(n, n.places, p); ok {
		return nil
	}
	var id int32
	err := l.pool.QueryRow(ctx, `INSERT INTO shopbell.places (source, store) VALUES ($1, $2)
		ON CONFLICT (source, store) DO UPDATE SET store = excluded.store RETURNING id`, clean(p.source), clean(p.store)).Scan(&id)
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.places[p], n.place[id] = id, place{clean(p.source), clean(p.store)}
	return nil
}

func (l *ledger) needName(ctx context.Context, name string) error {
	n := l.names
	if _, ok := lookup(n, n.ids, name); ok {
		return nil
	}
	var id int32
	err := l.pool.QueryRow(ctx, `INSERT INTO shopbell.names (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id`, clean(name)).Scan(&id)
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ids[name], n.name[id] = id, clean(name)
	return nil
}

func (l *ledger) needRevision(ctx context.Context, r *engine.Revision) error {
	n := l.names
	if _, ok := lookup(n, n.revisions, r.Hash); ok {
		return nil
	}
	var id int32
	err := l.pool.QueryRow(ctx, `INSERT INTO shopbell.revisions (hash, directory, name, text) VALUES ($1, $2, $3, $4)
		ON CONFLICT (hash) DO UPDATE SET hash = excluded.hash RETURNING id`, r.Hash, clean(r.Directory), clean(r.Name), clean(r.Text)).Scan(&id)
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.revisions[r.Hash], n.hash[id] = id, r.Hash
	return nil
}

// load reads all names.
func (n *names) load(ctx context.Context, q querier) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	err := each(ctx, q, "SELECT id, source, store FROM shopbell.places", func(r pgx.Rows) error {
		var id int32
		var p place
		err := r.Scan(&id, &p.source, &p.store)
		n.places[p], n.place[id] = id, p
		return err
	})
	if err != nil {
		return err
	}
	err = each(ctx, q, "SELECT id, name FROM shopbell.names", func(r pgx.Rows) error {
		var id int32
		var name string
		err := r.Scan(&id, &name)
		n.ids[name], n.name[id] = id, name
		return err
	})
	if err != nil {
		return err
	}
	return each(ctx, q, "SELECT id, hash FROM shopbell.revisions", func(r pgx.Rows) error {
		var id int32
		var hash string
		err := r.Scan(&id, &hash)
		n.revisions[hash], n.hash[id] = id, hash
		return err
	})
}

// A querier is a connection, a transaction or a pool.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// each calls row for every row of a query.
func each(ctx context.Context, q querier, sql string, row func(pgx.Rows) error, args ...any) error {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
