package sql

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A dialect is what databases do in ways of their own.
type dialect struct {
	driver string // as an account names it
	title  string // for people
	mark   string // around names
	// placeholder stands for what is bound, counted from 1.
	placeholder func(n int) string
	conflicts   bool // ON CONFLICT names the key that is meant
	fromText    bool // what is bound as text becomes what the column is, also true and false
	zones       bool // a time may end in Z
	version     string
	columns     string // the query of a table's columns: name, type
	uniques     string // the query of its unique keys: key, column or NULL where the key is not over columns alone
	codes       []verdict
}

func dialects() []*dialect {
	question := func(int) string { return "?" }
	return []*dialect{
		{driver: "sqlite", title: "SQLite", mark: `"`, placeholder: question, conflicts: true, codes: sqliteCodes[:],
			version: "SELECT sqlite_version()",
			columns: `SELECT name, type FROM pragma_table_info(?1, coalesce(?2, 'main'))`,
			uniques: `SELECT 'primary key', name FROM pragma_table_info(?1, coalesce(?2, 'main')) WHERE pk > 0
UNION ALL SELECT i.name, c.name FROM pragma_index_list(?1, coalesce(?2, 'main')) i, pragma_index_info(i.name, coalesce(?2, 'main')) c WHERE i."unique" AND NOT i.partial`},
		{driver: "postgres", title: "PostgreSQL", mark: `"`, placeholder: func(n int) string { return "$" + strconv.Itoa(n) }, conflicts: true, fromText: true,
			zones: true, codes: postgresCodes[:],
			version: "SHOW server_version",
			// The table is found as statements find it, along the search path.
			columns: `SELECT a.attname::text, coalesce(b.typname, t.typname)::text FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_type b ON t.typtype = 'd' AND b.oid = t.typbasetype
WHERE a.attrelid = to_regclass(coalesce(quote_ident($2::text) || '.', '') || quote_ident($1::text)) AND a.attnum > 0 AND NOT a.attisdropped`,
			uniques: `SELECT i.indexrelid::text, a.attname::text FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts-1])
WHERE i.indrelid = to_regclass(coalesce(quote_ident($2::text) || '.', '') || quote_ident($1::text))
AND i.indisunique AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL`},
		{driver: "mysql", title: "MySQL", mark: "`", placeholder: question, codes: mysqlCodes[:],
			version: "SELECT version()",
			columns: `SELECT column_name, data_type FROM information_schema.columns WHERE table_name = ? AND table_schema = coalesce(?, database())`,
			uniques: `SELECT index_name, CASE WHEN sub_part IS NULL THEN column_name END FROM information_schema.statistics
WHERE table_name = ? AND table_schema = coalesce(?, database()) AND non_unique = 0`},
	}
}

// quote makes a name safe to stand in a statement, whatever it holds.
func (d *dialect) quote(name string) string {
	return d.mark + strings.ReplaceAll(name, d.mark, d.mark+d.mark) + d.mark
}

// checkName refuses names that no table has.
func checkName(name string) error {
	schema, table, dotted := strings.Cut(name, ".")
	switch {
	case name == "", dotted && (schema == "" || table == "" || strings.Contains(table, ".")):
		return fmt.Errorf("%q is not the name of a table, such as products or shop.products", name)
	case strings.ContainsRune(name, 0):
		return errors.New("the name of a table holds a zero byte")
	}
	return nil
}

// classOf says what a column takes, by its type's name.
func (d *dialect) classOf(name string) class {
	name = strings.ToLower(name)
	if d.driver == "sqlite" {
		return affinity(name)
	}
	switch name {
	case "int2", "int4", "int8", "oid", "tinyint", "smallint", "mediumint", "int", "bigint", "year":
		return whole64
	case "numeric", "float4", "float8", "decimal", "float", "double":
		return decimal
	case "bool", "bit":
		return flag
	case "timestamp", "timestamptz", "datetime":
		return moment
	case "date":
		return day
	case "json", "jsonb":
		return document
	}
	return letters
}

// affinity says what a column of SQLite takes, which may have any type's name: as SQLite decides, but for what it has no type for.
func affinity(name string) class {
	switch has := func(part string) bool { return strings.Contains(name, part) }; {
	case name == "json" || name == "jsonb":
		return document
	case name == "date":
		return day
	case has("datetime"), has("timestamp"):
		return moment
	case has("int"):
		return whole64
	case has("char"), has("clob"), has("text"), name == "time":
		return letters
	case has("blob"), name == "":
		return free
	case has("bool"):
		return whole64
	}
	return decimal
}
