package sql_test

import (
	"encoding/json"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"shopbell/actions"
	shop "shopbell/actions/sql"
)

// TestExample carries out the documented example.
func TestExample(t *testing.T) {
	everywhere(t, func(t *testing.T, l *lab) {
		l.sql(`CREATE TABLE orders (id varchar(64) PRIMARY KEY, total decimal(12,2), email text)`)
		var step map[string]any
		text := strings.NewReplacer(`"{{ order.id }}"`, "K8XTQ", `"{{ order.total }}"`, "12.5", `"{{ order.email }}"`, "jane@example.com").Replace(shop.Action.Example)
		if err := yaml.Unmarshal([]byte(text), &step); err != nil {
			t.Fatal(err)
		}
		params, err := json.Marshal(step["sql"])
		if err != nil {
			t.Fatal(err)
		}
		l.done(l.outlet("orders"), string(params), true)
		l.holds(`SELECT id, email FROM orders WHERE total = 12.5`, "K8XTQ|jane@example.com")
	})
}

const products = `CREATE TABLE products (sku varchar(64) PRIMARY KEY, name varchar(200), price «numeric|numeric(12,4)|decimal(12,4)», stock bigint, live «boolean|boolean|boolean»,
changed «datetime|timestamptz|datetime(6)», tags «json|jsonb|json»)`

func TestUpsert(t *testing.T) {
	everywhere(t, func(t *testing.T, l *lab) {
		l.sql(products)
		out := l.outlet("products")
		l.done(out, `{"table":"products","key":"sku","row":{"sku":"A-1","name":"Bell","price":12.5,"stock":9007199254740993,"live":true,"tags":["a",{"b":1}],"changed":"2026-11-21T10:00:00+02:00"}}`, true)
		l.done(out, `{"table":"products","key":["sku"],"row":{"sku":"A-2","name":null,"price":"7","live":false}}`, true)
		const all = `SELECT sku, name, price * 2, stock, CASE WHEN live THEN 'yes' ELSE 'no' END, «changed|to_char(changed AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')|date_format(changed, '%Y-%m-%d %H:%i:%s')»,
			«json_extract(tags, '$[1].b')|tags->1->>'b'|json_extract(tags, '$[1].b')» FROM products ORDER BY sku`
		// SQLite's driver makes a time of what is in the column, and shows it in its own way.
		at := l.ours("«2026-11-21T08:00:00Z|2026-11-21 08:00:00|2026-11-21 08:00:00»")
		twice := l.ours("«25|25.0000|25.0000»")
		l.holds(all, "A-1|Bell|"+twice+"|9007199254740993|yes|"+at+"|1", "A-2|NULL|"+l.ours("«14|14.0000|14.0000»")+"|NULL|no|NULL|NULL")

		// Columns that are not named stay; what is repeated does no harm.
		for range 2 {
			l.done(out, `{"table":"products","key":"sku","row":{"sku":"A-1","name":"Gong"}}`, true)
		}
		l.holds(`SELECT sku, name, stock FROM products ORDER BY sku`, "A-1|Gong|9007199254740993", "A-2|NULL|NULL")
		// Nothing but the key.
		l.done(out, `{"table":"products","key":"sku","row":{"sku":"A-1"}}`, false)
		l.done(out, `{"table":"products","key":"sku","row":{"sku":"A-3"}}`, true)
		l.holds(`SELECT sku, name FROM products ORDER BY sku`, "A-1|Gong", "A-2|NULL", "A-3|NULL")
	})
}

func TestOtherModes(t *testing.T) {
	everywhere(t, func(t *testing.T, l *lab) {
		l.sql(products)
		out := l.outlet("products")
		l.done(out, `{"table":"products","key":"sku","mode":"update","row":{"sku":"A","name":"x"}}`, false)
		l.done(out, `{"table":"products","key":"sku","mode":"insert","row":{"sku":"A","name":"first"}}`, true)
		l.done(out, `{"table":"products","key":"sku","mode":"insert","row":{"sku":"A","name":"second"}}`, false)
		l.done(out, `{"table":"products","key":"sku","mode":"insert","row":{"sku":"B","name":"other"}}`, true)
		l.holds(`SELECT sku, name FROM products ORDER BY sku`, "A|first", "B|other")
		l.done(out, `{"table":"products","key":"sku","mode":"update","row":{"sku":"A","name":"third"}}`, true)
		l.done(out, `{"table":"products","key":"sku","mode":"delete","row":{"sku":"B"}}`, true)
		l.done(out, `{"table":"products","key":"sku","mode":"delete","row":{"sku":"B"}}`, false)
		l.holds(`SELECT sku, name FROM products ORDER BY sku`, "A|third")
	})
}

