package sql_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/actions/actionstest"
	shop "shopbell/actions/sql"
)

// TestExam sits the exam once for each protocol. What a step says to a table is tested with real servers.
func TestExam(t *testing.T) {
	for driver, liar := range map[string]func(net.Conn){"postgres": lyingPostgres, "mysql": lyingMySQL} {
		t.Run(driver, func(t *testing.T) {
			actionstest.Run(t, shop.Action, actionstest.Bench{
				Account: func(address string) string {
					return fmt.Sprintf(`{"driver":%q,"url":"%s://shop:%s@%s/shop","tls":"none","tables":["t"]}`, driver, driver, actionstest.Secret, address)
				},
				Params: func(string) string { return `{"table":"t","key":"id","row":{"id":1}}` },
				Liars:  map[string]func(net.Conn){"repeats the password": liar},
				Exempt: map[string]string{
					"statuses": "a database does not speak HTTP; its codes are in TestCodes",
					"same key": "the key is in the row, see TestKeyColumn",
				},
			})
		})
	}
}

// lyingPostgres asks for the password in the clear, and repeats it in an error.
func lyingPostgres(conn net.Conn) {
	length := make([]byte, 4)
	if _, err := io.ReadFull(conn, length); err != nil {
		return
	}
	if _, err := io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint32(length))-4); err != nil {
		return
	}
	_, _ = conn.Write([]byte("R\x00\x00\x00\x08\x00\x00\x00\x03"))
	head := make([]byte, 5)
	if _, err := io.ReadFull(conn, head); err != nil {
		return
	}
	password := make([]byte, min(binary.BigEndian.Uint32(head[1:])-5, 1000))
	_, _ = io.ReadFull(conn, password)
	fields := "SFATAL\x00C28P01\x00Mno password is " + string(password) + ", and " + string(password[:8]) + "\x00\x00"
	_, _ = conn.Write(append(binary.BigEndian.AppendUint32([]byte("E"), uint32(len(fields)+4)), fields...))
}

// lyingMySQL asks for the password in the clear, which it must not get, and repeats whatever it gets.
func lyingMySQL(conn net.Conn) {
	_, _ = io.WriteString(conn, greeting())
	said := make([]byte, 4096)
	if _, err := conn.Read(said); err != nil {
		return
	}
	ask := "\xfemysql_clear_password\x00"
	_, _ = conn.Write(append([]byte{byte(len(ask)), 0, 0, 2}, ask...))
	n, _ := conn.Read(said)
	words := "\xff\x15\x04#28000" + string(said[:min(n, 200)])
	_, _ = conn.Write(append([]byte{byte(len(words)), 0, 0, 4}, words...))
}

// greeting is how a MySQL without TLS begins.
func greeting() string {
	text := "\x0a5.7.0\x00\x01\x00\x00\x00abcdefgh\x00\xff\xf7\x21\x02\x00\xff\xff\x15" + strings.Repeat("\x00", 10) + "abcdefghijkl\x00mysql_native_password\x00"
	return string([]byte{byte(len(text)), 0, 0, 0}) + text
}

// TestCodes holds what codes of databases mean.
func TestCodes(t *testing.T) {
	for driver, codes := range map[string]map[string]string{
		"postgres": {
			"08006": "retry", "08P01": "retry", "08007": "unknown", "40001": "retry", "40P01": "retry", "40003": "unknown", "53100": "retry", "53300": "retry",
			"57P01": "retry", "57P02": "retry", "57P03": "retry", "57014": "retry", "57P04": "account", "25006": "retry", "55P03": "retry", "XX000": "retry",
			"22001": "request", "22P02": "request", "23502": "request", "23505": "request", "42P01": "request", "42703": "request", "42P10": "request", "P0001": "request",
			"28P01": "account", "28000": "account", "3D000": "account", "42501": "account",
		},
		"mysql": {
			"1205": "retry", "1213": "retry", "2006": "retry", "1040": "retry", "1021": "retry", "1290": "retry", "9999": "retry", "2013": "unknown", "1180": "unknown",
			"1048": "request", "1054": "request", "1062": "request", "1146": "request", "1264": "request", "1292": "request", "1366": "request", "1406": "request", "4025": "request",
			"1044": "account", "1045": "account", "1049": "account", "1130": "account", "1142": "account",
		},
		"sqlite": {
			"5": "retry", "6": "retry", "13": "retry", "10": "retry", "1": "request", "19": "request", "20": "request", "8": "account", "14": "account", "26": "account", "11": "account",
		},
	} {
		for code, want := range codes {
			if got := shop.Judge(driver, code); got != want {
				t.Errorf("%s %s: got %s, want %s", driver, code, got, want)
			}
		}
	}
}

