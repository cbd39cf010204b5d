package sql_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"shopbell/engine/ledger/postgres/postgrestest"
)

// TestPooler holds that rows can be written through a pooler that gives each transaction another connection, by many at once.
func TestPooler(t *testing.T) {
	s := postgrestest.Start(t)
	direct := s.Database(t)
	config, err := pgx.ParseConfig(direct)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(direct)
	if err != nil {
		t.Fatal(err)
	}
	db := stdlib.OpenDB(*config)
	t.Cleanup(func() { _ = db.Close() })
	l := &lab{t, "postgres", map[string]any{"driver": "postgres", "url": s.Bouncer(t, "transaction")(strings.TrimPrefix(u.Path, "/"))}, db}
	l.sql(products)
	out := l.outlet("products")
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 10 {
				params := fmt.Sprintf(`{"table":"products","key":"sku","row":{"sku":"%d-%d","tags":[%d],"price":1.5}}`, i, j, j)
				if j%2 == 1 {
					params = fmt.Sprintf(`{"table":"products","key":"sku","row":{"sku":"%d-%d","name":"x"}}`, i, j)
				}
				if written, err := send(t.Context(), out, "key-1", params); err != nil || !written {
					t.Errorf("%s: %v", params, err)
				}
			}
		})
	}
	group.Wait()
	l.holds(`SELECT count(*), sum(price) FROM products`, "80|60.0000")
}