func TestKeyColumn(t *testing.T) {
	everywhere(t, func(t *testing.T, l *lab) {
		l.sql(`CREATE TABLE diary (line varchar(100), step varchar(64) NOT NULL UNIQUE)`)
		out := l.outlet("diary")
		for _, step := range []struct {
			key     string
			written bool
		}{{"run-1_2", true}, {"run-1_2", false}, {"run-2_2", true}} {
			written, err := send(t.Context(), out, step.key, `{"table":"diary","key_column":"step","row":{"line":"the bell rang"}}`)
			if err != nil || written != step.written {
				t.Errorf("%s: %t, %v", step.key, written, err)
			}
		}
		l.holds(`SELECT step, line FROM diary ORDER BY step`, "run-1_2|the bell rang", "run-2_2|the bell rang")
	})
}

func TestNewer(t *testing.T) {
	everywhere(t, func(t *testing.T, l *lab) {
		// The second column says nothing of time, and is compared as text.
		l.sql(`CREATE TABLE seen (id integer PRIMARY KEY, name varchar(20), at «timestamp|timestamp|datetime(3)», text_at varchar(40), n integer)`)
		out := l.outlet("seen")
		for _, column := range []string{"at", "text_at"} {
			write := func(name, at string, written bool) {
				t.Helper()
				l.done(out, `{"table":"seen","key":"id","newer":"`+column+`","row":{"id":1,"name":"`+name+`","`+column+`":"`+at+`"}}`, written)
			}
			l.sql(`DELETE FROM seen`)
			l.sql(`INSERT INTO seen (id, name) VALUES (1, 'of before')`)
			write("first", "2026-11-21T10:00:00Z", true)
			write("older", "2026-11-21T11:59:59+02:00", false)
			write("same second", "2026-11-21 10:00:00 +0000", true)
			write("half a second later", "2026-11-21T10:00:00.5Z", true)
			write("older", "2026-11-21T10:00:00Z", false)
			l.holds(`SELECT name FROM seen`, "half a second later")
			l.done(out, `{"table":"seen","key":"id","mode":"update","newer":"`+column+`","row":{"id":1,"name":"older","`+column+`":"2026-11-21T09:00:00Z"}}`, false)
			l.done(out, `{"table":"seen","key":"id","mode":"delete","newer":"`+column+`","row":{"id":1,"`+column+`":"2026-11-21T09:00:00Z"}}`, false)
			l.holds(`SELECT name FROM seen`, "half a second later")
			l.done(out, `{"table":"seen","key":"id","mode":"delete","newer":"`+column+`","row":{"id":1,"`+column+`":"2026-11-22T09:00:00Z"}}`, true)
			l.holds(`SELECT name FROM seen`)
		}
		l.refused(out, `{"table":"seen","key":"id","newer":"text_at","row":{"id":1,"text_at":10}}`, actions.BlameRequest, "only a time with its zone")
		l.done(out, `{"table":"seen","key":"id","newer":"n","row":{"id":2,"n":9}}`, true)
		l.done(out, `{"table":"seen","key":"id","newer":"n","row":{"id":2,"n":10}}`, true)
		l.done(out, `{"table":"seen","key":"id","newer":"n","row":{"id":2,"n":9}}`, false)
		l.holds(`SELECT n FROM seen`, "10")
	})
}

