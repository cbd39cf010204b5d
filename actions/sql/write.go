package sql

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"shopbell/actions"
)

// A write is one step, ready to be carried out: columns that the table has, and values that are bound.
type write struct {
	*dialect
	table string // quoted
	mode  string
	cells []cell // the key first, then by name
	keys  int    // how many of the cells are the key
	newer int    // which of the cells guards what is newer; -1 for none
}

// A cell is a column and what is bound to it.
type cell struct {
	column string // quoted
	bound  any
}

// newWrite checks a step against its table. Its errors are for the writer of the rule.
func newWrite(d *dialect, t *table, p *Params, key string) (*write, error) {
	w := &write{dialect: d, table: t.quoted, mode: p.mode(), newer: -1}
	order := slices.Clone([]string(p.Key))
	row := p.Row
	if p.KeyColumn != "" {
		order = []string{p.KeyColumn}
		row = maps.Clone(p.Row)
		row[p.KeyColumn] = actions.Value(`"` + key + `"`) // of letters, digits, - and _
	}
	if !t.tells(order) {
		return nil, fmt.Errorf("the table %s has no primary key or unique index over just %s; make one, so that a repeated step finds its row again",
			t.name, strings.Join(order, ", "))
	}
	w.keys = len(order)
	for _, column := range slices.Sorted(maps.Keys(row)) {
		if !slices.Contains(order, column) {
			order = append(order, column)
		}
	}
	for i, column := range order {
		c, ok := t.columns[column]
		if !ok {
			return nil, fmt.Errorf("the table %s has no column %q; it has %s", t.name, column, strings.Join(slices.Sorted(maps.Keys(t.columns)), ", "))
		}
		if row[column].IsNull() && (i < w.keys || column == p.Newer) {
			return nil, fmt.Errorf("%s is empty, and it tells which row is meant", column)
		}
		if column == p.Newer {
			w.newer = i
		}
		bound, err := d.bind(row[column], c)
		if err == nil && column == p.Newer {
			bound, err = sorting(bound, c)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", column, err)
		}
		w.cells = append(w.cells, cell{d.quote(column), bound})
	}
	return w, nil
}

// sorting gives what guards a row in a column of text: times in the one form that sorts as they do.
func sorting(bound any, c class) (any, error) {
	text, isText := bound.(string)
	if c != letters && c != free || !isText {
		return bound, nil
	}
	at, ok := instant(text)
	if !ok {
		return nil, fmt.Errorf("it is a column of text, in which only a time with its zone tells what is newer, and this is %s", excerpt(text))
	}
	return at.Format(clock), nil
}

// A query is a statement and what is bound to it.
type query struct {
	*dialect
	text strings.Builder
	args []any
}

// say adds to the statement's text.
func (q *query) say(parts ...string) *query {
	for _, p := range parts {
		q.text.WriteString(p)
	}
	return q
}

// bound adds a placeholder, and what is bound to it.
func (q *query) bound(v any) *query {
	q.args = append(q.args, v)
	return q.say(q.placeholder(len(q.args)))
}

// item begins an item of a list: the first with the list's head.
func (q *query) item(i int, head string) *query {
	if i > 0 {
		head = ", "
	}
	return q.say(head)
}

// run carries the write out, and tells whether a row was written.
func (w *write) run(ctx context.Context, c *conn) (bool, error) {
	switch {
	case w.mode == update:
		return w.changed(ctx, c, w.update())
	case w.mode == remove:
		return w.changed(ctx, c, w.remove())
	case w.conflicts:
		return w.changed(ctx, c, w.insertOrChange())
	}
	return w.updateOrInsert(ctx, c)
}

func (w *write) changed(ctx context.Context, c *conn, q *query) (bool, error) {
	n, err := c.exec(ctx, q.text.String(), q.args...)
	return n > 0, err
}

// insert is the part that all ways of adding a row share.
func (w *write) insert() *query {
	q := &query{dialect: w.dialect}
	q.say("INSERT INTO ", w.table)
	if w.conflicts {
		q.say(" AS old") // the row that is there, should it conflict
	}
	for i, c := range w.cells {
		q.item(i, " (").say(c.column)
	}
	for i, c := range w.cells {
		q.item(i, ") VALUES (").bound(c.bound)
	}
	return q.say(")")
}

// insertOrChange is the one statement of databases that tell which key is meant.
func (w *write) insertOrChange() *query {
	q := w.insert()
	for i, c := range w.cells[:w.keys] {
		q.item(i, " ON CONFLICT (").say(c.column)
	}
	if w.mode == insert || len(w.cells) == w.keys {
		return q.say(") DO NOTHING")
	}
	for i, c := range w.cells[w.keys:] {
		q.item(i, ") DO UPDATE SET ").say(c.column, " = excluded.", c.column)
	}
	if w.newer >= 0 {
		column := w.cells[w.newer].column
		q.say(" WHERE old.", column, " IS NULL OR old.", column, " <= excluded.", column)
	}
	return q
}

func (w *write) update() *query {
	q := &query{dialect: w.dialect}
	q.say("UPDATE ", w.table)
	for i, c := range w.cells[w.keys:] {
		q.item(i, " SET ").say(c.column, " = ").bound(c.bound)
	}
	return w.where(q, true)
}

func (w *write) remove() *query {
	q := &query{dialect: w.dialect}
	return w.where(q.say("DELETE FROM ", w.table), true)
}

// where names the row, and says that it must not be newer.
func (w *write) where(q *query, guard bool) *query {
	for i, c := range w.cells[:w.keys] {
		word := " WHERE "
		if i > 0 {
			word = " AND "
		}
		q.say(word, c.column, " = ").bound(c.bound)
	}
	if guard && w.newer >= w.keys {
		c := w.cells[w.newer]
		q.say(" AND (", c.column, " IS NULL OR ", c.column, " <= ").bound(c.bound).say(")")
	}
	return q
}

// updateOrInsert is for MySQL. Its ON DUPLICATE KEY UPDATE would change whatever row has any unique value of ours, also another
// than the key's. So the row is changed if it is there, else added; and when somebody else adds it in between, changed after all.
func (w *write) updateOrInsert(ctx context.Context, c *conn) (bool, error) {
	var taken error
	for range 2 {
		if w.mode == upsert && len(w.cells) > w.keys {
			if written, err := w.changed(ctx, c, w.update()); written || err != nil {
				return written, err
			}
		}
		written, err := w.changed(ctx, c, w.insert())
		if err == nil || !isDuplicate(err) {
			return written, err
		}
		taken = err
		switch there, err := w.isThere(ctx, c); {
		case err != nil:
			return false, err
		case !there: // another unique column has a value that another row has
			return false, taken
		case w.mode == insert || len(w.cells) == w.keys:
			return false, nil
		}
	}
	if w.newer >= 0 {
		return false, nil
	}
	return false, actions.RetryAfter(0, errors.New("somebody else is writing the same row"))
}

func (w *write) isThere(ctx context.Context, c *conn) (bool, error) {
	q := &query{dialect: w.dialect}
	w.where(q.say("SELECT 1 FROM ", w.table), false)
	found := false
	err := c.each(ctx, q.text.String(), q.args, func(func(...any) error) error {
		found = true
		return nil
	})
	return found, err
}
