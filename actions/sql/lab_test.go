package sql_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"shopbell/actions"
	shop "shopbell/actions/sql"
	"shopbell/engine/ledger/postgres/postgrestest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	postgrestest.StopShared()
	stopMariaDB()
	os.Exit(code)
}

// A lab is one real database.
type lab struct {
	testing.TB
	driver  string
	account map[string]any
	db      *sql.DB // of its owner, to look and to make tables
}

// everywhere runs a test on a real database of each kind.
func everywhere(t *testing.T, f func(*testing.T, *lab)) {
	t.Run("sqlite", func(t *testing.T) { f(t, newSQLite(t)) })
	t.Run("postgres", func(t *testing.T) { f(t, newPostgres(t)) })
	t.Run("mysql", func(t *testing.T) { f(t, newMySQL(t)) })
}

func newSQLite(t testing.TB) *lab {
	// What a URL could take for something else.
	file := filepath.Join(t.TempDir(), "shop ?mode=ro#1%20.db")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: file}).String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return &lab{t, "sqlite", map[string]any{"driver": "sqlite", "file": file}, db}
}

func newPostgres(t testing.TB) *lab {
	address := postgrestest.Shared(t)
	config, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	db := stdlib.OpenDB(*config)
	t.Cleanup(func() { _ = db.Close() })
	return &lab{t, "postgres", map[string]any{"driver": "postgres", "url": address}, db}
}

func newMySQL(t testing.TB) *lab {
	address, name, db := newMariaDB(t)
	return &lab{t, "mysql", map[string]any{"driver": "mysql", "url": "mysql://" + mariaUser + "@" + address + "/" + name, "password": mariaPassword}, db}
}

// sql runs statements. What stands between « and » is chosen by the driver: <sqlite|postgres|mysql>.
func (l *lab) sql(text string) {
	l.Helper()
	if _, err := l.db.Exec(l.ours(text)); err != nil {
		l.Fatal(err)
	}
}

func (l *lab) ours(text string) string {
	for {
		head, rest, ok := strings.Cut(text, "«")
		choice, tail, closed := strings.Cut(rest, "»")
		if !ok || !closed {
			return text
		}
		text = head + strings.Split(choice, "|")[slices.Index([]string{"sqlite", "postgres", "mysql"}, l.driver)] + tail
	}
}

// outlet opens the account for some tables.
func (l *lab) outlet(tables ...string) actions.Outlet {
	l.Helper()
	l.account["tables"] = tables
	return open(l, l.account)
}

func open(t testing.TB, account map[string]any) actions.Outlet {
	t.Helper()
	text, err := json.Marshal(account)
	if err != nil {
		t.Fatal(err)
	}
	out, err := shop.Action.Open(actions.Env{Log: slog.New(slog.DiscardHandler)}, text)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shop.Close(out) })
	return out
}

// send sends a step, whose parameters are JSON.
func send(ctx context.Context, out actions.Outlet, key, params string) (written bool, err error) {
	result, err := out.Send(ctx, actions.Call[json.RawMessage]{Key: key, Try: 1, Params: json.RawMessage(params)})
	written, _ = result["written"].(bool)
	return written, err
}

// done holds that a step is carried out, and whether it writes.
func (l *lab) done(out actions.Outlet, params string, wants bool) {
	l.Helper()
	if written, err := send(l.Context(), out, "key-1", params); err != nil || written != wants {
		l.Errorf("%s: written is %t (%v), want %t", params, written, err, wants)
	}
}

// refused holds that a step fails for good, what is to blame, and a part of what is said.
func (l *lab) refused(out actions.Outlet, params string, blame actions.Blame, says string) {
	l.Helper()
	_, err := send(l.Context(), out, "key-1", params)
	if a := actions.OutcomeOf(err); a.Outcome != actions.OutcomePermanent || a.Blame != blame || !strings.Contains(err.Error(), says) {
		l.Errorf("%s: got %+v (%v), want permanent, %s, and %q", params, a, err, blame, says)
	}
}

// rows gives what a query finds: each row as its values with bars between.
func (l *lab) rows(query string) []string {
	l.Helper()
	rows, err := l.db.Query(l.ours(query))
	if err != nil {
		l.Fatal(err)
	}
	defer rows.Close()
	var out []string
	columns, _ := rows.Columns()
	for rows.Next() {
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new(sql.NullString)
		}
		if err := rows.Scan(cells...); err != nil {
			l.Fatal(err)
		}
		var row []string
		for _, c := range cells {
			if s := c.(*sql.NullString); s.Valid {
				row = append(row, s.String)
			} else {
				row = append(row, "NULL")
			}
		}
		out = append(out, strings.Join(row, "|"))
	}
	if err := rows.Err(); err != nil {
		l.Fatal(err)
	}
	return out
}

// holds holds what a query finds.
func (l *lab) holds(query string, want ...string) {
	l.Helper()
	if got := l.rows(query); !slices.Equal(got, want) {
		l.Errorf("%s:\ngot  %q\nwant %q", query, got, want)
	}
}