func TestRefused(t *testing.T) {
	everywhere(t, func(t *testing.T, l *lab) {
		l.sql(`CREATE TABLE people (id bigint PRIMARY KEY, email varchar(50) UNIQUE, age smallint NOT NULL DEFAULT 1, part integer CHECK (part < 10))`)
		l.sql(`CREATE TABLE loose (id bigint, a varchar(9), b varchar(9)«, UNIQUE (a, b)|, UNIQUE (a, b)|, UNIQUE (a, b)»)`)
		l.sql(`CREATE TABLE others (id bigint PRIMARY KEY)`)
		out := l.outlet("people", "loose", "nothere")
		const request = actions.BlameRequest
		l.refused(out, `{"table":"others","key":"id","row":{"id":1}}`, request, `may not write to a table "others"; it may to people`)
		l.refused(out, `{"table":"nothere","key":"id","row":{"id":1}}`, request, `no table "nothere"`)
		l.refused(out, `{"table":"people","key":"id","row":{"id":1,"shoe":1}}`, request, `no column "shoe"; it has age, email, id, part`)
		l.refused(out, `{"table":"loose","key":"id","row":{"id":1}}`, request, `no primary key or unique index over just id`)
		l.refused(out, `{"table":"loose","key":"a","row":{"a":"1","b":"2"}}`, request, `over just a`)
		l.refused(out, `{"table":"people","key":"id","row":{"id":null,"age":1}}`, request, `id is empty`)
		l.refused(out, `{"table":"people","key":"id","row":{"id":"K8XTQ","age":1}}`, request, `takes a number`)
		l.refused(out, `{"table":"people","key":"id","row":{"id":1.5,"age":1}}`, request, `whole number`)
		l.refused(out, `{"table":"people","key":"id","row":{"id":1,"age":null}}`, request, l.ours("«NOT NULL|null value|cannot be null»"))
		l.refused(out, `{"table":"people","key":"id","row":{"id":1,"part":10}}`, request, l.ours("«CHECK|check|CONSTRAINT»"))
		if l.driver != "sqlite" { // which has one size of numbers
			l.refused(out, `{"table":"people","key":"id","row":{"id":1,"age":99999}}`, request, "ut of range")
		}
		l.done(out, `{"table":"loose","key":["b","a"],"row":{"a":"1","b":"2","id":7}}`, true)

		// A unique column beside the key: whoever has it keeps it.
		l.done(out, `{"table":"people","key":"id","row":{"id":1,"email":"a@example.com"}}`, true)
		for _, mode := range []string{"upsert", "insert"} {
			l.refused(out, `{"table":"people","key":"id","mode":"`+mode+`","row":{"id":2,"email":"a@example.com"}}`, request, l.ours("«UNIQUE|unique|Duplicate»"))
		}
		l.holds(`SELECT id, email FROM people`, "1|a@example.com")
	})
}

// TestCheck holds what can be told before anything is sent.
func TestCheck(t *testing.T) {
	l := newSQLite(t)
	l.sql(products)
	out := l.outlet("products")
	for params, says := range map[string]string{
		`{"table":"products","row":{"sku":"1"}}`:                                                         "key is missing",
		`{"table":"products","key":"sku","key_column":"name","row":{"sku":"1"}}`:                         "exclude each other",
		`{"table":"products","mode":"upsert","key_column":"name","row":{"sku":"1"}}`:                     "key_column is for mode insert",
		`{"table":"products","key":"sku","mode":"insert","newer":"changed","row":{"sku":"1"}}`:           "newer is not for mode insert",
		`{"table":"products","key_column":"name","row":{"name":"1"}}`:                                    "gets the step's key",
		`{"table":"products","key":"sku","row":{"name":"1"}}`:                                            "not in row",
		`{"table":"products","key":["sku","sku"],"row":{"sku":"1"}}`:                                     "twice",
		`{"table":"products","key":"sku","newer":"changed","row":{"sku":"1"}}`:                           "not in row",
		`{"table":"products","key":"sku","newer":"sku","row":{"sku":"1"}}`:                               "never changes",
		`{"table":"products","key":"sku","mode":"delete","row":{"sku":"1","name":"x"}}`:                  "no more than its key",
		`{"table":"products","key":"sku","mode":"update","row":{"sku":"1"}}`:                             "nothing to update",
		`{"table":"products","key":"sku","newer":"changed","row":{"sku":"1","name":"x","changed":null}}`: "changed is empty",
	} {
		l.refused(out, params, actions.BlameRequest, says)
	}
	l.holds(`SELECT * FROM products`)
}
