package actions

import (
	"context"
	"errors"
	"strings"
	"testing"
)

type telling struct{}

func (telling) Send(context.Context, Call[letter]) (Result, error) { return nil, nil }
func (telling) Report(Notice) (Report, error)                      { return Report{}, ErrForged }

type letter struct {
	To string `json:"to" jsonschema_description:"Whom."`
}

func TestReporterOf(t *testing.T) {
	for name, test := range map[string]struct {
		sender Sender[letter]
		want   bool
	}{
		"tells":     {telling{}, true},
		"tells not": {mute{}, false},
	} {
		kind := Define(Spec[struct{}, letter]{Name: "letter", Summary: "Send a letter", Example: `letter: { to: me }`,
			Reaches: func(l letter) []Recipient { return []Recipient{{Mail, l.To}} },
			Open:    func(Env, struct{}) (Sender[letter], error) { return test.sender, nil }})
		outlet, err := kind.Open(Env{}, nil)
		if err != nil {
			t.Fatal(name, err)
		}
		reporter, ok := ReporterOf(outlet)
		if ok != test.want {
			t.Errorf("%s: a reporter: %v, want %v", name, ok, test.want)
		}
		if ok {
			if _, err := reporter.Report(Notice{}); !errors.Is(err, ErrForged) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if to := kind.Reaches([]byte(`{"to":"a@b.example"}`)); len(to) != 1 || to[0] != (Recipient{Mail, "a@b.example"}) {
			t.Errorf("%s: reaches %v", name, to)
		}
		if to := kind.Reaches([]byte(`{"to":7}`)); to != nil {
			t.Errorf("%s: reaches %v", name, to)
		}
	}
}

type mute struct{}

func (mute) Send(context.Context, Call[letter]) (Result, error) { return nil, nil }

type keyed struct {
	Key Secret `json:"key" jsonschema_description:"Key of the provider."`
}

type repeating struct{}

func (repeating) Send(context.Context, Call[letter]) (Result, error) { return nil, nil }
func (repeating) Report(Notice) (Report, error) {
	return Report{State: "failed", Note: "hush-8d1f0c5e7b2a94 is not valid"}, errors.New("hush-8d1f0c5e7b2a94 is odd")
}

// TestAReportHoldsNoSecret holds that what a provider tells of a message says nothing of its account's key.
func TestAReportHoldsNoSecret(t *testing.T) {
	kind := Define(Spec[keyed, letter]{Name: "letter", Summary: "Send a letter", Example: `letter: { to: me }`,
		Open: func(Env, keyed) (Sender[letter], error) { return repeating{}, nil }})
	outlet, err := kind.Open(Env{}, []byte(`{"key":"hush-8d1f0c5e7b2a94"}`))
	if err != nil {
		t.Fatal(err)
	}
	reporter, _ := ReporterOf(outlet)
	report, err := reporter.Report(Notice{})
	if strings.Contains(report.Note+err.Error(), "hush") || !strings.Contains(report.Note, "is not valid") || report.State != "failed" {
		t.Errorf("%+v, %v", report, err)
	}
}
