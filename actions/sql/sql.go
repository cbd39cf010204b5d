// Package sql declares the sql action, which writes one row into a database of the merchant's own:
//
//	sql:
//	  table: products
//	  key: sku
//	  row: { sku: "{{ product.sku }}", price: "{{ product.price }}", changed: "{{ product.updated }}" }
//	  newer: changed
//
// It speaks to a SQLite file, PostgreSQL, and MySQL or MariaDB. Tables are those that the operator lists, columns those that the
// database has; values are bound, never part of a statement. It reads nothing for rules, makes no tables, and runs no SQL of theirs.
package sql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"shopbell/actions"
)

// Action writes a row.
var Action = actions.Define(actions.Spec[Account, Params]{
	Name:    "sql",
	Summary: "Write a row into your own database: SQLite, PostgreSQL, MySQL or MariaDB",
	Doc:     doc,
	Example: `sql: { table: orders, key: id, row: { id: "{{ order.id }}", total: "{{ order.total }}", email: "{{ order.email }}" } }`,
	Result:  Result{},
	// Every statement names its one row by a unique key, so that a second one finds what the first has left.
	Idempotent: true,
	Open:       open,
})

const doc = `One step writes one row. ` + "`key`" + ` names the columns that tell rows apart, and ` + "`row`" + ` the columns and their values. The table must have a
primary key or unique index over just those columns: only so does a repeated try find its row again.

| ` + "`mode`" + ` | |
|---|---|
| ` + "`upsert`" + ` | the row is added, or changed when it is there; columns that ` + "`row`" + ` does not name stay as they are |
| ` + "`insert`" + ` | the row is added; one that is there stays as it is |
| ` + "`update`" + ` | the row is changed; where there is none, nothing happens |
| ` + "`delete`" + ` | the row is taken away; ` + "`row`" + ` holds the key, and ` + "`newer`" + ` if you like |

Rows without a key of their own, such as lines of a diary, are added with ` + "`key_column`" + ` in place of ` + "`key`" + `: a unique column of text, at most 64
characters, in which the step's key is kept.

Events may come late. With ` + "`newer: COLUMN`" + ` a row is not touched when the value that it has in that column is greater than the one in
` + "`row`" + `, so that an old event does not undo a new one. The column may hold times or numbers that grow.

Names of tables and columns stand in the rule as they are, without holes. Values are bound, so that nothing in them is ever taken for SQL.
They become what the column is: numbers (with all their digits), true and false, times (in UTC, where the column knows no zone),
NULL for nil. A column of type json or jsonb gets the value as JSON; in other columns, a list or an object becomes the text of its JSON.

` + "```yaml" + `
accounts:
  sql: { kind: sql, driver: postgres, url: "${env:SHOP_DB}", tables: [orders, products] }
  diary: { kind: sql, driver: sqlite, file: /var/lib/shop/diary.db, tables: [lines] }
` + "```" + `

The user that signs in needs the right to read the tables and to do with them what the steps do, and no other.
Connections to other machines use TLS, and the server's certificate is verified. What is locked, full, shutting down or not there is
tried again; what the table refuses, such as a value that does not fit, is final.

What ` + "`shopbell forget`" + ` erases of a person, it erases here and not in your database.`

// An Account is a database.
type Account struct {
	Driver      string         `json:"driver" jsonschema:"enum=sqlite,enum=postgres,enum=mysql" jsonschema_description:"The database: sqlite, postgres, or mysql, which is MariaDB, too."`
	File        string         `json:"file,omitempty" jsonschema_description:"The file, for sqlite. It must be there."`
	URL         actions.Secret `json:"url,omitempty" jsonschema_description:"Where the database is, for postgres and mysql: postgres://USER@HOST:PORT/DATABASE, mysql://USER@HOST:PORT/DATABASE."`
	Password    actions.Secret `json:"password,omitempty" jsonschema_description:"Password, where the url holds none."`
	Tables      []string       `json:"tables" jsonschema:"minItems=1" jsonschema_description:"The tables that rules may write to, as products or shop.products."`
	TLS         string         `json:"tls,omitempty" jsonschema:"enum=verify,enum=skip-verify,enum=none" jsonschema_description:"Encryption: verify, which is the default for other machines; skip-verify takes any certificate; none is the default for this machine. An sslmode in the url of a PostgreSQL counts, too."`
	CA          string         `json:"ca,omitempty" jsonschema_description:"File with the certificates, in PEM, that the server's must be signed by, in place of those of the system."`
	Connections int            `json:"connections,omitempty" jsonschema:"minimum=1,maximum=100,default=4" jsonschema_description:"How many connections are open at most. A SQLite file has one."`
}

