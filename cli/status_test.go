package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shopbell/document"
	"shopbell/engine"
	"shopbell/server"
)

// sampleStatus is a farm of two whose rules differ, with much else that is wrong.
func sampleStatus() server.StatusForm {
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	node := func(id, name, version string, rules ...engine.RuleFolder) engine.Node {
		return engine.Node{ID: id, Name: name, Address: "10.0.0." + id + ":8080", Version: version, Started: at.Add(-50 * time.Hour), Seen: at.Add(-2 * time.Second), Rules: rules}
	}
	nodes := []engine.Node{
		node("1", "web-1", "1.4", engine.RuleFolder{Revision: "aaaaaaaaaaaaaaaa", Rules: 2}, engine.RuleFolder{Directory: "1003", Revision: "bbbbbbbbbbbbbbbb", Rules: 3, Problems: 1},
			engine.RuleFolder{Directory: "2044", Revision: "e3b0c44298fc1c14", Problems: 1}),
		node("2", "web-2", "1.5", engine.RuleFolder{Revision: "aaaaaaaaaaaaaaaa", Rules: 2}, engine.RuleFolder{Directory: "1003", Revision: "cccccccccccccccc", Rules: 4}),
		node("3", "web-3", "1.4"),
	}
	nodes[1].Skew, nodes[2].Seen = 90*time.Second, at.Add(-5*time.Minute)
	return server.StatusForm{
		At: at, Node: "1", Version: "1.4", Started: nodes[0].Started, Ready: true, Ledger: "postgresql", Queued: 17, Working: 4,
		LastAccepted: at.Add(-time.Second), Nodes: nodes, Differences: engine.Differences(nodes, at), RuleProblems: 3,
		Problems: []document.Problem{{File: "rules/1003/sales.yaml", Line: 4, Column: 9, Message: `order has no "totl"`}, {File: "rules/2044/a.yml", Message: "a rule file ends in .yaml: rename it to a.yaml"}},
		Sources: []server.SourceForm{{Name: "ecwid", Kind: "ecwid", LastVerified: at.Add(-12 * time.Second), LastRefusal: at.Add(-3 * time.Hour), RefusalReason: "the signature\x1b[31m does not fit",
			LastAttestError: "the store's API answered 503", AttestErrorAt: at.Add(-2 * time.Minute)}, {Name: "billing", Kind: "signed"}},
		Accounts: []server.AccountForm{{Name: "email", Kind: "email", LastOK: at.Add(-40 * time.Second)}, {Name: "slack", Kind: "slack", LastError: "slack answered invalid_auth", ErrorAt: at.Add(-11 * time.Minute)}},
	}
}

// TestStatusText holds what people see. With -update it is written anew.
func TestStatusText(t *testing.T) {
	alone := sampleStatus()
	alone.Nodes, alone.Differences, alone.RuleProblems, alone.Problems = alone.Nodes[:1], nil, 0, nil
	alone.Ready, alone.Reasons, alone.LedgerError = false, []string{"the disk is full"}, "no space left on device"
	alone.Sources, alone.Accounts, alone.Ledger = nil, nil, "sqlite"
	for name, form := range map[string]server.StatusForm{"differ": sampleStatus(), "alone": alone} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := printStatus(&out, form); err != nil {
				t.Fatal(err)
			}
			same(t, filepath.Join("testdata", "status-"+name+".txt"), out.String())
		})
	}
}

// A farm with ten thousand stores is not listed store by store: only what wants a look is.
func TestStatusOfManyStores(t *testing.T) {
	form := sampleStatus()
	form.Nodes = form.Nodes[:2]
	for i := range form.Nodes {
		form.Nodes[i].Rules = []engine.RuleFolder{{Revision: "aaaaaaaaaaaaaaaa", Rules: 1}}
		for store := range 10_000 {
			form.Nodes[i].Rules = append(form.Nodes[i].Rules, engine.RuleFolder{Directory: fmt.Sprint(store), Revision: "bbbbbbbbbbbbbbbb", Rules: 1})
		}
	}
	form.Nodes[1].Rules[70].Revision, form.Nodes[0].Rules[90].Problems, form.Nodes[1].Rules[90].Problems = "cccccccccccccccc", 2, 2
	var out bytes.Buffer
	if err := printStatus(&out, form); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"every store  1 ", "store 69     1      bbbbbbbb  none      web-1\n", "store 69     1      cccccccc  none      web-2\n", "store 89     1      bbbbbbbb  2         all\n", "and 9998 more stores"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("there is no %q in\n%s", want, out.String())
		}
	}
	if lines := strings.Count(out.String(), "\n"); lines > 60 {
		t.Errorf("%d lines", lines)
	}
}

// TestStatusExit holds the exit code for what a server may answer.
func TestStatusExit(t *testing.T) {
	fine := server.StatusForm{Ready: true, Nodes: []engine.Node{{ID: "1", Name: "web"}}}
	differ, unready := fine, fine
	differ.Differences = []string{"The versions differ."}
	unready.Ready, unready.Reasons = false, []string{"the disk is full"}
	for name, test := range map[string]struct {
		status   int
		body     any
		code     int
		out, err string
	}{
		"fine":          {200, fine, exitFine, "ready\n", ""},
		"nodes differ":  {200, differ, exitProblem, "WARNING\n  The versions differ.\n", ""},
		"not ready":     {200, unready, exitProblem, "NOT READY: the disk is full\n", ""},
		"another token": {401, "", exitProblem, "", "does not take the admin token of this config"},
		"an older one":  {404, map[string]any{"error": map[string]string{"message": "there is nothing at this path"}}, exitProblem, "", "there is nothing at this path"},
		"not Shopbell":  {200, "hello", exitProblem, "", "is not a Shopbell of this version"},
		"broken":        {500, "", exitProblem, "", "the server answers 500"},
	} {
		t.Run(name, func(t *testing.T) {
			web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/api/v1/status" || r.Header.Get("Authorization") != "Bearer the-token-of-the-test" {
					t.Errorf("asked is %s with %q", r.URL, r.Header)
				}
				w.WriteHeader(test.status)
				_ = json.NewEncoder(w).Encode(test.body)
			}))
			defer web.Close()
			path := filepath.Join(t.TempDir(), "shopbell.yaml")
			text := "listen: " + strings.TrimPrefix(web.URL, "http://") + "\nadmin: { token: the-token-of-the-test }\n"
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			var out, errs, asJSON bytes.Buffer
			if code := Main([]string{"status", "-c", path}, nil, &out, &errs, os.LookupEnv); code != test.code {
				t.Errorf("exit %d, want %d: %s%s", code, test.code, out.String(), errs.String())
			}
			if !strings.Contains(out.String(), test.out) || !strings.Contains(errs.String(), test.err) || (errs.Len() == 0) != (test.err == "") {
				t.Errorf("got %q and %q", out.String(), errs.String())
			}
			if code := Main([]string{"status", "--json", "-c", path}, nil, &asJSON, &errs, os.LookupEnv); code != test.code || test.out != "" && !json.Valid(asJSON.Bytes()) {
				t.Errorf("with --json exit %d: %s", code, asJSON.String())
			}
		})
	}
}
