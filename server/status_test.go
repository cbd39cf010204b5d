package server

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"shopbell/engine"
)

// askStatus calls the API.
func askStatus(t *testing.T, b *bench) StatusForm {
	t.Helper()
	answer, text := b.call(t, "GET", "/api/v1/status", "", "Authorization", "Bearer "+testToken)
	var form StatusForm
	if err := json.Unmarshal([]byte(text), &form); err != nil || answer.StatusCode != 200 {
		t.Fatalf("status answers %d %s: %v", answer.StatusCode, text, err)
	}
	return form
}

// fetchStatus asks over a real connection.
func fetchStatus(t *testing.T, root string) (form StatusForm) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, root+"/api/v1/status", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+testToken)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&form); err != nil || answer.StatusCode != 200 {
		t.Fatal(answer.Status, err)
	}
	return form
}

// differingNodes are the bench's own node and three others: one with other rules, one with another version, one that is
// silent.
func differingNodes(b *bench) []engine.Node {
	now := time.Now()
	self := b.self(b.engine.Health())
	self.Name, self.Address = "shopbell-7d9f8b6c5d-x2x4v", "10.42.17.203:8080"
	other := func(id, name, address string) engine.Node {
		n := self
		n.ID, n.Name, n.Address, n.Seen = id, name, address, now.Add(-3*time.Second)
		n.Rules = slices.Clone(self.Rules)
		return n
	}
	rules, version, silent := other("r", "shopbell-7d9f8b6c5d-aaaaa", "10.42.17.204:8080"), other("v", "shopbell-7d9f8b6c5d-bbbbb", "10.42.17.205:8080"),
		other("s", "shopbell-7d9f8b6c5d-ccccc", "10.42.17.206:8080")
	rules.Rules[1].Revision, rules.Skew = "0123456789abcdef", 3*time.Minute
	version.Version, version.Stopping = "v1.4.0 0123456789ab go1.26.1", false
	silent.Seen = now.Add(-5 * time.Minute)
	return []engine.Node{rules, self, version, silent}
}

// A server that is told of no others is one node, made of what it knows of itself.
func TestStatusOfOne(t *testing.T) {
	b := newBench(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- b.Serve(ctx, l) }()
	form := fetchStatus(t, "http://"+l.Addr().String())
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	if !form.Ready || len(form.Reasons) != 0 || form.Ledger != "sqlite" || form.Version != "0.1" || len(form.Differences) != 0 {
		t.Errorf("the status is %+v", form)
	}
	if form.RuleProblems != 1 || len(form.Problems) != 1 || form.Problems[0].Line != 4 {
		t.Errorf("problems are %+v", form.Problems)
	}
	if len(form.Sources) != 2 || form.Sources[0].RefusalReason == "" || form.Sources[0].LastVerified.IsZero() || len(form.Accounts) != 3 || form.Accounts[1].LastError == "" {
		t.Errorf("sources are %+v, accounts %+v", form.Sources, form.Accounts)
	}
	if len(form.Nodes) != 1 {
		t.Fatalf("nodes are %+v", form.Nodes)
	}
	n := form.Nodes[0]
	if n.ID == "" || n.ID != form.Node || n.Name != name || n.Address != l.Addr().String() || n.Version != "0.1" || time.Since(n.Seen) > time.Minute || n.Skew != 0 {
		t.Errorf("the node is %+v", n)
	}
	if !n.Started.Equal(b.engine.health.Started) || len(n.Rules) != 3 || n.Rules[2] != (engine.RuleFolder{Directory: "2044", Revision: "ef", Problems: 1}) {
		t.Errorf("the node is %+v", n)
	}
	if other := newBench(t); other.Node == form.Node {
		t.Error("two starts have one id")
	}
}

func TestStatusNotReady(t *testing.T) {
	b := newBench(t)
	b.LedgerKind = "postgresql"
	b.engine.health.Ledger, b.engine.health.Stopping = engine.ErrFull, true
	form := askStatus(t, b)
	if form.Ready || strings.Join(form.Reasons, ", ") != "the program is stopping, the disk is full" || form.LedgerError == "" || form.Ledger != "postgresql" || !form.Nodes[0].Stopping {
		t.Errorf("the status is %+v", form)
	}
}

