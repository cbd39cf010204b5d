package server

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"shopbell/engine"
	"shopbell/sources"
)

// shownStores is how many stores of a source are shown when nobody says how many.
const shownStores = 50

// SourceReportForm is how a source and its stores do, in the API's answer and as `shopbell sources --json` prints it. Sums are of
// the last seven days. What came last is of the node that answers.
type SourceReportForm struct {
	SourceForm
	Address     string                          `json:"address"` // where the platform posts to
	Attest      sources.Mode                    `json:"attest"`
	Install     string                          `json:"install,omitempty"` // where merchants install the app
	Quiet       string                          `json:"quiet,omitempty"`   // why it is unusually quiet
	PollSeconds float64                         `json:"poll_seconds"`      // interval; 0 when it is not polled
	LagSeconds  float64                         `json:"poll_lag_seconds"`  // by how much a poll is late
	Events      int64                           `json:"events"`
	Refusals    map[string]int64                `json:"refusals"`
	Failures    int64                           `json:"attest_failures"`
	Stores      int                             `json:"stores"`
	Credentials map[sources.CredentialState]int `json:"credentials"`
	List        []StoreReportForm               `json:"list"` // of some stores, those in trouble first
}

// StoreReportForm is how one store does.
type StoreReportForm struct {
	Store      string                  `json:"store"`
	LastEvent  time.Time               `json:"last_event,omitzero"`
	Events     int64                   `json:"events"`
	Failures   int64                   `json:"attest_failures"`
	Credential sources.CredentialState `json:"credential,omitempty"`
	Since      time.Time               `json:"credential_since,omitzero"`
	Note       string                  `json:"note,omitempty"` // what is wrong with the credential, and what to do
	Polled     time.Time               `json:"polled,omitzero"`
	PollError  string                  `json:"poll_error,omitempty"`
	Trouble    bool                    `json:"trouble,omitempty"`
}

func (s *Server) reportForm(h engine.Health, r engine.SourceReport) SourceReportForm {
	f := SourceReportForm{Quiet: r.Quiet, PollSeconds: r.Polls.Seconds(), LagSeconds: r.PollLag.Seconds(), Events: r.Events,
		Refusals: r.Refusals, Failures: r.Failures, Stores: r.Stores, Credentials: r.Credentials, Address: "/webhooks/" + r.Name}
	if f.Refusals == nil {
		f.Refusals = map[string]int64{}
	}
	if f.Credentials == nil {
		f.Credentials = map[sources.CredentialState]int{}
	}
	if r.Installs {
		f.Install = "/install/" + r.Name
	}
	for i, source := range s.Sources {
		if source.Name == r.Name {
			f.SourceForm, f.Attest = s.sourceForms(h)[i], source.Mode
		}
	}
	f.List = listed(r.List, 0, nil, storeReportForm).Items
	return f
}

func storeReportForm(r engine.StoreReport) StoreReportForm {
	return StoreReportForm{Store: r.Store, LastEvent: utc(r.LastEvent), Events: r.Events, Failures: r.Failures, Credential: r.Credential.State,
		Since: utc(r.Credential.Since), Note: r.Credential.Note, Polled: utc(r.Polled), PollError: r.PollError, Trouble: r.InTrouble()}
}

// reports gives the reports that a query asks for.
func (s *Server) reports(c *gin.Context, source string) ([]SourceReportForm, error) {
	q := c.Request.URL.Query()
	if err := onlyKeys(q, "store", "limit"); err != nil {
		return nil, err
	}
	limit := shownStores
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > 100_000 {
			return nil, &misuse{`"limit" wants a number from 0 to 100000`, ""}
		}
		limit = n
	}
	list, err := s.Engine.Report(c.Request.Context(), source, q.Get("store"), limit)
	if err != nil {
		return nil, err
	}
	h := s.Engine.Health()
	return listed(list, 0, nil, func(r engine.SourceReport) SourceReportForm { return s.reportForm(h, r) }).Items, nil
}

func (s *Server) apiSources(c *gin.Context) {
	list, err := s.reports(c, "")
	if err != nil {
		s.apiTrouble(c, err)
		return
	}
	c.JSON(http.StatusOK, pageJSON[SourceReportForm]{Items: list})
}

func (s *Server) apiSource(c *gin.Context) {
	list, err := s.reports(c, c.Param("source"))
	if err != nil {
		s.apiTrouble(c, noSource(err))
		return
	}
	c.JSON(http.StatusOK, list[0])
}

// apiRevive has a store's refused credential tried again.
func (s *Server) apiRevive(c *gin.Context) {
	s.done(c, noSource(s.Engine.Revive(c.Request.Context(), c.Param("source"), c.Param("store"))))
}

// noSource makes a source that is not there an entry that is not there.
func noSource(err error) error {
	if errors.Is(err, engine.ErrNoSource) {
		return engine.ErrNone
	}
	return err
}

// ForgetForm says whom to forget.
type ForgetForm struct {
	Person string `json:"person,omitempty"`
	Source string `json:"source,omitempty"`
	Store  string `json:"store,omitempty"`
	Before int64  `json:"before,omitempty"`
}

// ForgotForm tells what one call has done; Next is for Before of the next one, 0 when all is done.
type ForgotForm struct {
	Looked int   `json:"looked"`
	Events int   `json:"events"`
	Runs   int   `json:"runs"`
	Next   int64 `json:"next"`
}

func (s *Server) apiForget(c *gin.Context) {
	var f ForgetForm
	d := json.NewDecoder(http.MaxBytesReader(c.Writer, c.Request.Body, 64<<10))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		failAPI(c, http.StatusBadRequest, "the body is not as it should be", `Send {"person": "jane@example.com"}, or {"source": "ecwid", "store": "1003"}.`)
		return
	}
	done, err := s.Engine.Forget(c.Request.Context(), engine.Forgetting{Person: f.Person, Source: f.Source, Store: f.Store, Before: f.Before})
	if errors.Is(err, engine.ErrForgetWhom) {
		failAPI(c, http.StatusBadRequest, err.Error(), "")
		return
	}
	if err != nil {
		s.apiTrouble(c, err)
		return
	}
	c.JSON(http.StatusOK, ForgotForm{done.Looked, done.Events, done.Runs, done.Next})
}

// sourcesPage shows every source, with the stores in trouble first.
func (s *Server) sourcesPage(c *gin.Context) {
	list, err := s.reports(c, "")
	if err != nil {
		s.pageTrouble(c, err)
		return
	}
	s.show(c, "sources", "Sources", list)
}

// revivePost has a store's refused credential tried again.
func (s *Server) revivePost(c *gin.Context) {
	if err := noSource(s.Engine.Revive(c.Request.Context(), c.Param("source"), c.Param("store"))); err != nil {
		s.pageTrouble(c, err)
		return
	}
	c.Redirect(http.StatusSeeOther, "/sources")
}
