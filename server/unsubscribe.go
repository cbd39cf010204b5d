package server

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"shopbell/engine"
)

// unsubscribe shows who would get no more marketing, with a button: mail programs and virus scanners follow links by themselves, so
// that following one must not be taken for a wish.
func (s *Server) unsubscribe(c *gin.Context) {
	who, err := s.Engine.Leaving(c.Param("token"))
	if err != nil {
		s.unsubscribeTrouble(c, err)
		return
	}
	s.frame.write(c.Writer, http.StatusOK, "unsubscribe", pageData{Title: "Unsubscribe", Bare: true, Path: c.Request.URL.Path, Body: who.Address})
}

// unsubscribePost is the button, and what a mail program sends for a person (RFC 8058). It needs no form token: the path holds
// what nobody else can make.
func (s *Server) unsubscribePost(c *gin.Context) {
	if err := s.Engine.Leave(c.Request.Context(), c.Param("token")); err != nil {
		s.unsubscribeTrouble(c, err)
		return
	}
	s.frame.message(c, http.StatusOK, "Unsubscribed", "You get no more advertising from this shop. What concerns your orders still reaches you.")
}

func (s *Server) unsubscribeTrouble(c *gin.Context, err error) {
	if errors.Is(err, engine.ErrUnsubscribe) {
		s.frame.message(c, http.StatusNotFound, "That did not work", "This link is not complete, or too old. Take the one of a newer message.")
		return
	}
	s.Log.Error("somebody could not be unsubscribed", "error", err)
	s.frame.message(c, http.StatusServiceUnavailable, "That did not work", "Try it again in a moment.")
}
