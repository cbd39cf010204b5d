package sql_test

import (
	"fmt"
	"sync/atomic"
	"testing"
)

// BenchmarkUpsert writes rows of a catalog, many at once. The servers do not wait for the disk, so it measures what is ours.
func BenchmarkUpsert(b *testing.B) {
	for name, make := range map[string]func(testing.TB) *lab{"sqlite": newSQLite, "postgres": newPostgres, "mysql": newMySQL} {
		b.Run(name, func(b *testing.B) {
			l := make(b)
			l.sql(products)
			out := l.outlet("products")
			var n atomic.Int64
			b.ResetTimer() // a server may have been started
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					i := n.Add(1)
					params := fmt.Sprintf(`{"table":"products","key":"sku","newer":"changed","row":{"sku":"A-%d","name":"Bell","price":12.5,"stock":%d,"live":true,"changed":"2026-11-21T10:00:00Z"}}`, i%1000, i)
					if _, err := send(b.Context(), out, "key-1", params); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
