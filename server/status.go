package server

import (
	"cmp"
	"context"
	"crypto/rand"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"shopbell/document"
	"shopbell/engine"
)

// askTime is how long the ledger may take to tell which nodes there are. A status that never comes helps nobody.
const askTime = 3 * time.Second

// maxProblems is how many problems of rule files a status tells of; the count tells of all.
const maxProblems = 20

// StatusForm is how the program is, in the API's answer and as `shopbell status --json` prints it.
type StatusForm struct {
	At           time.Time          `json:"at"` // when this was so, by the ledger's clock
	Node         string             `json:"node"`
	Version      string             `json:"version"`
	Started      time.Time          `json:"started"`
	Ready        bool               `json:"ready"`
	Reasons      []string           `json:"reasons"` // why it is not ready
	Ledger       string             `json:"ledger"`
	LedgerError  string             `json:"ledger_error,omitempty"`
	Queued       int                `json:"queued"`
	Working      int                `json:"working"`
	LastAccepted time.Time          `json:"last_accepted,omitzero"`
	LastSent     time.Time          `json:"last_sent,omitzero"`
	Nodes        []engine.Node      `json:"nodes"`
	Differences  []string           `json:"differences"`
	RuleProblems int                `json:"rule_problems"` // of the node that answers
	Problems     []document.Problem `json:"problems"`      // the first of them
	Sources      []SourceForm       `json:"sources"`
	Accounts     []AccountForm      `json:"accounts"`
	Plugins      []PluginForm       `json:"plugins"`
}

// SourceForm is how a source is. It tells of what came to the node that answers.
type SourceForm struct {
	Name            string    `json:"name"`
	Kind            string    `json:"kind"`
	LastVerified    time.Time `json:"last_verified,omitzero"`
	LastRefusal     time.Time `json:"last_refusal,omitzero"`
	RefusalReason   string    `json:"refusal_reason,omitempty"`
	LastAttestError string    `json:"last_attest_error,omitempty"`
	AttestErrorAt   time.Time `json:"attest_error_at,omitzero"`
}

// AccountForm is how an account is. It tells of what the node that answers sent through it.
type AccountForm struct {
	Name      string     `json:"name"`
	Kind      string     `json:"kind"`
	LastOK    time.Time  `json:"last_ok,omitzero"`
	LastError string     `json:"last_error,omitempty"`
	ErrorAt   time.Time  `json:"error_at,omitzero"`
	Problem   string     `json:"problem,omitempty"` // why it is not as the config says now
	Shut      []ShutForm `json:"shut,omitempty"`    // nothing is sent through it, or not to these providers
}

// ShutForm says that nothing is sent through an account, or to one of the providers that its steps name.
type ShutForm struct {
	Target string    `json:"target,omitempty"`
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until"` // then one step tries for all
	Mend   bool      `json:"mend"`  // a person has to see to it
	Why    string    `json:"why"`
}

func (s *Server) apiStatus(c *gin.Context) {
	c.JSON(http.StatusOK, s.status(c.Request.Context()))
}

// status tells how the program is. It always has an answer: it is asked for when something is wrong.
func (s *Server) status(ctx context.Context) StatusForm {
	s.Engine.Probe(ctx)
	h := s.Engine.Health()
	reasons := s.unready()
	form := StatusForm{
		Node: s.Node, Version: s.Version, Started: utc(h.Started), Ready: len(reasons) == 0, Reasons: append([]string{}, reasons...),
		Ledger: s.LedgerKind, Queued: h.Queued, Working: h.Working, LastAccepted: utc(h.LastAccepted), LastSent: utc(h.LastSent),
		Problems: []document.Problem{}, Sources: s.sourceForms(h), Accounts: s.accountForms(h), Plugins: s.pluginForms(),
	}
	if h.Ledger != nil {
		form.LedgerError = h.Ledger.Error()
	}
	for _, d := range s.Rules().Directories() {
		problems, _ := document.Split(d.Problems)
		form.RuleProblems += len(problems)
		form.Problems = append(form.Problems, problems[:min(len(problems), maxProblems-len(form.Problems))]...)
	}
	s.nodes(ctx, &form, s.self(h))
	return form
}

