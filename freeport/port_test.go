package freeport

import (
	"errors"
	"net"
	"testing"
)

// TestFind holds that a port can be listened at, and that the system would give it to nobody who asks for any.
func TestFind(t *testing.T) {
	for range 50 {
		port, err := Find()
		if err != nil || port < lowest || port >= lowest+many {
			t.Fatalf("%d, %v", port, err)
		}
		l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
		if err != nil {
			t.Fatal(err)
		}
		any, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if given := any.Addr().(*net.TCPAddr).Port; given >= lowest && given < lowest+many {
			t.Errorf("the system gives %d to whoever asks", given)
		}
		if err := errors.Join(l.Close(), any.Close()); err != nil {
			t.Fatal(err)
		}
	}
}
