package server

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/gin-gonic/gin"

	"shopbell/engine"
)

// healthz says that the process lives.
func (s *Server) healthz(c *gin.Context) { c.String(http.StatusOK, "ok\n") }

// readyz says whether events can be taken in now.
func (s *Server) readyz(c *gin.Context) {
	s.Engine.Probe(c.Request.Context())
	reasons := s.unready()
	c.Header("Cache-Control", "no-store")
	if len(reasons) > 0 {
		c.JSON(http.StatusServiceUnavailable, gin.H{"ready": false, "reasons": reasons})
		return
	}
	c.JSON(http.StatusOK, gin.H{"ready": true})
}

// unready gives why no events can be taken in. Anybody may read it, so it says no more than the kind of trouble.
func (s *Server) unready() []string {
	health := s.Engine.Health()
	var reasons []string
	if health.Stopping {
		reasons = append(reasons, "the program is stopping")
	}
	switch err := health.Ledger; {
	case err == nil:
	case errors.Is(err, engine.ErrFull):
		reasons = append(reasons, "the disk is full")
	case errors.Is(err, engine.ErrBusy):
		reasons = append(reasons, "the ledger is locked by another program")
	case errors.Is(err, engine.ErrAway):
		reasons = append(reasons, "the database cannot be used")
	case errors.Is(err, engine.ErrClock):
		reasons = append(reasons, "the clock of this machine is wrong")
	default:
		reasons = append(reasons, "the ledger cannot be written")
	}
	return reasons
}

// recovery turns a panic into a 500 and a line in the log. It tells nothing of the request but its route.
func (s *Server) recovery(c *gin.Context) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if v == http.ErrAbortHandler {
			panic(v) // net/http's own way to cut a connection
		}
		s.Log.Error("a request made the program panic", "route", c.FullPath(), "panic", fmt.Sprint(v),
			"stack", string(debug.Stack()))
		word(c, http.StatusInternalServerError)
	}()
	c.Next()
}

// nowhere answers a path that nothing is at.
func (s *Server) nowhere(c *gin.Context) {
	switch path := c.Request.URL.Path; {
	case strings.HasPrefix(path, "/webhooks"):
		word(c, http.StatusNotFound)
	case strings.HasPrefix(path, "/api/"):
		failAPI(c, http.StatusNotFound, "there is nothing at this path", "GET /api/v1/openapi.json lists what there is.")
	default:
		guardPage(c)
		s.frame.message(c, http.StatusNotFound, "Nothing here", "No page has this address.")
	}
}

// wrongMethod answers a method that a path does not take. gin has set Allow.
func (s *Server) wrongMethod(c *gin.Context) {
	if strings.HasPrefix(c.Request.URL.Path, "/api/") {
		failAPI(c, http.StatusMethodNotAllowed, "this path does not take "+c.Request.Method,
			"GET /api/v1/openapi.json tells what it takes.")
		return
	}
	word(c, http.StatusMethodNotAllowed)
}
