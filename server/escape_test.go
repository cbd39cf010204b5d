package server

import (
	"context"
	"encoding/json"
	"html/template"
	"strings"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/document"
	"shopbell/engine"
	"shopbell/rules"
	"shopbell/sources"
)

// hostile is put into every text that a page shows.
const hostile = `"'><script>alert(1)</script><img src=x onerror=alert(1)>`

// TestHostileText puts markup into every field of everything that pages show, and holds that none comes out.
func TestHostileText(t *testing.T) {
	b := newBench(t)
	raw, err := json.Marshal(map[string]any{hostile: []any{hostile, 1.5, nil, map[string]any{hostile: hostile}}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range b.ledger.events {
		e := &b.ledger.events[i]
		e.Type, e.Subject, e.Note, e.ID, e.Store, e.Source = hostile, hostile, hostile, hostile, hostile, hostile
		e.Body, e.Data, e.Entity, e.Prev = raw, raw, raw, 3
	}
	b.ledger.events[2].Body = json.RawMessage(hostile) // not even JSON
	for i := range b.ledger.runs {
		r := &b.ledger.runs[i]
		r.Rule, r.Revision = hostile, hostile
		for j := range r.Steps {
			s := &r.Steps[j]
			s.ID, s.Action, s.Account, s.Note, s.Params, s.Blame, s.Outcome = hostile, hostile, hostile, hostile, raw, hostile, hostile
			s.Result = actions.Result{hostile: hostile}
			for k := range s.Tries {
				s.Tries[k].Note, s.Tries[k].Outcome = hostile, hostile
			}
		}
	}
	b.Sources = []Source{{hostile, hostile, sources.Mode(hostile), []string{hostile}, nil}}
	b.Accounts = func() []Account { return []Account{{hostile, hostile, []string{hostile}, hostile}} }
	b.Plugins = func() []Plugin {
		return []Plugin{{Name: hostile, Kind: &actions.Kind{Name: hostile, Summary: hostile}, Revision: hostile, Mode: hostile, Problems: []document.Problem{{File: hostile, Message: hostile, Hint: hostile, Source: hostile}}}}
	}
	b.engine.health.Sources = map[string]engine.SourceHealth{hostile: {RefusalReason: hostile, LastAttestError: hostile}}
	b.engine.health.Accounts = map[string]engine.AccountHealth{hostile: {LastError: hostile}}
	b.Nodes = func(context.Context) ([]engine.Node, error) {
		node := engine.Node{ID: hostile, Name: hostile, Address: hostile, Version: hostile, Rules: []engine.RuleFolder{{Directory: hostile, Revision: hostile, Rules: 1}}, Limited: []string{hostile}}
		twin := node
		twin.ID, twin.Seen, twin.Skew = "twin", time.Now(), time.Hour
		return []engine.Node{node, twin}, nil
	}
	problem := document.Problem{File: hostile, Line: 1, Column: 1, Message: hostile, Hint: hostile, Source: hostile}
	b.Rules = func() Rulebook {
		return fakeRules{
			[]*rules.Rule{{Name: hostile, Directory: hostile, Text: hostile, File: hostile, Description: hostile, When: []string{hostile}, Steps: []rules.Step{{Action: hostile}}}},
			[]rules.Directory{{Name: hostile, Problems: []document.Problem{problem, {File: hostile, Message: hostile, Warning: true}}, Broken: true}},
		}
	}
	q := "?subject=" + template.URLQueryEscaper(hostile) + "&type=" + template.URLQueryEscaper(hostile)
	for _, path := range []string{
		"/", "/events", "/events" + q, "/events/9", "/events/3", "/events/6", "/runs", "/runs?rule=" + template.URLQueryEscaper(hostile), "/runs/1", "/runs/2", "/runs/3",
		"/rules", "/health", "/login?next=/" + template.URLQueryEscaper(hostile), "/events?state=" + template.URLQueryEscaper(hostile),
	} {
		answer, text := b.call(t, "GET", path, "", b.signedIn()...)
		if answer.StatusCode != 200 && answer.StatusCode != 303 {
			t.Errorf("%s answers %d", path, answer.StatusCode)
		}
		for _, bad := range []string{"<script>", "<img", `"'>`} {
			if strings.Contains(text, bad) {
				at := strings.Index(text, bad)
				t.Errorf("%s holds %s: …%s…", path, bad, text[max(0, at-80):min(len(text), at+80)])
			}
		}
	}
}

// FuzzPretty holds that no JSON, and nothing that is not JSON, becomes markup.
func FuzzPretty(f *testing.F) {
	for _, seed := range []string{`{"a":[1,"<b>",null]}`, `"\"<script>"`, `<script>`, `{"a\\":"b"}`, `"`, `-`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		shown := string(pretty(json.RawMessage(text)))
		for _, class := range []string{"jk", "js", "jn"} {
			shown = strings.ReplaceAll(shown, `<span class="`+class+`">`, "")
		}
		if shown = strings.ReplaceAll(shown, "</span>", ""); strings.ContainsAny(shown, `<>"'`) {
			t.Errorf("%q shows as %q", text, shown)
		}
	})
}