// Params are what one step says.
type Params struct {
	Table     string                   `json:"table" jsonschema:"minLength=1" jsonschema_description:"The table, as the account lists it." lands:"literal"`
	Row       map[string]actions.Value `json:"row" jsonschema:"minProperties=1" jsonschema_description:"Columns and their values." lands:"literal"`
	Key       names                    `json:"key,omitempty" jsonschema_description:"The column, or list of columns, that tells rows apart; all of them are in row." lands:"literal"`
	KeyColumn string                   `json:"key_column,omitempty" jsonschema_description:"In place of key: a unique column that the step's own key is kept in. Then mode is insert." lands:"literal"`
	Mode      string                   `json:"mode,omitempty" jsonschema:"enum=upsert,enum=insert,enum=update,enum=delete,default=upsert" jsonschema_description:"What to do." lands:"literal"`
	Newer     string                   `json:"newer,omitempty" jsonschema_description:"A column of row that grows with every change, such as the time of it: a row with a greater value stays as it is." lands:"literal"`
}

// Result is what later steps see.
type Result struct {
	Written bool `json:"written" jsonschema_description:"Whether a row was written: false when it was left as it is, for it is newer, or was there already, or is not there."`
}

// The modes.
const (
	upsert = "upsert"
	insert = "insert"
	update = "update"
	remove = "delete"
)

// mode is what the step does.
func (p *Params) mode() string {
	switch {
	case p.Mode != "":
		return p.Mode
	case p.KeyColumn != "":
		return insert
	}
	return upsert
}

// Check implements [actions.Checker].
func (p Params) Check() error {
	mode := p.mode()
	switch {
	case p.Key == nil && p.KeyColumn == "":
		return errors.New("key is missing: name the columns that tell one row from another, or give key_column, a column that keeps the step's own key")
	case p.Key != nil && p.KeyColumn != "":
		return errors.New("key and key_column exclude each other")
	case p.KeyColumn != "" && mode != insert:
		return fmt.Errorf("key_column is for mode insert: a later step has another key, and so does not find the row to %s", mode)
	case p.Newer != "" && mode == insert:
		return errors.New("newer is not for mode insert, which leaves a row that is there as it is")
	}
	if _, both := p.Row[p.KeyColumn]; both && p.KeyColumn != "" {
		return fmt.Errorf("row holds %q, which is key_column and gets the step's key", p.KeyColumn)
	}
	for i, column := range p.Key {
		if _, ok := p.Row[column]; !ok {
			return fmt.Errorf("key names %q, which is not in row", column)
		}
		if slices.Contains(p.Key[:i], column) {
			return fmt.Errorf("key names %q twice", column)
		}
	}
	if slices.Contains(p.Key, p.Newer) {
		return fmt.Errorf("newer names %q, which is in key, and so never changes", p.Newer)
	}
	if _, ok := p.Row[p.Newer]; !ok && p.Newer != "" {
		return fmt.Errorf("newer names %q, which is not in row", p.Newer)
	}
	return p.checkRest(mode)
}

// checkRest looks at the columns beside the key.
func (p *Params) checkRest(mode string) error {
	rest := 0
	for column := range p.Row {
		if slices.Contains(p.Key, column) {
			continue
		}
		if rest++; mode == remove && column != p.Newer {
			return fmt.Errorf("row holds %q, but to delete a row takes no more than its key", column)
		}
	}
	if mode == update && rest == 0 {
		return errors.New("row holds nothing but the key, so that there is nothing to update")
	}
	return nil
}

// whole is the time for one try, with waiting for a connection and for locks.
const whole = 30 * time.Second

// sender writes rows through one account. It is safe for use by many goroutines at once.
type sender struct {
	base   *base
	tables []string
	shapes *catalogue
}

func open(_ actions.Env, a Account) (actions.Sender[Params], error) {
	b, err := openBase(a)
	if err != nil {
		return nil, err
	}
	for _, name := range a.Tables {
		if err := checkName(name); err != nil {
			return nil, fmt.Errorf("tables: %w", err)
		}
	}
	return &sender{base: b, tables: a.Tables, shapes: newCatalogue(b.dialect)}, nil
}

// Send writes the row.
func (s *sender) Send(ctx context.Context, call actions.Call[Params]) (actions.Result, error) {
	p := &call.Params
	if !slices.Contains(s.tables, p.Table) {
		return nil, actions.Permanent(actions.BlameRequest, fmt.Errorf("the account may not write to a table %q; it may to %s", p.Table, strings.Join(s.tables, ", ")))
	}
	ctx, cancel := context.WithTimeout(ctx, whole)
	defer cancel()
	var written bool
	err := s.base.with(ctx, func(c *conn) error {
		t, err := s.shapes.table(ctx, c, p.Table)
		if err != nil {
			return err
		}
		w, err := newWrite(s.base.dialect, t, p, call.Key)
		if err != nil {
			return actions.Permanent(actions.BlameRequest, err)
		}
		written, err = w.run(ctx, c)
		return err
	})
	if err != nil {
		s.shapes.forget(p.Table) // it may be another than it was
		return nil, err
	}
	return actions.Result{"written": written}, nil
}
