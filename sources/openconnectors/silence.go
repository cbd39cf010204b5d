package openconnectors

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"syscall"
)

// silence says what the API did when a call got no answer. The words of the HTTP client are not handed on: they may repeat
// what the other end sent, such as a secret of ours. Only the end of a context is still to be found in the error.
func silence(err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return ended{"the API had not answered when the call was stopped", context.Canceled}
	case errors.Is(err, context.DeadlineExceeded):
		return ended{"the API did not answer in time", context.DeadlineExceeded}
	}
	return errors.New("the API " + silenceOf(err))
}

func silenceOf(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			return "is at a host that is not known: is api right, and DNS working?"
		}
		return "is at a host that could not be looked up: is DNS working?"
	}
	var (
		verify *tls.CertificateVerificationError
		record tls.RecordHeaderError
		alert  tls.AlertError
	)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused the connection"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "broke off the connection"
	case errors.As(err, &verify), errors.As(err, &record), errors.As(err, &alert):
		return "has a TLS certificate or settings that are not trusted"
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return "could not be reached in time"
	}
	return "could not be reached, or gave no HTTP answer"
}

// ended is an error with words of our own, in which the cause can be found but is not told.
type ended struct {
	words string
	cause error
}

func (e ended) Error() string { return e.words }
func (e ended) Unwrap() error { return e.cause }
