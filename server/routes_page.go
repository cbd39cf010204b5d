package server

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"shopbell/engine"
)

// pageRoutes puts the dashboard at its place.
func (s *Server) pageRoutes(g *gin.RouterGroup) {
	g.GET("/assets/:name", s.frame.serveAsset)
	g.GET("/login", s.login)
	g.POST("/login", s.loginPost)
	g.GET("/install/:source", s.install)
	g.GET("/unsubscribe/:token", s.unsubscribe)
	g.POST("/unsubscribe/:token", s.unsubscribePost)
	g.POST("/callbacks/:account", s.callback)
	in := g.Group("/", s.admit)
	in.POST("/logout", s.logout)
	in.GET("/live", s.live.serve)
	in.GET("/", s.overviewPage)
	in.GET("/events", s.eventsPage)
	in.GET("/events/:seq", s.eventPage)
	in.POST("/events/:seq/replay", s.replayPost)
	in.GET("/runs", s.runsPage)
	in.GET("/runs/:id", s.runPage)
	in.POST("/runs/:id/retry", s.retryPost)
	in.GET("/rules", s.rulesPage)
	in.POST("/rules/reload", s.reloadPost)
	in.GET("/sources", s.sourcesPage)
	in.POST("/sources/:source/:store/revive", s.revivePost)
	in.GET("/health", s.healthPage)
	for _, page := range s.Extra {
		h := gin.WrapH(page.Handler)
		for _, path := range []string{page.Path, strings.TrimSuffix(page.Path, "/") + "/*rest"} {
			in.GET(path, h)
			in.POST(path, h)
		}
	}
}

// show renders a page for a signed-in person.
func (s *Server) show(c *gin.Context, name, title string, body any) {
	s.showAs(c, http.StatusOK, name, title, body)
}

func (s *Server) showAs(c *gin.Context, status int, name, title string, body any) {
	s.frame.write(c.Writer, status, name, pageData{
		Title: title, Path: c.Request.URL.Path, Token: FormToken(c.Request), Body: body,
	})
}

// pageTrouble shows that the ledger or the engine did not do what a page wanted.
func (s *Server) pageTrouble(c *gin.Context, err error) {
	status, text := trouble(err)
	title := "That did not work"
	switch status {
	case http.StatusNotFound:
		title = "Nothing here"
	case http.StatusInternalServerError:
		s.Log.Error("a page cannot be shown", "route", c.FullPath(), "error", err)
	}
	s.showAs(c, status, "message", title, text)
}

// trouble gives the status and the words for an error of the ledger or the engine.
func trouble(err error) (status int, text string) {
	if conflict, ok := errors.AsType[*engine.Conflict](err); ok {
		return http.StatusConflict, conflict.Error()
	}
	switch {
	case errors.Is(err, engine.ErrNone):
		return http.StatusNotFound, engine.ErrNone.Error()
	case errors.Is(err, engine.ErrFull), errors.Is(err, engine.ErrBusy):
		return http.StatusServiceUnavailable, err.Error()
	}
	return http.StatusInternalServerError, "the ledger did not answer; the log says more"
}

// number reads a positive number of a path; there is nothing under any other.
func number(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 {
		return 0, engine.ErrNone
	}
	return n, nil
}

// retryPost has a dead or held run done once more.
func (s *Server) retryPost(c *gin.Context) {
	id, err := number(c.Param("id"))
	if err == nil {
		err = s.Engine.Retry(c.Request.Context(), id)
	}
	if err != nil {
		s.pageTrouble(c, err)
		return
	}
	c.Redirect(http.StatusSeeOther, "/runs/"+strconv.FormatInt(id, 10))
}

// replayPost has an event matched against today's rules.
func (s *Server) replayPost(c *gin.Context) {
	seq, err := number(c.Param("seq"))
	if err == nil {
		err = s.Engine.Replay(c.Request.Context(), seq)
	}
	if err != nil {
		s.pageTrouble(c, err)
		return
	}
	c.Redirect(http.StatusSeeOther, "/events/"+strconv.FormatInt(seq, 10))
}

// reloadPost has the rule files read again.
func (s *Server) reloadPost(c *gin.Context) {
	if err := s.Reload(c.Request.Context()); err != nil {
		s.showAs(c, http.StatusUnprocessableEntity, "message", "Some rules were not loaded", err.Error())
		return
	}
	c.Redirect(http.StatusSeeOther, "/rules")
}
