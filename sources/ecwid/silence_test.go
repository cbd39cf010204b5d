package ecwid

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"shopbell/freeport"
	"shopbell/sources"
	"shopbell/virtualtime"
)

// A host is one that is not there, or behaves as a test says.
type host func(*http.Request) (*http.Response, error)

func (h host) RoundTrip(r *http.Request) (*http.Response, error) { return h(r) }

func TestSilenceIsToldInOurWords(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for want, err := range map[string]error{
		"the store's API is at a host that is not known: is api right, and DNS working?": dial(&net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}),
		"the store's API is at a host that could not be looked up: is DNS working?":      dial(&net.DNSError{Err: "server misbehaving", Name: "x"}),
		"the store's API broke off the connection":                                       io.EOF,
		"the store's API gave no HTTP answer":                                            errors.New(`malformed HTTP response "Bearer secret_abcdefghijk"`),
		"the store's API could not be reached":                                           dial(errors.New("network is unreachable")),
		"the store's API did not answer in time":                                         context.DeadlineExceeded,
	} {
		s := plain(t)
		s.(*source).api.client.Transport = host(func(*http.Request) (*http.Response, error) { return nil, err })
		if _, got := s.Attest(t.Context(), &product); got == nil || got.Error() != want || sources.IsDenied(got) || sources.IsUnconfirmed(got) {
			t.Errorf("%v:\n got %v\nwant %s", err, got, want)
		}
	}
}

func TestRefusedConnectionIsTold(t *testing.T) {
	nobody, err := freeport.Address()
	if err != nil {
		t.Fatal(err)
	}
	s := plain(t)
	s.(*source).api.base = &url.URL{Scheme: "http", Host: nobody}
	if _, err := s.Attest(t.Context(), &product); err == nil || err.Error() != "the store's API refused the connection" {
		t.Errorf("got %v", err)
	}
}

// An answer whose first line is our own header, as of a machine that only echoes, must not bring the token into an error.
func TestEchoedTokenIsNotTold(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := plain(t)
	shop := s.(*source).shops["1003"]
	shop.api.base = &url.URL{Scheme: "http", Host: l.Addr().String()}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, shop.token.Reveal()+"\r\n\r\n")
			_ = c.Close()
		}
	}()
	if _, err := s.Attest(t.Context(), &product); err == nil || strings.Contains(err.Error(), shop.token.Reveal()) {
		t.Errorf("got %v", err)
	}
}

// Nor must one in the middle of an entity bring it into the ledger.
func TestEchoedTokenIsNotKept(t *testing.T) {
	s := plain(t)
	shop := s.(*source).shops["1003"]
	shop.api.client.Transport = &wire{answer: func(int64, *http.Request) (int, string) {
		return 200, `{"id":7,"name":"Bearer ` + shop.token.Reveal() + `"}`
	}}
	got, err := s.Attest(t.Context(), &product)
	if err != nil || string(got.Entity) != `{"id":7,"name":"Bearer [secret]"}` {
		t.Errorf("got %s, %v", got.Entity, err)
	}
}

func TestHangingAPIIsTold(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		s := wired(t, &wire{answer: func(int64, *http.Request) (int, string) { return 0, "" }})
		told := make(chan string)
		for range maxCalls {
			go func() {
				_, err := s.Attest(t.Context(), &product)
				told <- err.Error()
			}()
		}
		synctest.Wait()
		go func() {
			_, err := s.Attest(t.Context(), &product)
			told <- err.Error()
		}()
		start := time.Now()
		count := map[string]int{}
		for range maxCalls + 1 {
			count[<-told]++
		}
		if took := time.Since(start); took != callTimeout {
			t.Errorf("it took %v", took)
		}
		if n := count["the store's API did not answer in time"]; n < maxCalls || len(count) > 2 {
			t.Errorf("got %v", count)
		}
		for text := range count {
			if strings.Contains(text, "context") {
				t.Errorf("got %q", text)
			}
		}
	})
}
