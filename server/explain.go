package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"shopbell/engine"
	"shopbell/event"
	"shopbell/rules"
)

// maxGiven bounds an event that is sent to be explained, in bytes.
const maxGiven = 4 << 20

// StoryForm is an explanation in the API's answers, for everybody who prints one as JSON.
type StoryForm struct {
	Events []EventStoryForm `json:"events"`
	Notes  []string         `json:"notes"`
}

// EventStoryForm tells of one event.
type EventStoryForm struct {
	Event    EventForm       `json:"event"` // without data, entity and body; seq is 0 for one that is not in the ledger
	Words    []string        `json:"words"`
	Rules    []RuleStoryForm `json:"rules"`
	More     int             `json:"more"`
	Deaf     []RuleStoryForm `json:"deaf"`
	MoreDeaf int             `json:"more_deaf"`
	Unasked  []string        `json:"unasked"`
	Runs     []RunStoryForm  `json:"runs"`
}

// RuleStoryForm tells what one rule makes of an event.
type RuleStoryForm struct {
	ID       string             `json:"id"`
	Revision string             `json:"revision"`
	File     string             `json:"file,omitempty"`
	Line     int                `json:"line,omitempty"`
	Now      *rules.Explanation `json:"now,omitempty"`
	Then     string             `json:"then,omitempty"`
	Changed  bool               `json:"changed,omitempty"`
	Old      *rules.Explanation `json:"old,omitempty"`
	Words    []string           `json:"words"`
	Runs     []int64            `json:"runs"`
}

// RunStoryForm is a run, with why steps were left out.
type RunStoryForm struct {
	RunForm
	Left map[int]string `json:"left,omitempty"` // by the step's place, from 0
}

// FormOfStory gives an explanation in the API's form.
func FormOfStory(s engine.Story) StoryForm {
	return StoryForm{Events: listed(s.Events, 0, nil, eventStoryForm).Items, Notes: append([]string{}, s.Notes...)}
}

func eventStoryForm(s engine.EventStory) EventStoryForm {
	form := EventStoryForm{
		Event: FormOfEvent(s.Record), Words: append([]string{}, s.Words...), Rules: listed(s.Rules, 0, nil, ruleStoryForm).Items, More: s.More,
		Deaf: listed(s.Deaf, 0, nil, ruleStoryForm).Items, MoreDeaf: s.MoreDeaf, Unasked: append([]string{}, s.Unasked...),
		Runs: listed(s.Runs, 0, nil, func(r engine.RunStory) RunStoryForm { return RunStoryForm{FormOfRun(r.Run), r.Left} }).Items,
	}
	form.Event.Data, form.Event.Entity, form.Event.Body = nil, nil, nil
	return form
}

func ruleStoryForm(s engine.RuleStory) RuleStoryForm {
	return RuleStoryForm{ID: s.ID, Revision: s.Revision, File: s.File, Line: s.Line, Now: s.Now, Then: s.Then, Changed: s.Changed, Old: s.Old,
		Words: append([]string{}, s.Words...), Runs: append([]int64{}, s.Runs...)}
}

// givenForm is an event as a file gives it: what `shopbell events NUMBER --json` prints fits, with `was` beside it.
type givenForm struct {
	Source  string          `json:"source"`
	Store   string          `json:"store"`
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	Subject string          `json:"subject"`
	Created time.Time       `json:"created"`
	Recv    time.Time       `json:"received"`
	Gone    bool            `json:"gone"`
	Polled  bool            `json:"polled"`
	Stale   bool            `json:"stale"`
	Self    bool            `json:"self"`
	Data    json.RawMessage `json:"data"`
	Entity  json.RawMessage `json:"entity"`
	Was     json.RawMessage `json:"was"`
	Profile event.Store     `json:"profile"`

	// What the ledger says of an event beside, and an explanation does not need.
	Seq     json.RawMessage `json:"seq"`
	State   json.RawMessage `json:"state"`
	Note    json.RawMessage `json:"note"`
	Prev    json.RawMessage `json:"prev"`
	Due     json.RawMessage `json:"due"`
	Tries   json.RawMessage `json:"tries"`
	Replays json.RawMessage `json:"replays"`
	Body    json.RawMessage `json:"body"`
	Runs    json.RawMessage `json:"runs"`
}

// ReadGiven reads an event that is not in the ledger. Its error is for people.
func ReadGiven(text []byte) (*engine.Given, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var f givenForm
	if err := d.Decode(&f); err != nil {
		return nil, &engine.Misasked{Message: "the event cannot be read: " + strings.TrimPrefix(err.Error(), "json: "),
			Hint: "It is a JSON object with source, store, type, subject, data, entity and was."}
	}
	if f.Type == "" {
		return nil, &engine.Misasked{Message: "the event has no type", Hint: `Such as "type": "order.created".`}
	}
	return &engine.Given{
		Event: event.Event{Source: f.Source, Store: f.Store, ID: f.ID, Type: f.Type, Subject: f.Subject, Created: f.Created, Received: f.Recv,
			Data: present(f.Data), Polled: f.Polled, Stale: f.Stale, Self: f.Self},
		Entity: present(f.Entity), Was: present(f.Was), Gone: f.Gone, Profile: f.Profile,
	}, nil
}

// present makes nothing of null.
func present(raw json.RawMessage) json.RawMessage {
	if string(raw) == "null" {
		return nil
	}
	return raw
}

// apiExplain explains what is in the ledger.
func (s *Server) apiExplain(c *gin.Context) {
	q := c.Request.URL.Query()
	err := onlyKeys(q, "event", "subject", "recipient", "rule", "source", "store", "limit")
	var limit int64
	if err == nil {
		limit, err = whole(q, "limit", 1, 100)
	}
	if err != nil {
		s.apiTrouble(c, err)
		return
	}
	s.explain(c, engine.Question{Event: q.Get("event"), Subject: q.Get("subject"), Recipient: q.Get("recipient"), Rule: q.Get("rule"),
		Source: q.Get("source"), Store: q.Get("store"), Limit: int(limit)})
}

// apiExplainGiven explains an event that is sent.
func (s *Server) apiExplainGiven(c *gin.Context) {
	q := c.Request.URL.Query()
	err := onlyKeys(q, "rule")
	var text []byte
	if err == nil {
		text, err = io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, maxGiven))
		if err != nil {
			err = &misuse{"the body could not be read", "Send at most 4 MB."}
		}
	}
	var given *engine.Given
	if err == nil {
		given, err = ReadGiven(text)
	}
	if m, ok := errors.AsType[*engine.Misasked](err); ok {
		err = &misuse{m.Message, m.Hint}
	}
	if err != nil {
		s.apiTrouble(c, err)
		return
	}
	if given.Source == "" && len(s.Sources) == 1 {
		given.Source = s.Sources[0].Name
	}
	s.explain(c, engine.Question{Given: given, Rule: q.Get("rule")})
}

func (s *Server) explain(c *gin.Context, q engine.Question) {
	story, err := s.Engine.Explain(c.Request.Context(), q)
	if m, ok := errors.AsType[*engine.Misasked](err); ok {
		err = &misuse{m.Message, m.Hint}
	}
	if err != nil {
		s.apiTrouble(c, err)
		return
	}
	c.JSON(http.StatusOK, FormOfStory(story))
}
