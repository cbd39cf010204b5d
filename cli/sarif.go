package cli

import (
	"cmp"
	"net/url"
	"path/filepath"
	"slices"

	"shopbell/document"
	"shopbell/rules"
)

// sarif is a log in the Static Analysis Results Interchange Format 2.1.0, which code hosts show beside the lines that it
// tells of.
type sarif struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool struct {
		Driver sarifDriver `json:"driver"`
	} `json:"tool"`
	ColumnKind string        `json:"columnKind"`
	Results    []sarifResult `json:"results"`
}

type sarifDriver struct {
	Name    string      `json:"name"`
	Version string      `json:"version,omitempty"`
	Rules   []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID      string      `json:"id"`
	Short   sarifText   `json:"shortDescription"`
	Default sarifConfig `json:"defaultConfiguration"`
}

type sarifConfig struct {
	Level string `json:"level"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifResult struct {
	RuleID    string          `json:"ruleId"`
	RuleIndex int             `json:"ruleIndex"`
	Level     string          `json:"level"`
	Message   sarifText       `json:"message"`
	Locations []sarifLocation `json:"locations"`
}

type sarifLocation struct {
	Physical sarifPhysical `json:"physicalLocation"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   *sarifRegion  `json:"region,omitempty"` // nil when a file as a whole is meant
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn,omitempty"`
}

// sarifOf makes a log of problems. It lists every kind of problem that a check can find, also those that it did not, so
// that the place of each in the list stays the same for one version of the program.
func sarifOf(problems []document.Problem) sarif {
	run := sarifRun{ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Name: "shopbell", Version: version()}
	at := map[string]int{}
	for _, m := range slices.SortedFunc(slices.Values(rules.Mistakes()), func(a, b rules.Mistake) int { return cmp.Compare(a.ID, b.ID) }) {
		at[m.ID] = len(run.Tool.Driver.Rules)
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{m.ID, sarifText{m.Means}, sarifConfig{sarifLevel(m.Warning)}})
	}
	for _, p := range problems {
		r := sarifResult{RuleID: p.ID, RuleIndex: at[p.ID], Level: sarifLevel(p.Warning), Message: sarifText{p.Message}}
		if p.Hint != "" {
			r.Message.Text += ". " + p.Hint
		}
		physical := sarifPhysical{Artifact: sarifArtifact{uriOf(p.File)}}
		if p.Line > 0 {
			physical.Region = &sarifRegion{p.Line, p.Column}
		}
		r.Locations = []sarifLocation{{physical}}
		run.Results = append(run.Results, r)
	}
	return sarif{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}}
}

func sarifLevel(warning bool) string {
	if warning {
		return "warning"
	}
	return "error"
}

// uriOf writes a path as SARIF wants it: relative where it is, with slashes, and with whatever a URI keeps for itself
// written out.
func uriOf(path string) string {
	slashed := filepath.ToSlash(path)
	if filepath.IsAbs(path) {
		if slashed[0] != '/' {
			slashed = "/" + slashed // C:/…
		}
		return (&url.URL{Scheme: "file", Path: slashed}).String()
	}
	return (&url.URL{Path: slashed}).String()
}
