package server

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"shopbell/engine"
	"shopbell/sources"
)

const (
	maxBody   = 1 << 20  // bytes of a notification
	firstRead = 64 << 10 // bytes that a sender gets by claiming a length; more only as they arrive
)

// Why a body was not read.
var (
	errTooLarge = errors.New("the body is larger than 1 MiB")
	errTooSlow  = errors.New("the body did not arrive in time")
	errCutOff   = errors.New("the body ended early")
)

// webhook takes a notification in. When it answers 200, the event is on disk. No answer repeats a byte of the request.
func (s *Server) webhook(c *gin.Context) {
	r := c.Request
	body, err := s.readBody(r)
	// What outlives the handler is taken from the request, never from gin's context, which is used again.
	request := sources.Request{
		Header: r.Header, Query: r.URL.Query(), Path: c.Param("rest"), Body: body, Received: time.Now(),
	}
	if err != nil {
		s.unread(c, request, err)
		return
	}
	if err := s.Engine.Receive(r.Context(), c.Param("source"), request); err != nil {
		s.turnAway(c, err)
		return
	}
	c.Status(http.StatusOK)
}

// unread answers a notification whose body could not be read, and lets the engine record it when it is only too large.
func (s *Server) unread(c *gin.Context, request sources.Request, err error) {
	c.Header("Connection", "close")
	switch {
	case errors.Is(err, errTooLarge):
		source := c.Param("source")
		if refuser, ok := s.Engine.(Refuser); ok && s.known[source] != nil {
			refuser.Refuse(c.Request.Context(), source, request,
				sources.Refuse(http.StatusRequestEntityTooLarge, "parse", "%v", err))
		}
		s.answer(c, http.StatusRequestEntityTooLarge)
	case errors.Is(err, errTooSlow):
		s.answer(c, http.StatusRequestTimeout)
	default:
		s.answer(c, http.StatusBadRequest)
	}
}

// answer answers a platform with a status, or with the one that it may see in its place.
func (s *Server) answer(c *gin.Context, status int) {
	if may := s.known[c.Param("source")]; may != nil {
		status = may(status)
	}
	word(c, status)
}

// turnAway answers what the engine did not take.
func (s *Server) turnAway(c *gin.Context, err error) {
	if refusal, ok := errors.AsType[*sources.Refusal](err); ok {
		s.answer(c, refusal.Status)
		return
	}
	if overload, ok := errors.AsType[*engine.Overload](err); ok {
		retryAfter(c, overload.Wait)
		s.answer(c, overload.Status())
		return
	}
	if errors.Is(err, engine.ErrNoSource) {
		if c.GetHeader("X-CloudCart-ApiKey") != "" { // it would never come again after a 404: another node may know the source, or this one soon
			retryAfter(c, time.Minute)
			word(c, http.StatusServiceUnavailable)
			return
		}
		word(c, http.StatusNotFound)
		return
	}
	if !errors.Is(err, context.Canceled) { // the sender hung up: its own affair
		s.Log.Error("a notification could not be stored", "source", c.Param("source"), "error", err)
	}
	retryAfter(c, 10*time.Second)
	s.answer(c, http.StatusServiceUnavailable)
}

// retryAfter tells a sender how long to wait, in whole seconds, at least one.
func retryAfter(c *gin.Context, wait time.Duration) {
	seconds := max(1, int64((wait+time.Second-1)/time.Second))
	c.Header("Retry-After", strconv.FormatInt(seconds, 10))
}

// word answers with a status and its standard words, or with nothing at all where the status is a success.
func word(c *gin.Context, status int) {
	if status < 200 || status > 599 {
		status = http.StatusBadRequest
	}
	c.Abort()
	if status < 300 {
		c.Status(status)
		return
	}
	c.Header("Content-Type", "text/plain; charset=utf-8")
	c.Header("X-Content-Type-Options", "nosniff")
	c.String(status, http.StatusText(status)+"\n")
}

// readBody reads a body whole. The caller may keep it: it is never used again. A claimed length costs no more memory
// than has arrived, save for the first 64 KiB.
func (s *Server) readBody(r *http.Request) ([]byte, error) {
	if r.ContentLength > maxBody {
		return nil, errTooLarge
	}
	if r.ContentLength >= 0 && r.ContentLength <= firstRead {
		body := make([]byte, r.ContentLength)
		_, err := io.ReadFull(r.Body, body)
		return body, readError(err)
	}
	spare := s.spare.Get().(*[]byte)
	defer func() { s.spare.Put(spare) }()
	buffer, err := readUpTo(r.Body, (*spare)[:0])
	*spare = buffer[:0]
	if err != nil {
		return nil, readError(err)
	}
	return append(make([]byte, 0, len(buffer)), buffer...), nil
}

// readUpTo appends what r gives to a buffer, at most maxBody bytes.
func readUpTo(r io.Reader, buffer []byte) ([]byte, error) {
	for {
		if len(buffer) == cap(buffer) {
			buffer = append(buffer, 0)[:len(buffer)]
		}
		room := buffer[len(buffer):min(cap(buffer), maxBody+1)]
		n, err := r.Read(room)
		buffer = buffer[:len(buffer)+n]
		switch {
		case len(buffer) > maxBody:
			return buffer, errTooLarge
		case err == io.EOF:
			return buffer, nil
		case err != nil:
			return buffer, err
		}
	}
}

// readError sorts an error of reading a body.
func readError(err error) error {
	if err == nil || errors.Is(err, errTooLarge) {
		return err
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return errTooSlow
	}
	return errCutOff
}
