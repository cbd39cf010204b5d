package cli

import (
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shopbell/actions"
	"shopbell/config"
	"shopbell/document"
	"shopbell/rules"
)

// TestLimits holds that the limits of accounts reach the engine, and that an account which bears the name of an action that
// needs none is what steps without an account go through.
func TestLimits(t *testing.T) {
	const text = `
sources: { ecwid: { kind: ecwid, client_secret: "${env:SECRET}", stores: { "1003": { token: "${env:TOKEN}" } } } }
accounts:
  http: { kind: http, rate: 600/m }
  log: { kind: log, concurrency: 3 }
  partner: { kind: http, rate: 9/h, concurrency: 2 }
`
	c, problems := config.Parse(filepath.Join(t.TempDir(), "shopbell.yaml"), []byte(text), kinds(), func(name string) (string, bool) {
		return "value-of-" + name, true
	})
	if c == nil || len(problems) > 0 {
		t.Fatal(document.Text(problems))
	}
	made := open(c, slog.New(slog.DiscardHandler))
	if len(made.problems) > 0 {
		t.Fatal(document.Text(made.problems))
	}
	const rule = `
rules:
  - name: r
    when: order.created
    then:
      - http: { url: "https://erp.example.com/" }
      - log: { message: hi }
      - http: { url: "https://partner.example.com/" }
        account: partner
`
	set := rules.Parse(map[string]string{"r.yaml": rule}, worldOf(c, made))
	if len(set.Rules()) != 1 {
		t.Fatal(document.Text(set.Problems()))
	}
	want := []actions.Limit{{Rate: 10}, {Concurrency: 3}, {Rate: 0.0025, Concurrency: 2}}
	for i, step := range set.Rules()[0].Steps {
		if got := made.accounts[step.Account].Limit; got != want[i] {
			t.Errorf("step %d goes through account %q with the limit %+v, want %+v", i+1, step.Account, got, want[i])
		}
	}
}

// TestAccountKeys holds that no kind declares a key that every account has: the config would keep it to itself.
func TestAccountKeys(t *testing.T) {
	for _, k := range kinds().Actions {
		for _, f := range k.Account.Fields() {
			if slices.Contains([]string{"kind", "stores", "rate", "concurrency"}, f.Name) {
				t.Errorf("the account of %s has a key %q, which every account has", k.Name, f.Name)
			}
		}
	}
}

// TestRedirectThroughAWebhook holds that a message cannot be redirected through an account that writes to one place only.
func TestRedirectThroughAWebhook(t *testing.T) {
	const text = `
accounts:
  slack: { kind: slack, webhook: "https://hooks.slack.example/services/T/B/x" }
  bot: { kind: slack, token: "${env:TOKEN}" }
`
	c, problems := config.Parse(filepath.Join(t.TempDir(), "shopbell.yaml"), []byte(text), kinds(), func(string) (string, bool) { return "xoxb-1", true })
	if c == nil {
		t.Fatal(document.Text(problems))
	}
	made := open(c, slog.New(slog.DiscardHandler))
	world := worldOf(c, made)
	world.Sources, world.Default = defaultWorld().Sources, defaultWorld().Default
	const rule = `
rules:
  - name: r
    mode: { redirect: "#test" }
    when: order.created
    then:
      - slack: { channel: "#sales", text: hi }
        account: bot
`
	for _, account := range []string{"bot", "slack"} {
		set := rules.Parse(map[string]string{"r.yaml": strings.Replace(rule, "account: bot", "account: "+account, 1)}, world)
		stop, _ := document.Split(set.Problems())
		want := account == "slack"
		if len(stop) > 0 != want || want && (stop[0].ID != "mode" || !strings.Contains(stop[0].Message, "slack cannot be redirected through the account slack: an incoming webhook posts to the one channel")) {
			t.Errorf("through %s: %s", account, document.Text(set.Problems()))
		}
	}
}
