package server

import (
	"cmp"
	"encoding/json"
	"time"

	"shopbell/actions"
	"shopbell/document"
	"shopbell/engine"
	"shopbell/rules"
)

// The forms of the API's answers. Names of fields are a promise to other people's scripts.

// EventForm is an event in the API's answers, for everybody who prints one as JSON.
type EventForm struct {
	Seq      int64             `json:"seq"`
	Source   string            `json:"source"`
	Store    string            `json:"store"`
	ID       string            `json:"id"`
	Type     string            `json:"type"`
	Subject  string            `json:"subject"`
	Created  time.Time         `json:"created,omitzero"`
	Received time.Time         `json:"received"`
	State    engine.EventState `json:"state"`
	Note     string            `json:"note,omitempty"`
	Gone     bool              `json:"gone,omitempty"`
	Polled   bool              `json:"polled,omitempty"`
	Stale    bool              `json:"stale,omitempty"`
	Self     bool              `json:"self,omitempty"`
	Prev     int64             `json:"prev,omitempty"`
	Due      time.Time         `json:"due,omitzero"`
	Tries    int               `json:"tries"`
	Replays  int               `json:"replays,omitempty"`
	Data     json.RawMessage   `json:"data,omitempty"`
	Entity   json.RawMessage   `json:"entity,omitempty"`
	Body     json.RawMessage   `json:"body,omitempty"`
}

// FormOfEvent gives an event in the API's form.
func FormOfEvent(r engine.Record) EventForm {
	form := EventForm{
		Seq: r.Seq, Source: r.Source, Store: r.Store, ID: r.ID, Type: r.Type, Subject: r.Subject, Created: utc(r.Created),
		Received: utc(r.Received), State: r.State, Note: r.Note, Gone: r.Gone, Polled: r.Polled, Stale: r.Stale, Self: r.Self, Prev: r.Prev, Tries: r.Tries, Replays: r.Replay,
		Data: rawJSON(r.Data), Entity: rawJSON(r.Entity), Body: rawJSON(r.Body),
	}
	if r.State == engine.EventPending {
		form.Due = utc(r.Due)
	}
	return form
}

// RunForm is a run in the API's answers, for everybody who prints one as JSON.
type RunForm struct {
	ID       int64           `json:"id"`
	Event    int64           `json:"event"`
	Source   string          `json:"source"`
	Store    string          `json:"store"`
	Type     string          `json:"type,omitempty"`
	Subject  string          `json:"subject,omitempty"`
	Rule     string          `json:"rule"`
	Revision string          `json:"revision"`
	Item     int             `json:"item"`
	State    engine.RunState `json:"state"`
	Step     int             `json:"step"`
	Tries    int             `json:"tries"`
	Due      time.Time       `json:"due,omitzero"`
	Created  time.Time       `json:"created"`
	Updated  time.Time       `json:"updated"`
	Steps    []stepJSON      `json:"steps"`
}

type stepJSON struct {
	ID       string           `json:"id,omitempty"`
	Action   string           `json:"action"`
	Account  string           `json:"account,omitempty"`
	Params   json.RawMessage  `json:"params,omitempty"`
	Outcome  actions.Outcome  `json:"outcome,omitempty"`
	Blame    actions.Blame    `json:"blame,omitempty"`
	Note     string           `json:"note,omitempty"`
	Result   actions.Result   `json:"result,omitempty"`
	Tries    []tryJSON        `json:"tries"`
	Delivery *engine.Delivery `json:"delivery,omitempty"`
	Repeated int              `json:"repeated,omitempty"`
	Skipped  bool             `json:"skipped,omitempty"`
	Else     bool             `json:"else,omitempty"`
	Mode     rules.Mode       `json:"mode,omitempty"`
}

type tryJSON struct {
	At      time.Time       `json:"at"`
	TookMS  float64         `json:"took_ms"`
	Outcome actions.Outcome `json:"outcome"`
	Note    string          `json:"note,omitempty"`
}

