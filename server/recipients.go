package server

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"shopbell/engine"
)

// A RecipientForm names somebody who is not to be written to, or is again.
type RecipientForm struct {
	Address string `json:"address"`
	Source  string `json:"source,omitempty"` // with Store; both "" for every store
	Store   string `json:"store,omitempty"`
	Why     string `json:"why,omitempty"`
}

// A SuppressionForm is one entry of the suppression list.
type SuppressionForm struct {
	Source  string    `json:"source"`
	Store   string    `json:"store"`
	Channel string    `json:"channel"`
	Address string    `json:"address"`
	Why     string    `json:"why"`
	Since   time.Time `json:"since"`
	// Marketing says that it holds for marketing only.
	Marketing bool `json:"marketing"`
}

func formOfSuppression(s engine.Suppression) SuppressionForm {
	return SuppressionForm{s.Source, s.Store, string(s.Channel), s.Address, s.Why, s.Since, s.Marketing}
}

func (s *Server) apiRecipients(c *gin.Context) {
	list, err := s.Engine.Suppressions(c.Request.Context())
	if err != nil {
		s.apiTrouble(c, err)
		return
	}
	c.JSON(http.StatusOK, listed(list, 0, nil, formOfSuppression))
}

func (s *Server) apiSuppress(c *gin.Context) {
	f, entry, ok := recipientOf(c)
	if !ok {
		return
	}
	entry.Why, entry.Since = f.Why, time.Now().UTC()
	if entry.Why == "" {
		entry.Why = "asked not to be written to"
	}
	if err := s.Engine.Suppress(c.Request.Context(), entry); err != nil {
		s.apiTrouble(c, err)
		return
	}
	c.JSON(http.StatusOK, formOfSuppression(entry))
}

func (s *Server) apiLift(c *gin.Context) {
	_, entry, ok := recipientOf(c)
	if !ok {
		return
	}
	lifted, err := s.Engine.Lift(c.Request.Context(), entry)
	switch {
	case err != nil:
		s.apiTrouble(c, err)
	case !lifted:
		failAPI(c, http.StatusNotFound, "nothing keeps messages from that address there", "An entry of one store is lifted with its source and store.")
	default:
		c.JSON(http.StatusOK, gin.H{"lifted": true})
	}
}

// recipientOf reads whom a request is about. When it is not ok, the request is answered.
func recipientOf(c *gin.Context) (f RecipientForm, entry engine.Suppression, ok bool) {
	d := json.NewDecoder(http.MaxBytesReader(c.Writer, c.Request.Body, 64<<10))
	d.DisallowUnknownFields()
	err := d.Decode(&f)
	if err == nil && (f.Source == "") != (f.Store == "") {
		err = errors.New("source and store go together")
	}
	if err != nil {
		failAPI(c, http.StatusBadRequest, "the body is not as it should be", `Send {"address": "jane@example.com"}, with "source" and "store" for one store only.`)
		return f, entry, false
	}
	r, err := engine.RecipientOf(f.Address)
	if err != nil {
		failAPI(c, http.StatusBadRequest, err.Error(), "")
		return f, entry, false
	}
	return f, engine.Suppression{Source: f.Source, Store: f.Store, Channel: r.Channel, Address: r.Address}, true
}
