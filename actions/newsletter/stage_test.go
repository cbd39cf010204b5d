package newsletter_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"

	"shopbell/actions"
	"shopbell/actions/actionstest"
	"shopbell/actions/newsletter"
)

// A line is what a provider says to a request, such as "GET /api/lists/Y6nRLr".
type line struct {
	to     string
	status int
	body   string
	header string // one more header, as "Name: value"
}

// A stage is a provider that says its lines: to each request the first that is left, the last one for ever.
type stage struct {
	t     *testing.T
	url   string
	mu    sync.Mutex
	lines []line
	heard []string // "METHOD /path body"
	heads []http.Header
}

func newStage(t *testing.T, lines ...line) *stage {
	t.Helper()
	s := &stage{t: t, lines: lines}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// ServeHTTP implements [http.Handler].
func (s *stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	to := r.Method + " " + r.RequestURI
	s.heard = append(s.heard, strings.TrimSpace(to+" "+string(body)))
	s.heads = append(s.heads, r.Header.Clone())
	for i, l := range s.lines {
		if l.to != to {
			continue
		}
		for _, other := range s.lines[i+1:] {
			if other.to == to {
				s.lines = append(append([]line{}, s.lines[:i]...), s.lines[i+1:]...)
				break
			}
		}
		if name, value, ok := strings.Cut(l.header, ": "); ok {
			w.Header().Set(name, value)
		}
		if l.status == 0 { // the answer is lost
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(l.status)
		_, _ = io.WriteString(w, l.body)
		return
	}
	s.t.Errorf("nobody expected %s %s", to, body)
	w.WriteHeader(http.StatusTeapot)
}

func (s *stage) took() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	heard := s.heard
	s.heard = nil
	return heard
}

// more are the keys of an account beside provider, api_key and api.
func more(provider string) string {
	switch provider {
	case "brevo":
		return `,"confirm_template":5,"confirm_url":"https://example.com/thanks"`
	case "listmonk":
		return `,"username":"bell"`
	}
	return ""
}

func open(t testing.TB, provider, url string) actions.Outlet {
	t.Helper()
	out, err := newsletter.Action.Open(actions.Env{}, json.RawMessage(fmt.Sprintf(`{"provider":%q,"api_key":"k3y-abcdef-us7","api":%q%s}`, provider, url, more(provider))))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// send sends a step once, as its nth try.
func (s *stage) send(provider, params string, try int) (actions.Result, error) {
	return open(s.t, provider, s.url).Send(s.t.Context(), actions.Call[json.RawMessage]{Key: "key-1", Try: try, Params: json.RawMessage(params)})
}

// A scene is one step, with what is to come of it.
type scene struct {
	name   string
	params string
	try    int // 0 means 1
	lines  []line
	heard  []string // nil for those of the lines, in their order, without looking at bodies
	want   actions.Answer
	result actions.Result
	says   string // part of the error
}

func perform(t *testing.T, provider string, scenes []scene) {
	t.Helper()
	for _, sc := range scenes {
		t.Run(sc.name, func(t *testing.T) {
			s := newStage(t, sc.lines...)
			result, err := s.send(provider, sc.params, max(sc.try, 1))
			got := actionstest.AnswerOf(err)
			if got != sc.want {
				t.Errorf("got %+v (%v), want %+v", got, err, sc.want)
			}
			if !reflect.DeepEqual(result, sc.result) {
				t.Errorf("got %v, want %v", result, sc.result)
			}
			if !strings.Contains(fmt.Sprint(err), sc.says) {
				t.Errorf("got %v, want it to say %q", err, sc.says)
			}
			heard := s.took()
			if sc.heard != nil && !reflect.DeepEqual(heard, sc.heard) {
				t.Errorf("heard\n%s\nwant\n%s", strings.Join(heard, "\n"), strings.Join(sc.heard, "\n"))
			}
			if sc.heard == nil && len(heard) != len(sc.lines) {
				t.Errorf("heard %q for %d lines", heard, len(sc.lines))
			}
		})
	}
}

// heads holds what headers each request of a step has; "" for one that is not there.
func heads(t *testing.T, s *stage, want map[string]string) {
	t.Helper()
	if len(s.heads) == 0 {
		t.Fatal("nothing was sent")
	}
	for i, h := range s.heads {
		for name, value := range want {
			if name == "Content-Type" && h.Get("Content-Length") == "" && h.Get("Content-Type") == "" {
				continue // a request without a body has no type
			}
			if h.Get(name) != value {
				t.Errorf("request %d: %s is %q, want %q", i, name, h.Get(name), value)
			}
		}
	}
}

// A refusal is a failure of a provider, and what it means.
type refusal struct {
	status int
	body   string
	want   actions.Answer
}

// refuse holds what failures of one request mean. Lines before it are as given.
func refuse(t *testing.T, provider, params, to string, before []line, all []refusal) {
	t.Helper()
	for _, r := range all {
		s := newStage(t, append(append([]line{}, before...), line{to: to, status: r.status, body: r.body})...)
		_, err := s.send(provider, params, 1)
		if got := actionstest.AnswerOf(err); got != r.want {
			t.Errorf("%d %s: got %+v (%v), want %+v", r.status, r.body, got, err, r.want)
		}
	}
}
