package server

import (
	"embed"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"shopbell/document"
	"shopbell/engine"
	"shopbell/rules"
)

//go:embed openapi.json
var contract embed.FS

// apiRoutes puts the API at its place. openapi.json, which describes it, is open to everybody.
func (s *Server) apiRoutes(g *gin.RouterGroup) {
	g.GET("/openapi.json", s.apiContract)
	in := g.Group("/", s.bearer)
	in.GET("/events", s.apiEvents)
	in.GET("/events/:seq", s.apiEvent)
	in.POST("/events/:seq/replay", s.apiReplay)
	in.GET("/runs", s.apiRuns)
	in.GET("/runs/:id", s.apiRun)
	in.POST("/runs/:id/retry", s.apiRetry)
	in.GET("/rules", s.apiRules)
	in.GET("/actions", s.apiActions)
	in.GET("/stores", s.apiStores)
	in.GET("/sources", s.apiSources)
	in.GET("/sources/:source", s.apiSource)
	in.POST("/sources/:source/stores/:store/revive", s.apiRevive)
	in.POST("/forget", s.apiForget)
	in.GET("/recipients", s.apiRecipients)
	in.POST("/recipients/suppress", s.apiSuppress)
	in.POST("/recipients/lift", s.apiLift)
	in.GET("/explain", s.apiExplain)
	in.POST("/explain", s.apiExplainGiven)
	in.GET("/stats", s.apiStats)
	in.GET("/status", s.apiStatus)
	in.POST("/reload", s.apiReload)
}

// guardAPI sets what every answer of the API says.
func guardAPI(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	c.Header("X-Content-Type-Options", "nosniff")
}

