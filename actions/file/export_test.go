package file

import (
	"os"
	"testing"
)

// Lock holds a file as another program would.
func Lock(t *testing.T, name string) (release func()) {
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	if free, err := tryLock(f); !free || err != nil {
		t.Fatalf("the file cannot be locked: %v", err)
	}
	return func() { _ = f.Close() }
}