// FormOfRun gives a run in the API's form.
func FormOfRun(r engine.Run) RunForm {
	form := RunForm{
		ID: r.ID, Event: r.Event, Source: r.Source, Store: r.Store, Type: r.Type, Subject: r.Subject, Rule: r.Rule, Revision: r.Revision, Item: r.Item, State: r.State, Step: r.Step,
		Tries: r.Tries, Created: utc(r.Created), Updated: utc(r.Updated), Steps: listed(r.Steps, 0, nil, stepJSONOf).Items,
	}
	if r.State == engine.RunDue {
		form.Due = utc(r.Due)
	}
	return form
}

func stepJSONOf(s engine.Step) stepJSON {
	return stepJSON{
		ID: s.ID, Action: s.Action, Account: s.Account, Params: rawJSON(s.Params), Outcome: s.Outcome, Blame: s.Blame,
		Note: s.Note, Result: s.Result, Repeated: s.Repeated, Skipped: s.Skipped, Else: s.Else, Mode: s.Mode, Delivery: s.Delivery,
		Tries: listed(s.Tries, 0, nil, func(t engine.Try) tryJSON {
			return tryJSON{utc(t.At), float64(t.Took.Microseconds()) / 1000, t.Outcome, t.Note}
		}).Items,
	}
}

type ruleJSON struct {
	ID          string         `json:"id"`
	Name        string         `json:"name"`
	Directory   string         `json:"directory"`
	Description string         `json:"description,omitempty"`
	Revision    string         `json:"revision"`
	File        string         `json:"file"`
	Line        int            `json:"line"`
	When        []string       `json:"when"`
	If          string         `json:"if,omitempty"`
	Each        string         `json:"each,omitempty"`
	Mode        rules.Mode     `json:"mode"`
	Steps       []ruleStepJSON `json:"steps"`
	Else        []ruleStepJSON `json:"else,omitempty"`
	Text        string         `json:"text"`
}

type ruleStepJSON struct {
	ID      string `json:"id,omitempty"`
	Action  string `json:"action"`
	Account string `json:"account,omitempty"`
}

func ruleJSONOf(r *rules.Rule) ruleJSON {
	return ruleJSON{
		ID: r.ID(), Name: r.Name, Directory: r.Directory, Description: r.Description, Revision: r.Revision, File: r.File,
		Line: r.Line, When: append([]string{}, r.When...), If: r.Condition, Each: r.Each, Mode: cmp.Or(r.Mode, rules.Live), Text: r.Text,
		Steps: listed(r.Steps, 0, nil, ruleStepJSONOf).Items, Else: listed(r.Else, 0, nil, ruleStepJSONOf).Items,
	}
}

func ruleStepJSONOf(s rules.Step) ruleStepJSON { return ruleStepJSON{s.ID, s.Action, s.Account} }

type directoryJSON struct {
	Name     string             `json:"name"`
	Revision string             `json:"revision"`
	Rules    int                `json:"rules"`
	Broken   bool               `json:"broken"`
	Problems []document.Problem `json:"problems"`
}

type actionJSON struct {
	Name         string          `json:"name"`
	Summary      string          `json:"summary"`
	Doc          string          `json:"doc,omitempty"`
	Example      string          `json:"example"`
	Idempotent   bool            `json:"idempotent"`
	NeedsAccount bool            `json:"needs_account"`
	Causes       []string        `json:"causes,omitempty"`
	Params       json.RawMessage `json:"params"` // JSON Schema
}

func actionJSONOf(k *actions.Kind) actionJSON {
	return actionJSON{k.Name, k.Summary, k.Doc, k.Example, k.Idempotent, !k.NoAccount, k.Causes, k.Params.JSON()}
}

type storeJSON struct {
	Source string `json:"source"`
	Kind   string `json:"kind"`
	Store  string `json:"store"`
	Attest string `json:"attest"`
}

type countJSON struct {
	Day    string `json:"day"`
	Source string `json:"source"`
	Store  string `json:"store"`
	What   string `json:"what"`
	N      int64  `json:"n"`
}

// utc gives a time in UTC, so that every answer reads alike.
func utc(t time.Time) time.Time { return t.UTC() }
