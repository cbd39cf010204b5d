package web

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"

	"shopbell/actions"
)

// failure sorts a request that got no answer. The causes are put into words of our own: the library's may repeat what
// the other end sent, which may be a secret.
func (c *Client) failure(ctx context.Context, a *attempt, host string, err error) error {
	if r, ok := errors.AsType[*refusal](err); ok {
		return actions.Permanent(actions.BlameRequest, r)
	}
	why := errors.New(c.mask.Text(host + " " + reason(ctx, a, err)))
	if a.reached() {
		return actions.Unknown(fmt.Errorf("%w, so that it may have got the request", why))
	}
	return actions.RetryAfter(0, why)
}

// reason says why there was no answer.
func reason(ctx context.Context, a *attempt, err error) string {
	switch {
	case errors.Is(context.Cause(ctx), errLate):
		return fmt.Sprintf("did not answer within %s", a.first)
	case ctx.Err() != nil:
		return "had not answered when the try was stopped"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused the connection"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "broke off the connection"
	case errors.Is(err, http.ErrHandlerTimeout), isTimeout(err):
		return "did not answer in time"
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			return "is not a known host"
		}
		return "could not be looked up"
	}
	if isTLS(err) {
		return "has a TLS certificate or settings that are not trusted"
	}
	if a.reached() {
		return "gave no HTTP answer"
	}
	return "could not be reached"
}

func isTimeout(err error) bool {
	t, ok := errors.AsType[net.Error](err)
	return ok && t.Timeout()
}

func isTLS(err error) bool {
	var (
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		alert     tls.AlertError
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	return errors.As(err, &verify) || errors.As(err, &record) || errors.As(err, &alert) ||
		errors.As(err, &authority) || errors.As(err, &name) || errors.As(err, &invalid)
}
