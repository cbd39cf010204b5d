package rules

import "shopbell/event"

// A RuleCoverage says what of a rule the tests have seen.
type RuleCoverage struct {
	Rule    string           `json:"rule"` // id
	Place   Place            `json:"place"`
	Fired   int              `json:"fired"`  // events on which it fired
	Else    int              `json:"else"`   // on which its else was done
	Passed  int              `json:"passed"` // on which it did nothing
	Errors  int              `json:"errors"`
	Clauses []ClauseCoverage `json:"clauses,omitempty"`
}

// A ClauseCoverage says whether a clause of a condition was seen to hold, and not to hold. One to which an evaluation does
// not come was not seen.
type ClauseCoverage struct {
	Text  string `json:"text"`
	Place Place  `json:"place"`
	True  bool   `json:"true"`
	False bool   `json:"false"`
}

// Untested tells whether no test had the rule do anything.
func (c *RuleCoverage) Untested() bool { return c.Fired+c.Else == 0 }

// coverage collects what tests see.
type coverage struct {
	explainer *Explainer
	rules     []RuleCoverage
	byRule    map[*Rule]int
}

func newCoverage(set *Set) *coverage {
	c := &coverage{explainer: NewExplainer(), byRule: map[*Rule]int{}}
	c.explainer.NoWas = "the test gives nothing before it"
	for _, r := range set.rules {
		if !r.enabled {
			continue
		}
		c.byRule[r] = len(c.rules)
		c.rules = append(c.rules, RuleCoverage{Rule: r.ID(), Place: Place{File: r.File, Line: r.Line}})
		if r.condition != nil && len(r.listens) > 0 {
			c.learn(r)
		}
	}
	return c
}

// learn finds the clauses of a rule that no event has met yet, by an event about which nothing is known.
func (c *coverage) learn(r *Rule) {
	e := &event.Event{Source: r.listens[0].source, Type: r.listens[0].Name}
	if len(r.stores) > 0 {
		e.Store = r.stores[0]
	}
	c.note(r, c.explainer.Explain(r, &Input{Event: e}), false)
}

// asked counts what a rule says of an event.
func (c *coverage) asked(r *Rule, in *Input) {
	x := c.explainer.Explain(r, in)
	one := &c.rules[c.byRule[r]]
	switch x.Verdict {
	case Fires:
		one.Fired++
	case Otherwise:
		one.Else++
	case Passes:
		one.Passed++
	case Errs:
		one.Errors++
	}
	c.note(r, x, true)
}

func (c *coverage) note(r *Rule, x Explanation, counts bool) {
	one := &c.rules[c.byRule[r]]
	if one.Clauses == nil && len(x.Clauses) > 0 {
		one.Clauses = make([]ClauseCoverage, len(x.Clauses))
	}
	if len(x.Clauses) != len(one.Clauses) {
		return // it was too much to be taken apart this time
	}
	for i, clause := range x.Clauses { // the same ones each time
		c, at := &one.Clauses[i], Place{clause.File, clause.Line, clause.Column}
		if c.Text == "" || at.Line < c.Place.Line || at.Line == c.Place.Line && at.Column < c.Place.Column {
			c.Text, c.Place = clause.Text, at // that of one that fails is where it fails
		}
		if counts && !clause.Beyond {
			c.True, c.False = c.True || clause.Holds == Yes, c.False || clause.Holds == No
		}
	}
}
