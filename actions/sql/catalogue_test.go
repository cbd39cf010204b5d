package sql_test

import (
	"testing"

	"shopbell/actions"
)

// TestSchemas holds that a table can be named with where it is.
func TestSchemas(t *testing.T) {
	everywhere(t, func(t *testing.T, l *lab) {
		schema := "main"
		switch l.driver {
		case "postgres":
			schema = "Ware House"
			l.sql(`CREATE SCHEMA "Ware House"`)
		case "mysql":
			schema = l.rows(`SELECT database()`)[0]
		}
		l.sql(`CREATE TABLE ` + l.quoted(schema) + `.things (id integer PRIMARY KEY, name varchar(9))`)
		out := l.outlet(schema+".things", "things", "nowhere.things")
		l.done(out, `{"table":"`+schema+`.things","key":"id","row":{"id":1,"name":"a"}}`, true)
		l.holds(`SELECT id, name FROM `+l.quoted(schema)+`.things`, "1|a")
		if l.driver == "postgres" { // it is not on the search path
			l.refused(out, `{"table":"things","key":"id","row":{"id":1}}`, actions.BlameRequest, "no table")
		}
		if l.driver != "sqlite" { // whose answer for a schema that is not there is an error
			l.refused(out, `{"table":"nowhere.things","key":"id","row":{"id":1}}`, actions.BlameRequest, "no table")
		}
	})
}

// TestKeys holds which indexes tell rows apart.
func TestKeys(t *testing.T) {
	everywhere(t, func(t *testing.T, l *lab) {
		l.sql(`CREATE TABLE things (id integer PRIMARY KEY, a varchar(9), b varchar(9), c varchar(9), d varchar(9), e varchar(9), f varchar(9))`)
		l.sql(`CREATE UNIQUE INDEX of_a ON things (a)`)
		l.sql(`CREATE UNIQUE INDEX of_bc ON things (b, c)`)
		l.sql(`CREATE INDEX of_d ON things (d)`)
		good := []string{"id", "a"}
		switch l.driver {
		case "sqlite":
			l.sql(`CREATE UNIQUE INDEX of_e ON things (lower(e))`)
			l.sql(`CREATE UNIQUE INDEX of_f ON things (f) WHERE id > 5`)
		case "postgres":
			l.sql(`ALTER TABLE things ADD g varchar(9), ADD h varchar(9)`)
			l.sql(`CREATE UNIQUE INDEX of_e ON things (lower(e))`)
			l.sql(`CREATE UNIQUE INDEX of_f ON things (f) WHERE id > 5`)
			l.sql(`ALTER TABLE things ADD CONSTRAINT late UNIQUE (d) DEFERRABLE`)
			l.sql(`CREATE UNIQUE INDEX of_g ON things (g) INCLUDE (h)`)
			good = append(good, "g")
		case "mysql":
			l.sql(`CREATE UNIQUE INDEX of_e ON things (e(3))`)
			l.sql(`CREATE INDEX of_f ON things (f)`)
		}
		out := l.outlet("things")
		for _, column := range good {
			l.sql(`DELETE FROM things`)
			l.sql(`INSERT INTO things (id, a, b, c, d, e, f) VALUES (1, '1', '1', '1', '1', '1', '1')`)
			l.sql(`UPDATE things SET ` + column + ` = '1'`)
			l.done(out, `{"table":"things","key":"`+column+`","mode":"update","row":{"`+column+`":"1","b":"2"}}`, true)
			l.holds(`SELECT id, b FROM things`, "1|2")
		}
		l.done(out, `{"table":"things","key":["c","b"],"mode":"update","row":{"c":"1","b":"2","f":"x"}}`, true)
		for _, column := range []string{"b", "c", "d", "e", "f"} {
			l.refused(out, `{"table":"things","key":"`+column+`","mode":"update","row":{"`+column+`":"1","a":"2"}}`, actions.BlameRequest, "no primary key or unique index over just "+column)
		}
	})
}