// TestLost holds what a connection means that ends in the middle of a statement: the row may be there, and trying again finds it.
func TestLost(t *testing.T) {
	for _, l := range []*lab{newPostgres(t), newMySQL(t)} {
		l.sql(`CREATE TABLE t (id integer PRIMARY KEY, name varchar(10))`)
		server := strings.Split(strings.SplitN(l.account["url"].(string), "@", 2)[1], "/")[0]
		gate := newGate(t, server)
		l.account["url"] = strings.Replace(l.account["url"].(string), server, gate.address, 1)
		out := l.outlet("t")
		for range 2 { // a connection is looked at before it is used for the second time
			l.done(out, `{"table":"t","key":"id","row":{"id":1,"name":"a"}}`, true)
		}

		// The statement arrives, its answer does not.
		gate.swallow.Store(true)
		_, err := send(t.Context(), out, "key-1", `{"table":"t","key":"id","row":{"id":1,"name":"b"}}`)
		if a := actions.OutcomeOf(err); a.Outcome != actions.OutcomeUnknown || !strings.Contains(err.Error(), "may have been written") {
			t.Errorf("%s: got %+v: %v", l.driver, a, err)
		}
		gate.swallow.Store(false)
		l.done(out, `{"table":"t","key":"id","row":{"id":1,"name":"b"}}`, true)
		l.holds(`SELECT id, name FROM t`, "1|b")

		// What is kept open, and was closed by the other end, is not what a step fails for.
		gate.cut()
		l.done(out, `{"table":"t","key":"id","row":{"id":1,"name":"c"}}`, true)
		l.holds(`SELECT id, name FROM t`, "1|c")
	}
}

func TestSignIn(t *testing.T) {
	for _, l := range []*lab{newPostgres(t), newMySQL(t)} {
		address := l.account["url"].(string)
		right := strings.TrimSuffix(strings.Replace(address, ":secret@", "@", 1), "?sslmode=disable")
		password := map[string]string{"postgres": "secret", "mysql": mariaPassword}[l.driver]
		for name, account := range map[string]map[string]any{
			"wrong password": {"url": right, "password": "hush-hush"},
			"wrong database": {"url": right[:strings.LastIndex(right, "/")] + "/nothing", "password": password},
		} {
			account["driver"], account["tables"] = l.driver, []string{"t"}
			_, err := send(t.Context(), open(t, account), "key-1", `{"table":"t","key":"id","row":{"id":1}}`)
			if a := actions.OutcomeOf(err); a.Blame != actions.BlameAccount || strings.Contains(err.Error(), "hush") {
				t.Errorf("%s, %s: got %+v: %v", l.driver, name, a, err)
			}
		}
	}
	file := filepath.Join(t.TempDir(), "x.db")
	for name, text := range map[string]string{"not there": "", "no database": strings.Repeat("no database", 100)} {
		if text != "" {
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		_, err := send(t.Context(), open(t, map[string]any{"driver": "sqlite", "file": file, "tables": []string{"t"}}), "k", `{"table":"t","key":"id","row":{"id":1}}`)
		if a := actions.OutcomeOf(err); a.Blame != actions.BlameAccount || strings.Contains(err.Error(), filepath.Dir(file)) {
			t.Errorf("%s: got %+v: %v", name, a, err)
		}
	}
}

// TestLocked holds that a table or file that somebody else holds is waited for, within bounds, and tried again.
func TestLocked(t *testing.T) {
	everywhere(t, func(t *testing.T, l *lab) {
		l.sql(`CREATE TABLE t (id integer PRIMARY KEY)`)
		l.sql(`INSERT INTO t VALUES (1)`)
		out := l.outlet("t")
		l.done(out, `{"table":"t","key":"id","row":{"id":1}}`, false)
		tx, err := l.db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(`DELETE FROM t WHERE id = 1`); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
		defer cancel()
		_, err = send(ctx, out, "key-1", `{"table":"t","key":"id","mode":"delete","row":{"id":1}}`)
		if a := actions.OutcomeOf(err); a.Outcome != actions.OutcomeRetry && a.Outcome != actions.OutcomeUnknown {
			t.Errorf("got %+v: %v", a, err)
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		// A server may have gone on with what was given up here.
		if _, err := send(t.Context(), out, "key-1", `{"table":"t","key":"id","mode":"delete","row":{"id":1}}`); err != nil {
			t.Error(err)
		}
		l.holds(`SELECT id FROM t`)
	})
}

func TestTest(t *testing.T) {
	everywhere(t, func(t *testing.T, l *lab) {
		l.sql(`CREATE TABLE a (id integer PRIMARY KEY)`)
		l.sql(`CREATE TABLE b (id integer)`)
		test := func(tables ...string) (string, error) {
			tester, ok := actions.TesterOf(l.outlet(tables...))
			if !ok {
				t.Fatal("there is no test")
			}
			return tester.Test(t.Context())
		}
		if said, err := test("a"); err != nil || !strings.Contains(said, "has the tables a") {
			t.Errorf("%q, %v", said, err)
		}
		for _, tables := range [][]string{{"a", "c"}, {"a", "b"}} {
			if said, err := test(tables...); err == nil || actions.OutcomeOf(err).Blame != actions.BlameAccount {
				t.Errorf("%q: %q, %v", tables, said, err)
			}
		}
	})
}
