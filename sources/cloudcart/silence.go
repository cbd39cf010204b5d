package cloudcart

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"syscall"
)

// ended is an error with words of our own, in which the end of a context can be found.
type ended struct {
	words string
	cause error
}

func (e ended) Error() string { return e.words }
func (e ended) Unwrap() error { return e.cause }

// silence says what the store's API did when a call got no answer. The words of the HTTP client are not handed on: they
// hold the address, and may repeat what the other end sent.
func silence(err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return ended{"the store's API had not answered when the call was stopped", context.Canceled}
	case errors.Is(err, context.DeadlineExceeded):
		return ended{"the store's API did not answer in time", context.DeadlineExceeded}
	}
	return errors.New("the store's API " + reason(err))
}

func reason(err error) string {
	var (
		dns    *net.DNSError
		verify *tls.CertificateVerificationError
		record tls.RecordHeaderError
		alert  tls.AlertError
		wait   net.Error
	)
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "is at a host that is not known: is the store's host right, and DNS working?"
	case errors.As(err, &dns):
		return "is at a host that could not be looked up: is DNS working?"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused the connection"
	case errors.As(err, &verify), errors.As(err, &record), errors.As(err, &alert):
		return "has a TLS certificate or settings that are not trusted"
	case errors.As(err, &wait) && wait.Timeout():
		return "could not be reached in time"
	}
	return "broke off the connection"
}
