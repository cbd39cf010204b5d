// Package freeport finds a port for a program that a test starts.
//
//	port, err := freeport.Find()
//	exec.Command("serve", "--listen", fmt.Sprintf("127.0.0.1:%d", port))
//
// The port is below those that systems give to outgoing connections and to listeners that ask for any: another test, or a client that
// keeps trying while its server is down, could otherwise be given it between the look and the start. Where a test can listen itself, or
// learn the port from the program, it needs no such look.
//
// It is for tests only.
package freeport

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
)

// From lowest, so many: Linux gives from 32768 on, others from 49152.
const (
	lowest = 12000
	many   = 20000
)

// Find finds a port of 127.0.0.1 that nobody listens at.
func Find() (int, error) {
	for range 100 {
		port := lowest + rand.IntN(many)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return port, l.Close()
		}
	}
	return 0, errors.New("no free port was found in a hundred tries")
}

// Address is Find, as host and port.
func Address() (string, error) {
	port, err := Find()
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), err
}
