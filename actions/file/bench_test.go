package file_test

import (
	"fmt"
	"testing"
)

// BenchmarkAdd adds rows to a file, each of which is on disk before the next.
func BenchmarkAdd(b *testing.B) {
	out := open(b, account(b.TempDir(), ""))
	for i := 0; b.Loop(); i++ {
		add(b, out, fmt.Sprint("key-", i), `{"file":"orders.csv","row":{"id":"K8XTQ","total":12.5,"email":"jane@example.com"}}`)
	}
}