// Nodes are compared by the ledger's clock, and by what this node knows of itself now.
func TestStatusOfMany(t *testing.T) {
	b := newBench(t)
	const skew = 5 * time.Minute
	nodes := differingNodes(b)
	for i := range nodes {
		nodes[i].Seen = nodes[i].Seen.Add(-skew) // by the ledger's clock
	}
	nodes[1].Rules, nodes[1].Skew = nil, skew // from before its rules were read
	b.Nodes = func(ctx context.Context) ([]engine.Node, error) {
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("the ledger may take for ever")
		}
		return nodes, nil
	}
	form := askStatus(t, b)
	if off := time.Since(form.At) - skew; off.Abs() > time.Minute {
		t.Errorf("the time is %v, it is %v off", form.At, off)
	}
	want := []string{
		"The clock of shopbell-7d9f8b6c5d-aaaaa is 3 min ahead of the ledger's: have it set by NTP.",
		"shopbell-7d9f8b6c5d-ccccc has given no sign of life for 5 min: it was killed, or it does not reach the ledger.",
		"The clock of shopbell-7d9f8b6c5d-x2x4v is 5 min ahead of the ledger's: have it set by NTP.",
		"The versions differ: shopbell-7d9f8b6c5d-aaaaa and shopbell-7d9f8b6c5d-x2x4v run 0.1; shopbell-7d9f8b6c5d-bbbbb runs v1.4.0 0123456789ab go1.26.1.",
		"The rules for store 1003 differ: shopbell-7d9f8b6c5d-aaaaa has 1 rule, revision 01234567; shopbell-7d9f8b6c5d-bbbbb and shopbell-7d9f8b6c5d-x2x4v have 1 rule, revision cd.",
	}
	if !slices.Equal(form.Differences, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(form.Differences, "\n  "), strings.Join(want, "\n  "))
	}
	if len(form.Nodes) != 4 || form.Nodes[3].ID != form.Node || len(form.Nodes[3].Rules) != 3 {
		t.Errorf("nodes are %+v", form.Nodes)
	}
}

// When the ledger does not tell of nodes, the status says so and is there all the same.
func TestStatusWithoutTheOthers(t *testing.T) {
	b := newBench(t)
	b.Nodes = func(context.Context) ([]engine.Node, error) { return nil, errors.New("a secret detail") }
	form := askStatus(t, b)
	if len(form.Nodes) != 1 || form.Nodes[0].ID != form.Node || len(form.Differences) != 1 || !strings.HasPrefix(form.Differences[0], "The ledger does not tell") {
		t.Errorf("the status is %+v", form)
	}
	b.Nodes = func(context.Context) ([]engine.Node, error) { return differingNodes(b)[:1], nil }
	form = askStatus(t, b)
	if len(form.Nodes) != 2 || !strings.HasPrefix(form.Differences[0], "The ledger does not know the node that answers, ") {
		t.Errorf("the status is %+v", form)
	}
}

func TestHealthPageShowsNodes(t *testing.T) {
	b := newBench(t)
	show := func() string {
		answer, text := b.call(t, "GET", "/health", "", b.signedIn()...)
		if answer.StatusCode != 200 {
			t.Fatal(answer.StatusCode)
		}
		return text
	}
	if text := show(); strings.Contains(text, `id="nodes"`) || strings.Contains(text, `id="differences"`) {
		t.Error("one node alone is shown as a farm")
	}
	b.Nodes = func(context.Context) ([]engine.Node, error) { return differingNodes(b), nil }
	text := show()
	for _, want := range []string{
		`id="nodes"`, `id="differences"`, "The rules for store 1003 differ: ", "v1.4.0 0123456789ab go1.26.1", "10.42.17.206:8080", "this one",
		`<span class="badge bad">silent</span>`, `<span class="badge warn">1 problem</span>`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	alike := differingNodes(b)[1:2]
	alike = append(alike, alike[0])
	alike[1].ID, alike[1].Name = "other", "other"
	b.Nodes = func(context.Context) ([]engine.Node, error) { return alike, nil }
	if text := show(); !strings.Contains(text, `id="nodes"`) || strings.Contains(text, `id="differences"`) {
		t.Error("nodes that are alike are not shown, or with a warning")
	}
}
