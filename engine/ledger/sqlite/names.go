package sqlite

import (
	"context"
	"sync"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"shopbell/engine"
)

// names holds the small numbers that stand for stores, event types, rules and revisions in the rows, so that a row
// stays small. Numbers are never given back; there are as many as there are stores, types and rules.
type names struct {
	mu        sync.RWMutex
	places    map[place]int64
	place     map[int64]place
	types     table
	rules     table
	outlets   table
	revisions map[string]int64
	hash      map[int64]string
	fresh     []func() // undo what the transaction under way has added
}

type place struct{ source, store string }

type table struct {
	id   map[string]int64
	name map[int64]string
}

func loadNames(ctx context.Context, l *ledger) (*names, error) {
	n := &names{places: map[place]int64{}, place: map[int64]place{}, revisions: map[string]int64{}, hash: map[int64]string{},
		types: table{map[string]int64{}, map[int64]string{}}, rules: table{map[string]int64{}, map[int64]string{}},
		outlets: table{map[string]int64{}, map[int64]string{}}}
	return n, l.reading(ctx, n.load)
}

func (n *names) load(c *sqlite.Conn) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	err := each(c, "SELECT id, source, store FROM places", func(s *sqlite.Stmt) {
		n.setPlace(s.ColumnInt64(0), place{s.ColumnText(1), s.ColumnText(2)})
	})
	if err != nil {
		return err
	}
	if err := each(c, "SELECT id, name FROM types", func(s *sqlite.Stmt) { n.types.set(s.ColumnInt64(0), s.ColumnText(1)) }); err != nil {
		return err
	}
	if err := each(c, "SELECT id, name FROM rules", func(s *sqlite.Stmt) { n.rules.set(s.ColumnInt64(0), s.ColumnText(1)) }); err != nil {
		return err
	}
	if err := each(c, "SELECT id, name FROM outlets", func(s *sqlite.Stmt) { n.outlets.set(s.ColumnInt64(0), s.ColumnText(1)) }); err != nil {
		return err
	}
	return each(c, "SELECT id, hash FROM revisions", func(s *sqlite.Stmt) { n.setRevision(s.ColumnInt64(0), s.ColumnText(1)) })
}

func each(c *sqlite.Conn, query string, row func(*sqlite.Stmt)) error {
	return sqlitex.Execute(c, query, &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error { row(s); return nil }})
}

func (n *names) setPlace(id int64, p place)          { n.places[p], n.place[id] = id, p }
func (n *names) setRevision(id int64, hash string)   { n.revisions[hash], n.hash[id] = id, hash }
func (t *table) set(id int64, name string)           { t.id[name], t.name[id] = id, name }
func (n *names) placeID(p place) (id int64, ok bool) { return lookup(n, n.places, p) }

func lookup[K comparable, V any](n *names, m map[K]V, k K) (V, bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	v, ok := m[k]
	return v, ok
}

// reload reads the names anew when a number is met that another program, writing the same file, has given out.
func (n *names) reload(c *sqlite.Conn, known bool) error {
	if known {
		return nil
	}
	return n.load(c)
}

// needPlace and the like give the number of a name inside a write transaction, and make one when it is new.
func (n *names) needPlace(c *sqlite.Conn, p place) (int64, error) {
	if id, ok := n.placeID(p); ok {
		return id, nil
	}
	id, err := insert(c, "INSERT INTO places (source, store) VALUES (?, ?) ON CONFLICT DO UPDATE SET store = store RETURNING id", p.source, p.store)
	if err != nil {
		return 0, err
	}
	n.remember(func() { n.setPlace(id, p) }, func() { delete(n.places, p); delete(n.place, id) })
	return id, nil
}

func (n *names) needType(c *sqlite.Conn, name string) (int64, error) {
	return n.needIn(c, &n.types, name, "INSERT INTO types (name) VALUES (?) ON CONFLICT DO UPDATE SET name = name RETURNING id")
}

func (n *names) needRule(c *sqlite.Conn, name string) (int64, error) {
	return n.needIn(c, &n.rules, name, "INSERT INTO rules (name) VALUES (?) ON CONFLICT DO UPDATE SET name = name RETURNING id")
}

func (n *names) needOutlet(c *sqlite.Conn, name string) (int64, error) {
	return n.needIn(c, &n.outlets, name, "INSERT INTO outlets (name) VALUES (?) ON CONFLICT DO UPDATE SET name = name RETURNING id")
}

func (n *names) needIn(c *sqlite.Conn, t *table, name, query string) (int64, error) {
	if id, ok := lookup(n, t.id, name); ok {
		return id, nil
	}
	id, err := insert(c, query, name)
	if err != nil {
		return 0, err
	}
	n.remember(func() { t.set(id, name) }, func() { delete(t.id, name); delete(t.name, id) })
	return id, nil
}

func (n *names) needRevision(c *sqlite.Conn, r *engine.Revision) (int64, error) {
	if id, ok := lookup(n, n.revisions, r.Hash); ok {
		return id, nil
	}
	const query = `INSERT INTO revisions (hash, directory, name, text) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET hash = hash RETURNING id`
	id, err := insert(c, query, r.Hash, r.Directory, r.Name, r.Text)
	if err != nil {
		return 0, err
	}
	n.remember(func() { n.setRevision(id, r.Hash) }, func() { delete(n.revisions, r.Hash); delete(n.hash, id) })
	return id, nil
}

func insert(c *sqlite.Conn, query string, values ...string) (int64, error) {
	s, err := c.Prepare(query)
	if err != nil {
		return 0, err
	}
	for i, v := range values {
		s.BindText(i+1, v)
	}
	return sqlitex.ResultInt64(s)
}

func (n *names) remember(do, undo func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	do()
	n.fresh = append(n.fresh, undo)
}

// settle forgets, when a transaction was rolled back, the names it had added.
func (n *names) settle(committed bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !committed {
		for _, undo := range n.fresh {
			undo()
		}
	}
	n.fresh = n.fresh[:0]
}
