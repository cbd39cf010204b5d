package rules

import (
	"encoding/json"
	"regexp"
	"slices"

	"gopkg.in/yaml.v3"

	"shopbell/document"
)

// A Suite is every test of a rules directory: those below `tests:` in rule files, and those of the files beside them whose
// name ends in _test.yaml. Tests never stop a rule from running: what is wrong with them is told by the suite, not by the
// [Set].
type Suite struct {
	set      *Set
	trials   []*Trial
	problems []document.Problem
}

// Problems lists what is wrong with the tests, warnings too, ordered by file and place.
func (s *Suite) Problems() []document.Problem { return s.problems }

// Trials lists the tests, by directory, file and place. It must not be changed.
func (s *Suite) Trials() []*Trial { return s.trials }

// A Trial is one test: what is given, and what is expected of the rules.
type Trial struct {
	Name      string
	Directory string // a test in a store's directory is for that store, and sees its rules and those of the top
	Place     Place

	inputs  []*Input
	answers map[string]map[string]any // results of actions that are replaced, by step id or kind of action
	expect  []expectation
	errors  []said
	partial bool // more may happen than is expected
	exact   bool // all parameters are compared
	below   bool // it stands below rules

	file   *document.File
	key    *yaml.Node // of expect
	value  *yaml.Node
	node   *yaml.Node
	inFlow bool // it is written between { and }, so it is not rewritten
}

// A Place is where something stands.
type Place struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column,omitempty"`
}

// sees tells whether a test is about a rule. One that stands below rules is about those of its file, and those that it names: a rule
// that somebody adds in another file does not break it.
func (t *Trial) sees(r *Rule) bool {
	if r.Directory != "" && r.Directory != t.Directory {
		return false
	}
	return !t.below || r.File == t.Place.File || slices.ContainsFunc(t.expect, func(w expectation) bool { return slices.Contains(w.rules, r) })
}

// An expectation is one effect that a test wants.
type expectation struct {
	place   Place
	node    *yaml.Node
	rule    string // as written; "" for any
	rules   []*Rule
	action  string
	mode    Mode // "" for any
	hasItem bool
	item    any
	params  map[string]any
}

// A said is the text of an error that a test wants.
type said struct {
	place Place
	text  string
}

// An Effect is one step that rules have carried out in a test: what would have been sent.
type Effect struct {
	Rule   string          `json:"rule"` // id
	Place  Place           `json:"place"`
	Event  int             `json:"event"` // of those that the test gives, from 1
	Else   bool            `json:"else,omitempty"`
	Step   int             `json:"step"` // from 1
	ID     string          `json:"id,omitempty"`
	Action string          `json:"action"`
	Mode   Mode            `json:"mode"`
	Note   string          `json:"note,omitempty"` // why it would not have been sent
	Item   any             `json:"item,omitempty"`
	Params json.RawMessage `json:"params"`

	rule  *Rule
	value map[string]any // Params, decoded
}

// A Result is the outcome of one test.
type Result struct {
	Name      string    `json:"name"`
	Directory string    `json:"directory"`
	Place     Place     `json:"place"`
	Passed    bool      `json:"passed"`
	Findings  []Finding `json:"findings,omitempty"`
	Effects   []Effect  `json:"effects"`
	Errors    []string  `json:"errors,omitempty"`

	trial   *Trial
	matched []int // by effect, the expectation that it is, or -1
	near    []int // by effect that is no expectation, the one that it was held against, or -1
}

// A Difference is what a finding of a test is about.
type Difference string

// What can be different from what a test expects.
const (
	Differs Difference = "differs" // it happened otherwise
	Missing Difference = "missing" // it did not happen
	Extra   Difference = "extra"   // it happened, and nobody expected it
	Failing Difference = "error"   // a rule could not be evaluated, and nobody expected that
	Sound   Difference = "no error"
)

// A Finding is one way in which what happened is not what a test expects.
type Finding struct {
	Kind     Difference `json:"kind"`
	Rule     string     `json:"rule,omitempty"`
	Action   string     `json:"action,omitempty"`
	Expected *Place     `json:"expected,omitempty"` // of the expectation
	Found    *Place     `json:"found,omitempty"`    // of the rule
	Lines    []DiffLine `json:"lines"`
	Why      []string   `json:"why,omitempty"` // sentences
}

// A DiffLine is a line of a diff: expected −, got +, both a space.
type DiffLine struct {
	Sign string `json:"sign"`
	Text string `json:"text"`
}

// A Report is the outcome of a suite.
type Report struct {
	Passed   int            `json:"passed"`
	Failed   int            `json:"failed"`
	Results  []Result       `json:"tests"`
	Coverage []RuleCoverage `json:"coverage"`
}

// Run runs the tests whose name some part of pick matches; nil means all. Nothing is sent: actions are replaced, and never
// opened.
func (s *Suite) Run(pick *regexp.Regexp) *Report {
	r := &Report{Results: []Result{}}
	cover := newCoverage(s.set)
	for _, t := range s.trials {
		if pick != nil && !pick.MatchString(t.Name) {
			continue
		}
		run := &trialRun{trial: t, set: s.set, explainer: cover.explainer, coverage: cover, done: map[string]bool{}}
		result := run.result()
		if result.Passed {
			r.Passed++
		} else {
			r.Failed++
		}
		r.Results = append(r.Results, result)
	}
	r.Coverage = cover.rules
	return r
}
