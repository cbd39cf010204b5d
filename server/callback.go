package server

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"shopbell/actions"
	"shopbell/engine"
)

// maxReport is how long a provider's report may be, in bytes.
const maxReport = 64 << 10

// callback takes in what a provider tells of a message that it took: that it was delivered, or not. When it answers 200, that is on disk. No
// answer repeats a byte of the request.
func (s *Server) callback(c *gin.Context) {
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, maxReport))
	if err != nil {
		status := http.StatusBadRequest
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			status = http.StatusRequestEntityTooLarge
		}
		word(c, status)
		return
	}
	err = s.Engine.Reported(c.Request.Context(), c.Param("account"), c.Query("d"), c.Request.URL.RequestURI(), actions.Notice{Header: c.Request.Header, Body: body})
	switch {
	case err == nil:
		c.Status(http.StatusOK)
	case errors.Is(err, engine.ErrCallback):
		word(c, http.StatusNotFound)
	case errors.Is(err, actions.ErrForged):
		s.Log.Warn("a report of delivery was not signed as its provider signs", "account", c.Param("account"))
		word(c, http.StatusForbidden)
	case errors.Is(err, actions.ErrUnreadable):
		s.Log.Warn("a report of delivery could not be read", "account", c.Param("account"), "error", err)
		word(c, http.StatusBadRequest)
	default:
		s.Log.Error("a report of delivery could not be kept", "account", c.Param("account"), "error", err)
		retryAfter(c, time.Minute)
		word(c, http.StatusServiceUnavailable)
	}
}