// bearer lets only those pass who bring the token.
func (s *Server) bearer(c *gin.Context) {
	scheme, token, _ := strings.Cut(c.GetHeader("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") && s.keys.opens(strings.TrimSpace(token)) {
		return
	}
	c.Header("WWW-Authenticate", `Bearer realm="shopbell"`)
	failAPI(c, http.StatusUnauthorized, "the token is missing or wrong", "Send the header Authorization: Bearer and the admin token.")
}

// failAPI ends a request with an error in the API's form.
func failAPI(c *gin.Context, status int, message, hint string) {
	c.AbortWithStatusJSON(status, gin.H{"error": gin.H{"message": message, "hint": hint}})
}

// apiTrouble answers with an error of the ledger, the engine or a query.
func (s *Server) apiTrouble(c *gin.Context, err error) {
	if m, ok := errors.AsType[*misuse](err); ok {
		failAPI(c, http.StatusBadRequest, m.message, m.hint)
		return
	}
	status, text := trouble(err)
	hint := ""
	switch status {
	case http.StatusServiceUnavailable:
		retryAfter(c, 10*time.Second)
		hint = "Try again in a moment."
	case http.StatusInternalServerError:
		s.Log.Error("the API cannot answer", "route", c.FullPath(), "error", err)
	}
	failAPI(c, status, text, hint)
}

// pageJSON is the form of every list: entries, and the value of `before` that gives the next ones, or 0.
type pageJSON[T any] struct {
	Items []T   `json:"items"`
	Next  int64 `json:"next"`
}

// listed makes a page of what the ledger gave.
func listed[From, To any](list []From, limit int, id func(From) int64, form func(From) To) pageJSON[To] {
	page := pageJSON[To]{Items: make([]To, len(list))}
	for i, entry := range list {
		page.Items[i] = form(entry)
	}
	if limit > 0 && len(list) == limit {
		page.Next = id(list[len(list)-1])
	}
	return page
}

func (s *Server) apiContract(c *gin.Context) {
	text, err := contract.ReadFile("openapi.json")
	if err != nil {
		s.apiTrouble(c, err)
		return
	}
	c.Data(http.StatusOK, "application/json; charset=utf-8", text)
}

func (s *Server) apiEvents(c *gin.Context) {
	filter, err := eventFilter(c.Request.URL.Query())
	var list []engine.Record
	if err == nil {
		list, err = s.Ledger.Events(c.Request.Context(), filter)
	}
	if err != nil {
		s.apiTrouble(c, err)
		return
	}
	c.JSON(http.StatusOK, listed(list, filter.Limit, func(r engine.Record) int64 { return r.Seq }, FormOfEvent))
}

func (s *Server) apiEvent(c *gin.Context) {
	seq, err := number(c.Param("seq"))
	var record engine.Record
	if err == nil {
		record, err = s.Ledger.Event(c.Request.Context(), seq)
	}
	if err != nil {
		s.apiTrouble(c, err)
		return
	}
	c.JSON(http.StatusOK, FormOfEvent(record))
}

func (s *Server) apiRuns(c *gin.Context) {
	filter, err := runFilter(c.Request.URL.Query())
	var list []engine.Run
	if err == nil {
		list, err = s.Ledger.Runs(c.Request.Context(), filter)
	}
	if err != nil {
		s.apiTrouble(c, err)
		return
	}
	c.JSON(http.StatusOK, listed(list, filter.Limit, func(r engine.Run) int64 { return r.ID }, FormOfRun))
}

func (s *Server) apiRun(c *gin.Context) {
	id, err := number(c.Param("id"))
	var run engine.Run
	if err == nil {
		run, err = engine.WholeRun(c.Request.Context(), s.Ledger, id)
	}
	if err != nil {
		s.apiTrouble(c, err)
		return
	}
	c.JSON(http.StatusOK, FormOfRun(run))
}

func (s *Server) apiRetry(c *gin.Context) {
	id, err := number(c.Param("id"))
	if err == nil {
		err = s.Engine.Retry(c.Request.Context(), id)
	}
	s.done(c, err)
}

func (s *Server) apiReplay(c *gin.Context) {
	seq, err := number(c.Param("seq"))
	if err == nil {
		err = s.Engine.Replay(c.Request.Context(), seq)
	}
	s.done(c, err)
}

// done answers a POST that gives nothing back.
func (s *Server) done(c *gin.Context, err error) {
	if err != nil {
		s.apiTrouble(c, err)
		return
	}
	c.JSON(http.StatusAccepted, gin.H{"ok": true})
}

func (s *Server) apiRules(c *gin.Context) {
	book := s.Rules()
	c.JSON(http.StatusOK, gin.H{
		"items":       listed(book.Rules(), 0, nil, ruleJSONOf).Items,
		"next":        0,
		"directories": directoriesJSON(book.Directories()),
	})
}

// directoriesJSON gives every directory with its problems.
func directoriesJSON(directories []rules.Directory) []directoryJSON {
	return listed(directories, 0, nil, func(d rules.Directory) directoryJSON {
		problems := d.Problems
		if problems == nil {
			problems = []document.Problem{}
		}
		return directoryJSON{d.Name, d.Revision, d.Rules, d.Broken, problems}
	}).Items
}

func (s *Server) apiActions(c *gin.Context) {
	c.JSON(http.StatusOK, listed(s.allActions(), 0, nil, actionJSONOf))
}

func (s *Server) apiStores(c *gin.Context) {
	page := pageJSON[storeJSON]{Items: []storeJSON{}}
	for _, source := range s.Sources {
		for _, store := range source.Stores {
			page.Items = append(page.Items, storeJSON{source.Name, source.Kind, store, string(source.Mode)})
		}
	}
	c.JSON(http.StatusOK, page)
}

// apiStats gives the sums of every day since `since`, by default two weeks.
func (s *Server) apiStats(c *gin.Context) {
	q := c.Request.URL.Query()
	err := onlyKeys(q, "since")
	since := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, 1-plotDays)
	if text := q.Get("since"); text != "" && err == nil {
		if since, err = time.Parse(time.DateOnly, text); err != nil {
			err = &misuse{`"since" wants a day`, "Such as 2026-11-21."}
		}
	}
	var counts []engine.Count
	if err == nil {
		counts, err = s.Ledger.Counts(c.Request.Context(), since)
	}
	if err != nil {
		s.apiTrouble(c, err)
		return
	}
	c.JSON(http.StatusOK, listed(counts, 0, nil, func(n engine.Count) countJSON {
		return countJSON{n.Day.UTC().Format(time.DateOnly), n.Source, n.Store, n.What, n.N}
	}))
}

// rawJSON is JSON that came from outside: as it is, or as text when it is not JSON after all.
func rawJSON(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 || json.Valid(raw) {
		return raw
	}
	text, err := json.Marshal(string(raw))
	if err != nil {
		return nil
	}
	return text
}
