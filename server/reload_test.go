package server

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"shopbell/document"
	"shopbell/rules"
)

// farm is a rulebook of many directories that are broken, with names that no label may have.
func farm() Rulebook {
	book := fakeRules{directories: []rules.Directory{{}}}
	for i := range 1000 {
		book.directories = append(book.directories, rules.Directory{Name: fmt.Sprintf("%d\xff", i), Broken: true, Problems: []document.Problem{
			{Message: "legal", Warning: true}, {Message: fmt.Sprintf("wrong %d", i)}, {Message: "more"}}})
	}
	return book
}

// TestRuleMetricsAreBounded holds that a thousand broken directories are counted, and twenty of them named.
func TestRuleMetricsAreBounded(t *testing.T) {
	b := newBench(t)
	g := newRuleGauges(farm, func() Reload {
		return Reload{At: time.Unix(1700000100, 0), GoodAt: time.Unix(1700000000, 0), Revision: "abc", Good: 2, Bad: 3}
	})
	b.Metrics.Unregister(newRuleGauges(sampleRules, nil))
	if err := b.Metrics.Register(g); err != nil {
		t.Fatal(err)
	}
	answer, text := b.call(t, "GET", "/metrics", "")
	if answer.StatusCode != 200 {
		t.Fatal(answer.StatusCode, text)
	}
	for _, line := range []string{
		`shopbell_rules 0`, `shopbell_rules_directories{state="broken"} 1000`, `shopbell_rules_directories{state="good"} 1`,
		`shopbell_rules_problems{severity="problem"} 2000`, `shopbell_rules_problems{severity="warning"} 1000`, `shopbell_rules_info{revision="abc"} 1`,
		`shopbell_rules_last_reload_successful 0`, `shopbell_rules_last_reload_timestamp_seconds 1.7000001e+09`,
		`shopbell_rules_last_reload_success_timestamp_seconds 1.7e+09`, `shopbell_rules_reloads_total{result="success"} 2`,
		`shopbell_rules_reloads_total{result="failure"} 3`, `shopbell_rules_directory_broken{directory="\"0\\xff\""} 1`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("the metrics do not have %s", line)
		}
	}
	if n := strings.Count(text, "\nshopbell_rules_directory_broken{"); n != maxBroken {
		t.Errorf("%d directories are named", n)
	}
}

// TestReloadTellsWhatIsBroken holds that the answer names the first broken directories, each with what is wrong first.
func TestReloadTellsWhatIsBroken(t *testing.T) {
	b := newBench(t)
	b.Rules, b.reload = farm, errors.New("2,000 problems")
	answer, body := b.call(t, "POST", "/api/v1/reload", "", "Authorization", "Bearer "+testToken)
	if answer.StatusCode != 422 || strings.Count(body, `"broken":true`) != maxBroken || !strings.Contains(body, `"wrong 7"`) ||
		strings.Contains(body, `"more"`) || strings.Contains(body, `"legal"`) || !strings.Contains(body, `"message":"2,000 problems"`) {
		t.Errorf("it answers %d %.500s", answer.StatusCode, body)
	}
}
