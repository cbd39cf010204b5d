package cli

import (
	"encoding/xml"
	"os"
	"strings"

	"shopbell/rules"
)

// A junitSuite is the outcome of tests in the form that build servers read.
type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	File    string        `xml:"file,attr"`
	Line    int           `xml:"line,attr"`
	Failure *junitFailure `xml:"failure,omitempty"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",cdata"`
}

func writeJUnit(path string, r *rules.Report) error {
	suite := junitSuite{Name: "shopbell", Tests: len(r.Results), Failures: r.Failed}
	for _, one := range r.Results {
		c := junitCase{Class: one.Place.File, Name: one.Name, File: one.Place.File, Line: one.Place.Line}
		if !one.Passed {
			var b strings.Builder
			for _, f := range one.Findings {
				printFinding(teller{&b}, &one, &f)
			}
			first, _, _ := strings.Cut(strings.TrimSpace(b.String()), "\n")
			c.Failure = &junitFailure{Message: first, Text: "\n" + b.String()}
		}
		suite.Cases = append(suite.Cases, c)
	}
	text, err := xml.MarshalIndent(suite, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append([]byte(xml.Header), append(text, '\n')...), 0o644)
}