// nodes puts into a status which nodes there are, and where they differ.
func (s *Server) nodes(ctx context.Context, form *StatusForm, self engine.Node) {
	var known []engine.Node
	var trouble []string
	if s.Nodes != nil {
		ctx, cancel := context.WithTimeout(ctx, askTime)
		defer cancel()
		list, err := s.Nodes(ctx)
		if err != nil {
			s.Log.Warn("the ledger does not tell which nodes there are", "error", err)
			trouble = append(trouble, "The ledger does not tell which other nodes there are: only the one that answers is shown.")
		} else if !slices.ContainsFunc(list, func(n engine.Node) bool { return n.ID == self.ID }) {
			trouble = append(trouble, "The ledger does not know the node that answers, "+engine.NodeNames([]engine.Node{self})[0]+": it has long not told that it is alive.")
		}
		known = list
	}
	at := time.Now()
	form.Nodes = make([]engine.Node, 0, len(known)+1)
	for _, n := range known {
		if n.ID == self.ID { // what it knows of itself is newer than what it last told
			at = at.Add(-n.Skew)
			n.Rules, n.Stopping, n.Version = self.Rules, self.Stopping, self.Version
			n.Name, n.Address = cmp.Or(n.Name, self.Name), cmp.Or(n.Address, self.Address)
			self = n
			continue
		}
		form.Nodes = append(form.Nodes, n)
	}
	form.Nodes = append(form.Nodes, self)
	slices.SortFunc(form.Nodes, func(a, b engine.Node) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Address, b.Address), cmp.Compare(a.ID, b.ID))
	})
	for i := range form.Nodes {
		plainNode(&form.Nodes[i])
	}
	form.At = utc(at)
	form.Differences = append(append([]string{}, trouble...), engine.Differences(form.Nodes, at)...)
}

// plainNode makes a node read like everything else in the API: times in UTC, lists that are never null.
func plainNode(n *engine.Node) {
	n.Started, n.Seen = utc(n.Started), utc(n.Seen)
	if n.Rules == nil {
		n.Rules = []engine.RuleFolder{}
	}
	if n.Limited == nil {
		n.Limited = []string{}
	}
}

// self is the node that answers, as it knows itself.
func (s *Server) self(h engine.Health) engine.Node {
	name, err := os.Hostname()
	if err != nil {
		name = "this machine"
	}
	address, _ := s.address.Load().(string)
	return engine.Node{
		ID: s.Node, Name: name, Address: address, Version: s.Version, Started: h.Started, Seen: time.Now(), Stopping: h.Stopping,
		Rules: engine.RuleFolders(s.Rules().Folders()),
	}
}

// newNode makes an id for this start of the program.
func newNode() string { return rand.Text()[:12] }

func (s *Server) sourceForms(h engine.Health) []SourceForm {
	return listed(s.Sources, 0, nil, func(source Source) SourceForm {
		is := h.Sources[source.Name]
		return SourceForm{source.Name, source.Kind, utc(is.LastVerified), utc(is.LastRefusal), is.RefusalReason, is.LastAttestError, utc(is.AttestErrorAt)}
	}).Items
}

func (s *Server) accountForms(h engine.Health) []AccountForm {
	return listed(s.accounts(h), 0, nil, func(account Account) AccountForm {
		is := h.Accounts[account.Name]
		form := AccountForm{account.Name, account.Kind, utc(is.LastOK), is.LastError, utc(is.ErrorAt), account.Problem, nil}
		for _, s := range is.Shut {
			form.Shut = append(form.Shut, ShutForm{s.Target, utc(s.Since), utc(s.Until), s.Mend, s.Why})
		}
		return form
	}).Items
}

// nodeRow is a node as the page of health shows it.
type nodeRow struct {
	engine.Node
	This  bool // it answers
	State mark
	Count int // of rules in use
	Hash  string
}

// nodeRows gives the nodes of a status when there is more than one.
func nodeRows(form StatusForm) []nodeRow {
	if len(form.Nodes) < 2 {
		return nil
	}
	rows := make([]nodeRow, len(form.Nodes))
	for i, n := range form.Nodes {
		row := nodeRow{Node: n, This: n.ID == form.Node, State: mark{"alive", "good"}, Hash: engine.ShortRevision(n.Revision())}
		switch {
		case n.Silent(form.At) > 0:
			row.State = mark{"silent", "bad"}
		case n.Stopping:
			row.State = mark{"stopping", "warn"}
		}
		for _, f := range n.Rules {
			row.Count += f.Rules
		}
		rows[i] = row
	}
	return rows
}
