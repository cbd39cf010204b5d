package server

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// maxForm is how large a posted form may be, in bytes.
const maxForm = 64 << 10

// guardPage sets what every page answers with: nothing from elsewhere, no frame around it, nothing kept.
func guardPage(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "+
		"connect-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// visit is what a page's request carries for [Render] and [FormToken].
type visit struct {
	server *Server
	token  string // for forms
}

// visitKey finds the visit in a request's context.
type visitKey struct{}

func visitOf(r *http.Request) *visit {
	v, _ := r.Context().Value(visitKey{}).(*visit)
	return v
}

// FormToken gives what a form on a [Page] must post in its field "csrf". It is "" outside of a Page's Handler.
func FormToken(r *http.Request) string {
	if v := visitOf(r); v != nil {
		return v.token
	}
	return ""
}

// admit lets only signed-in people pass, and of what they post only what a form of ours brought.
func (s *Server) admit(c *gin.Context) {
	session := s.keys.signedIn(c.Request)
	if session == "" {
		s.stranger(c)
		return
	}
	token := s.keys.formToken(session)
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), visitKey{}, &visit{s, token}))
	if c.Request.Method != http.MethodPost {
		return
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxForm)
	if _, large := errors.AsType[*http.MaxBytesError](c.Request.ParseForm()); large {
		c.Abort()
		s.frame.message(c, http.StatusRequestEntityTooLarge, "That is too much", "A form takes at most 64 KiB. Go back and shorten it.")
		return
	}
	if subtle.ConstantTimeCompare([]byte(c.Request.PostFormValue("csrf")), []byte(token)) != 1 {
		c.Abort()
		s.frame.message(c, http.StatusForbidden, "This form is too old",
			"It was made before you last signed in. Go back, reload the page and try again.")
	}
}

// stranger sends somebody who is not signed in to the form, and back afterwards.
func (s *Server) stranger(c *gin.Context) {
	c.Abort()
	if c.Request.Method != http.MethodGet || strings.HasPrefix(c.Request.URL.Path, "/live") {
		word(c, http.StatusUnauthorized)
		return
	}
	to := "/login"
	if path := c.Request.URL.RequestURI(); path != "/" {
		to += "?next=" + url.QueryEscape(path)
	}
	c.Redirect(http.StatusSeeOther, to)
}

// login shows the form, and takes the token of the link that the log prints.
func (s *Server) login(c *gin.Context) {
	next := localPath(c.Query("next"))
	token, given := c.GetQuery("token")
	switch {
	case given && s.keys.opens(token):
		s.welcome(c, next)
	case given:
		s.loginForm(c, http.StatusUnauthorized, next, "This link does not open the dashboard. The log has the one that does.")
	case s.keys.signedIn(c.Request) != "":
		c.Redirect(http.StatusSeeOther, next)
	default:
		s.loginForm(c, http.StatusOK, next, "")
	}
}

// loginPost takes the token of the form.
func (s *Server) loginPost(c *gin.Context) {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxForm)
	next := localPath(c.Request.PostFormValue("next"))
	if !s.keys.opens(strings.TrimSpace(c.Request.PostFormValue("token"))) {
		s.loginForm(c, http.StatusUnauthorized, next, "That is not the token.")
		return
	}
	s.welcome(c, next)
}

// welcome signs in. It answers with a page that leads on instead of a redirect: a strict cookie is not sent along a
// redirect that began on another site, such as a link in a chat.
func (s *Server) welcome(c *gin.Context, next string) {
	s.keys.setCookie(c.Writer, c.Request, s.keys.session(time.Now()))
	s.frame.write(c.Writer, http.StatusOK, "welcome", pageData{Title: "Signed in", Bare: true, Refresh: next, Body: next})
}

// logout takes the session away.
func (s *Server) logout(c *gin.Context) {
	s.keys.setCookie(c.Writer, c.Request, "")
	c.Redirect(http.StatusSeeOther, "/login")
}

func (s *Server) loginForm(c *gin.Context, status int, next, fault string) {
	s.frame.write(c.Writer, status, "login", pageData{
		Title: "Sign in", Bare: true, Body: map[string]any{"Next": next, "Fault": fault, "Closed": s.keys.none},
	})
}

// localPath keeps a path of our own and turns everything else into "/": a link must not lead to another site.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(next, "/") ||
		strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") || strings.HasPrefix(next, "/login") {
		return "/"
	}
	return next
}
