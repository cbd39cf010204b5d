package server

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"shopbell/engine"
)

// installCookie holds the state of an installation that began here, so that it can only end in the browser that began it.
const installCookie = "shopbell_install"

// install is both ends of connecting a store: without a code it sends the merchant to the platform's page, and with one it
// takes what the platform sends back. An installation that began on the platform's own pages brings no state.
func (s *Server) install(c *gin.Context) {
	source, q := c.Param("source"), c.Request.URL.Query()
	if !q.Has("code") && !q.Has("error") {
		s.beginInstall(c, source)
		return
	}
	if state := q.Get("state"); state != "" {
		kept, err := c.Cookie(installCookie)
		if err != nil || subtle.ConstantTimeCompare([]byte(kept), []byte(state)) != 1 {
			s.frame.message(c, http.StatusBadRequest, "Not connected", "This installation did not begin in this browser, or too long ago. Begin it again.")
			return
		}
	}
	c.SetSameSite(http.SameSiteLaxMode)
	c.SetCookie(installCookie, "", -1, "/install/", "", false, true)
	store, err := s.Engine.Install(c.Request.Context(), source, q)
	if err != nil {
		s.installTrouble(c, err)
		return
	}
	s.frame.message(c, http.StatusOK, "Connected", "Store "+store+" is connected. This page can be closed.")
}

func (s *Server) beginInstall(c *gin.Context, source string) {
	state := rand.Text()
	page, err := s.Engine.Agree(source, state)
	if err != nil {
		s.installTrouble(c, err)
		return
	}
	c.SetSameSite(http.SameSiteLaxMode)
	c.SetCookie(installCookie, state, 600, "/install/", "", c.Request.TLS != nil, true)
	c.Redirect(http.StatusFound, page)
}

func (s *Server) installTrouble(c *gin.Context, err error) {
	switch {
	case errors.Is(err, engine.ErrNoSource), errors.Is(err, engine.ErrNoInstall):
		s.frame.message(c, http.StatusNotFound, "Nothing to install", "There is no app to be installed here.")
	default:
		s.Log.Warn("a store could not be connected", "source", c.Param("source"), "error", err)
		s.frame.message(c, http.StatusBadGateway, "Not connected", err.Error())
	}
}
