package sql_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"shopbell/actions"
)

// hostile are texts that would be more than a name or a value, were they ever part of a statement.
var hostile = []string{
	`a"; DROP TABLE canary; --`, "a`; DROP TABLE canary; -- x", `a'; DROP TABLE canary; --`, `a\"; DROP TABLE canary; --`, "a\\`; DROP TABLE canary; -- x", `a\'; DROP TABLE canary; --`,
	`"`, `""`, "`", "``", `'`, `\`, `a\`, `a) VALUES (1); DROP TABLE canary; --`, `$1`, `?`, `%s`, `a--`, `/*`, `a;`, "a\nb", "żółć", `select`, `\x41`, `{{ x }}`, `$$;DROP TABLE canary;$$`,
}

// quoted quotes a name in the test's own way.
func (l *lab) quoted(name string) string {
	mark := l.ours("«\"|\"|`»")
	return mark + strings.ReplaceAll(name, mark, mark+mark) + mark
}

// survives writes a value to a column of a table, and holds that it is there as it was given, and nothing else has happened.
func (l *lab) survives(out actions.Outlet, table, column, value string) {
	l.Helper()
	params, err := json.Marshal(map[string]any{"table": table, "key": "id", "row": map[string]any{"id": "1", column: value}})
	if err != nil {
		l.Fatal(err)
	}
	if _, err := send(l.Context(), out, "key-1", string(params)); err != nil {
		l.Fatalf("table %q, column %q, value %q: %v", table, column, value, err)
	}
	var got string
	if err := l.db.QueryRow("SELECT " + l.quoted(column) + " FROM " + l.quoted(table)).Scan(&got); err != nil || got != value {
		l.Errorf("table %q, column %q: value %q became %q (%v)", table, column, value, got, err)
	}
	l.holds("SELECT id FROM canary", "7")
}

func TestHostile(t *testing.T) {
	everywhere(t, func(t *testing.T, l *lab) {
		l.sql(`CREATE TABLE canary (id integer PRIMARY KEY)`)
		l.sql(`INSERT INTO canary VALUES (7)`)
		columns := ""
		for _, text := range hostile {
			columns += ", " + l.quoted(text) + l.ours(" «text|text|varchar(200)»")
		}
		for _, name := range append([]string{"all"}, hostile[:3]...) {
			if _, err := l.db.Exec("CREATE TABLE " + l.quoted(name) + " (id varchar(9) PRIMARY KEY" + columns + ")"); err != nil {
				t.Fatalf("%q: %v", name, err)
			}
			out := l.outlet(name)
			for _, text := range hostile {
				l.survives(out, name, text, text)
				if name != "all" {
					break
				}
			}
		}
		l.sql(`CREATE TABLE plain (id varchar(9) PRIMARY KEY, a varchar(200))`)
		out := l.outlet("plain")
		for _, text := range hostile {
			if len(text) < 2 {
				continue
			}
			name, _ := json.Marshal(text)
			l.refused(out, `{"table":"plain","key":"id","row":{"id":"1",`+string(name)+`:"x"}}`, actions.BlameRequest, "no column")
			l.refused(out, `{"table":`+string(name)+`,"key":"id","row":{"id":"1"}}`, actions.BlameRequest, "may not write")
		}
		l.holds(`SELECT * FROM plain`)
		l.holds("SELECT id FROM canary", "7")
	})
}

// FuzzHostile holds that whatever names and values are, there is no second statement.
func FuzzHostile(f *testing.F) {
	for i, text := range hostile {
		if i%4 == 0 { // all are in TestHostile; to make a table takes a while
			f.Add("t"+text, text, hostile[len(hostile)-1-i])
		}
	}
	l := newSQLite(f)
	l.sql(`PRAGMA journal_mode = MEMORY`)
	l.sql(`PRAGMA synchronous = OFF`)
	l.sql(`CREATE TABLE canary (id integer PRIMARY KEY)`)
	l.sql(`INSERT INTO canary VALUES (7)`)
	f.Fuzz(func(t *testing.T, table, column, value string) {
		for _, text := range []string{table, column, value} {
			if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
				t.Skip("no JSON, or no name")
			}
		}
		if strings.Contains(table, ".") {
			t.Skip("a schema, which the test does not make")
		}
		l := &lab{t, l.driver, maps.Clone(l.account), l.db}
		if _, err := l.db.Exec("CREATE TABLE " + l.quoted(table) + " (id text PRIMARY KEY, " + l.quoted(column) + " text)"); err != nil {
			t.Skip("no names for SQLite")
		}
		defer l.sql("DROP TABLE " + l.quoted(table))
		if column == "" || table == "" || slices.Contains([]string{"«", "»"}, column) {
			return
		}
		l.survives(l.outlet(table), table, column, value)
	})
}
