package web

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"shopbell/actions"
)

// names is a resolver of the test's: each name has addresses, which may be others at each question.
func names(t *testing.T, of func(name string) []string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		t.Cleanup(func() { _ = there.Close() })
		go func() {
			for answerName(there, of) == nil {
			}
			_ = there.Close()
		}()
		return here, nil
	}}
}

// answerName reads one question, as it comes over a stream, and answers it.
func answerName(conn net.Conn, of func(name string) []string) error {
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return err
	}
	text := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, text); err != nil {
		return err
	}
	var m dnsmessage.Message
	if err := m.Unpack(text); err != nil {
		return err
	}
	q := m.Questions[0]
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	header := dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 0}
	for _, address := range of(strings.TrimSuffix(q.Name.String(), ".")) {
		a := netip.MustParseAddr(address)
		switch {
		case q.Type == dnsmessage.TypeA && a.Is4():
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: a.As4()}})
		case q.Type == dnsmessage.TypeAAAA && a.Is6():
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}})
		}
	}
	packed, err := m.Pack()
	if err != nil {
		return err
	}
	_, err = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(packed))), packed...))
	return err
}

// guarded is a client that may reach no private address, with names of the test's.
func guarded(t *testing.T, of func(string) []string, allow ...netip.Prefix) *Client {
	o := Options{Guarded: true, Env: actions.Env{Allow: allow}}
	c := New(o)
	d := o.dialer()
	d.Resolver, d.Timeout = names(t, of), time.Second
	c.transport.DialContext = d.DialContext
	t.Cleanup(c.transport.CloseIdleConnections)
	return c
}

// private gives a server on a private address that nobody may reach.
func private(t *testing.T) (port string, reached *atomic.Int64) {
	reached = new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	t.Cleanup(s.Close)
	return s.URL[strings.LastIndexByte(s.URL, ':'):], reached
}

func try(t *testing.T, c *Client, url string) error {
	_, err := c.Do(post(t, url))
	return err
}

func post(t *testing.T, url string) *http.Request {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestPrivateAddresses holds that no spelling of a private address is reached: in brackets, mapped, through the gateways of
// NAT64, 6to4 and Teredo, as one number, or behind a name.
func TestPrivateAddresses(t *testing.T) {
	port, reached := private(t)
	c := guarded(t, func(name string) []string {
		switch name {
		case "0x7f000001", "inside.example":
			return []string{"127.0.0.1"}
		case "inside6.example":
			return []string{"::1"}
		case "mapped.example":
			return []string{"::ffff:127.0.0.1"}
		case "metadata.example":
			return []string{"169.254.169.254"}
		case "some.example": // whichever is tried first
			return []string{"10.0.0.1", "fd00::1"}
		}
		return nil
	})
	for _, host := range []string{
		"127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.169.254", "100.64.0.1", "192.0.0.170",
		"198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
		"[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:10.0.0.1]", "[::127.0.0.1]", "[fd00::1]", "[fc00::1]", "[fe80::1]", "[ff02::1]",
		"[64:ff9b::7f00:1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::1]", "[2001:0:7f00:1::1]", "[2001:db8::1]", "[100::1]",
		"0x7f000001", "inside.example", "inside6.example", "mapped.example", "metadata.example", "some.example",
	} {
		err := try(t, c, "http://"+host+port+"/latest/meta-data")
		if a := actions.OutcomeOf(err); a.Outcome != actions.OutcomePermanent || a.Blame != actions.BlameRequest || !strings.Contains(err.Error(), "private address") {
			t.Errorf("%s: got %+v, %v", host, a, err)
		}
	}
	for _, host := range []string{"2130706433", "017700000001", "127.1", "0177.0.0.1", "0x7f.1"} {
		for _, c := range []*Client{c, New(Options{Guarded: true})} { // some systems' resolvers read these as addresses
			if err := try(t, c, "http://"+host+port); err == nil {
				t.Errorf("%s was reached", host)
			}
		}
	}
	if reached.Load() > 0 {
		t.Error("a private address was reached")
	}
}

// TestRebinding holds that a name gains nothing by having a public address when it is looked at and a private one when it is
// dialled, or one of each at once.
func TestRebinding(t *testing.T) {
	port, reached := private(t)
	var asked atomic.Int64
	c := guarded(t, func(name string) []string {
		switch {
		case name == "both.example":
			return []string{"127.0.0.1", "192.0.2.1", "10.0.0.1"}
		case asked.Add(1) <= 2: // a question for each family
			return []string{"192.88.99.1"}
		}
		return []string{"127.0.0.1"}
	})
	for range 4 {
		if err := try(t, c, "http://turns.example"+port); err == nil {
			t.Fatal("it was reached")
		}
		if err := try(t, c, "http://both.example"+port); err == nil {
			t.Fatal("it was reached")
		}
	}
	if reached.Load() > 0 || asked.Load() < 4 {
		t.Errorf("%d requests arrived, after %d questions", reached.Load(), asked.Load())
	}
}

// TestKeptConnection holds that a connection which was made while a name had an allowed address is used for that address only:
// the guard looks at connections, and a kept one goes where it went.
func TestKeptConnection(t *testing.T) {
	port, reached := private(t)
	address := "127.0.0.1"
	c := guarded(t, func(string) []string { return []string{address} }, netip.MustParsePrefix("127.0.0.1/32"))
	for i, now := range []string{"127.0.0.1", "127.0.0.2"} {
		address = now
		if err := try(t, c, "http://kept.example"+port); err != nil || reached.Load() != int64(i+1) {
			t.Fatalf("%s: %v", now, err)
		}
	}
	c.transport.CloseIdleConnections()
	if err := try(t, c, "http://kept.example"+port); err == nil || !strings.Contains(err.Error(), "127.0.0.2") {
		t.Errorf("got %v", err)
	}
}
