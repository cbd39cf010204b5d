package sql

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"

	"shopbell/actions"
)

// A table is what the database knows of it.
type table struct {
	name    string // as the account lists it
	quoted  string
	columns map[string]class
	uniques [][]string // each the sorted columns of a primary key or unique index
}

// tells tells whether the columns are those of a unique key.
func (t *table) tells(columns []string) bool {
	sorted := slices.Sorted(slices.Values(columns))
	return slices.ContainsFunc(t.uniques, func(u []string) bool { return slices.Equal(u, sorted) })
}

// A catalogue keeps what was read of tables, until it is told to forget. It is safe for use by many goroutines at once.
type catalogue struct {
	dialect *dialect
	mu      sync.Mutex
	tables  map[string]*table
}

func newCatalogue(d *dialect) *catalogue { return &catalogue{dialect: d, tables: map[string]*table{}} }

func (c *catalogue) forget(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.tables, name)
}

// table gives a table, and reads it if it was not yet. The name was checked.
func (c *catalogue) table(ctx context.Context, db *conn, name string) (*table, error) {
	c.mu.Lock()
	t := c.tables[name]
	c.mu.Unlock()
	if t != nil {
		return t, nil
	}
	t, err := c.read(ctx, db, name)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tables[name] = t
	return t, nil
}

func (c *catalogue) read(ctx context.Context, db *conn, name string) (*table, error) {
	d := c.dialect
	t := &table{name: name, quoted: d.quote(name), columns: map[string]class{}}
	args := []any{name, nil}
	if schema, bare, ok := strings.Cut(name, "."); ok {
		args = []any{bare, schema}
		t.quoted = d.quote(schema) + "." + d.quote(bare)
	}
	err := db.each(ctx, d.columns, args, func(scan func(...any) error) error {
		var column, kind string
		err := scan(&column, &kind)
		t.columns[column] = d.classOf(kind)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(t.columns) == 0 {
		return nil, actions.Permanent(actions.BlameRequest, fmt.Errorf("the database has no table %q, or does not show it to this user", name))
	}
	keys := map[string][]string{}
	err = db.each(ctx, d.uniques, args, func(scan func(...any) error) error {
		var key string
		var column sql.NullString
		err := scan(&key, &column)
		keys[key] = append(keys[key], column.String) // "" is no column, and so matches none
		return err
	})
	for _, columns := range keys {
		slices.Sort(columns)
		t.uniques = append(t.uniques, columns)
	}
	return t, err
}
