package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"shopbell/actions"
	"shopbell/document"
	"shopbell/engine"
	"shopbell/engine/ledger/sqlite"
	"shopbell/event"
	"shopbell/rules"
	"shopbell/server"
	"shopbell/sources"
	"shopbell/sources/ecwid"
	"shopbell/virtualtime"
)

// TestExplained plays the stories of testdata/explain with the real engine on a real ledger, in a world where time and
// numbers are always the same, and holds what is explained to the letter. A story has a line for each thing that happens:
//
//	entity SUBJECT JSON          the platform knows it so from now on
//	send ID TYPE SUBJECT [STORE] a webhook comes
//	forge BODY                   one that is not signed
//	own SUBJECT JSON             we change it ourselves
//	answer OUTCOME               what is sent next ends so: ok, retry, permanent, unknown
//	use FOLDER                   other rules are loaded
//	wait DURATION                time passes
//	replay N, retry N            by hand
//	blur                         times that jitter moves are not held from now on
//	explain FLAGS                what is held
func TestExplained(t *testing.T) {
	stories, err := filepath.Glob("testdata/explain/*.txtar")
	if err != nil || len(stories) < 20 {
		t.Fatalf("%d stories: %v", len(stories), err)
	}
	local := time.Local
	time.Local = time.UTC
	t.Cleanup(func() { time.Local = local })
	for _, path := range stories {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var got string
			virtualtime.Test(t, func(t *testing.T) { got = play(t, a) })
			for i, f := range a.Files {
				if f.Name != "want" || string(f.Data) == got {
					continue
				}
				if a.Files[i].Data = []byte(got); !*update {
					t.Errorf("it is explained so:\n%s\nwant\n%s", got, f.Data)
				} else if err := os.WriteFile(path, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			for line := range strings.Lines(got) {
				if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > storyWidth && len(strings.Fields(line)) > 2 {
					t.Errorf("a line has %d characters: %s", n, line)
				}
			}
		})
	}
}

// TestExplainPage holds that docs/explain.md shows what is explained in the stories that it names.
func TestExplainPage(t *testing.T) {
	page := read(t, "../docs/explain.md")
	named := regexp.MustCompile(`(?m)^<!-- story ([a-z-]+) -->$`).FindAllStringSubmatch(page, -1)
	if len(named) < 3 {
		t.Fatalf("the page names %d stories", len(named))
	}
	for _, m := range named {
		a, err := txtar.ParseFile("testdata/explain/" + m[1] + ".txtar")
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, f := range a.Files {
			switch {
			case strings.HasPrefix(f.Name, "rules/"):
				b.WriteString("```yaml\n" + string(f.Data) + "```\n\n")
			case strings.HasSuffix(f.Name, ".json"):
				b.WriteString(f.Name + ":\n\n```json\n" + string(f.Data) + "```\n\n")
			}
		}
		b.WriteString("```\n" + string(a.Files[len(a.Files)-1].Data) + "```\n")
		page = fill(t, page, "story "+m[1], b.String())
	}
	same(t, "../docs/explain.md", page)
}

// stage is what a story is played on.
type stage struct {
	*testing.T
	*engine.Engine
	ledger   engine.Ledger
	world    rules.World
	archive  *txtar.Archive
	platform *stagePlatform
	answer   atomic.Pointer[error]
	sent     atomic.Int64
	inUse    *rules.Set
	blur     bool
	out      bytes.Buffer
}

func play(t *testing.T, a *txtar.Archive) string {
	s := &stage{T: t, archive: a, platform: &stagePlatform{entities: map[string]string{}}}
	var err error
	if s.ledger, err = sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"), sqlite.Options{}); err != nil {
		t.Fatal(err)
	}
	defer s.ledger.Close()
	s.world = rules.World{
		Sources: map[string]rules.Origin{"ecwid": {Kind: "ecwid", Catalog: ecwid.Catalog(), ReadsBack: true, Stores: []string{"1003", "1004"}}},
		Actions: map[string]*actions.Kind{"email": s.mailer(), "log": s.logger()},
	}
	s.inUse = s.rules("rules/")
	o := engine.Options{Ledger: s.ledger, Sources: map[string]sources.Source{"ecwid": s.platform}, World: s.world, Rules: s.inUse, Changes: true,
		Accounts: map[string]engine.Account{}, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	for name, k := range s.world.Actions {
		outlet, err := k.Open(actions.Env{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		o.Accounts[name] = engine.Account{Kind: k, Outlet: outlet}
	}
	s.Engine = engine.New(o)
	s.must(s.Start(t.Context()))
	defer func() { s.must(s.Stop(context.Background())) }()
	s.settle(time.Second)
	for line := range strings.Lines(s.file("story")) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			s.line(line)
		}
	}
	return s.out.String()
}

func (s *stage) must(err error) {
	s.Helper()
	if err != nil {
		s.Error(err)
	}
}

func (s *stage) settle(d time.Duration) { time.Sleep(d); synctest.Wait() }

func (s *stage) file(name string) string {
	for _, f := range s.archive.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	s.Fatalf("the story has no %s", name)
	return ""
}

func (s *stage) rules(folder string) *rules.Set {
	files := map[string]string{}
	for _, f := range s.archive.Files {
		if name, ok := strings.CutPrefix(f.Name, folder); ok {
			files[name] = string(f.Data)
		}
	}
	set := rules.Parse(files, s.world)
	if stop, _ := document.Split(set.Problems()); len(stop) > 0 {
		s.Fatal(document.Text(stop))
	}
	return set
}

func (s *stage) line(line string) {
	word, rest, _ := strings.Cut(line, " ")
	args := strings.Fields(rest)
	subject, value, _ := strings.Cut(rest, " ")
	switch word {
	case "entity":
		s.platform.set(subject, value)
	case "send", "forge":
		r := sources.Request{Body: []byte(rest), Received: time.Now()}
		if err := s.Receive(context.Background(), "ecwid", r); (err != nil) != (word == "forge") {
			s.Errorf("%s: %v", line, err)
		}
	case "own":
		var set map[string]json.RawMessage
		s.must(json.Unmarshal([]byte(value), &set))
		s.must(s.Change(context.Background(), "ecwid", sources.Edit{Store: "1003", Subject: subject, Set: set}))
	case "answer":
		err := map[string]error{"ok": nil, "retry": errors.New("the provider is busy"), "unknown": actions.Unknown(errors.New("the provider hung up after the message")),
			"permanent": actions.Permanent(actions.BlameRecipient, errors.New("the provider knows nobody of that name"))}[rest]
		s.answer.Store(&err)
	case "use":
		s.inUse = s.rules(rest + "/")
		s.Use(s.inUse)
	case "wait":
		d, err := time.ParseDuration(rest)
		s.must(err)
		s.settle(d)
	case "replay", "retry":
		n, err := strconv.ParseInt(rest, 10, 64)
		s.must(err)
		s.must(map[string]func(context.Context, int64) error{"replay": s.Replay, "retry": s.Retry}[word](context.Background(), n))
	case "explain":
		s.explain(args)
		return
	case "backtest":
		s.backtest(args)
		return
	case "record":
		s.record(rest)
		return
	case "blur":
		s.blur = true
		return
	default:
		s.Fatalf("what is %s?", line)
	}
	s.settle(time.Second)
}

func (s *stage) explain(args []string) {
	var q engine.Question
	for i := 0; i+1 < len(args); i += 2 {
		switch args[i] {
		case "--event":
			q.Event = args[i+1]
		case "--subject":
			q.Subject = args[i+1]
		case "--recipient":
			q.Recipient = args[i+1]
		case "--rule":
			q.Rule = args[i+1]
		case "--file":
			given, err := server.ReadGiven([]byte(s.file(args[i+1])))
			s.must(err)
			q.Given = given
		}
	}
	if s.out.Len() > 0 {
		s.out.WriteString("\n")
	}
	s.out.WriteString("$ shopbell explain " + strings.Join(args, " ") + "\n")
	asked, sent := s.platform.asked, s.sent.Load()
	story, err := s.Explain(context.Background(), q)
	if synctest.Wait(); s.platform.asked != asked || s.sent.Load() != sent {
		s.Error("an explanation asked the platform, or sent something")
	}
	if err != nil {
		s.out.WriteString(err.Error() + "\n")
		return
	}
	var text bytes.Buffer
	printStory(&text, story)
	told := text.Bytes()
	if s.blur {
		told = regexp.MustCompile(`\d\d:\d\d:\d\d`).ReplaceAll(told, []byte("--:--:--"))
	}
	s.out.Write(told)
}

// mailer is an action that ends as the story says, and must not be repeated lightly; logger is one that may.
func (s *stage) mailer() *actions.Kind {
	return actions.Define(actions.Spec[stageAccount, stageMail]{Name: "email", Summary: "Write a mail", Example: "email: { to: a@example.com, subject: Hi, text: Hello }",
		NoAccount: true, Open: func(actions.Env, stageAccount) (actions.Sender[stageMail], error) {
			return stageSender[stageMail]{s}, nil
		}})
}

func (s *stage) logger() *actions.Kind {
	return actions.Define(actions.Spec[stageAccount, stageLine]{Name: "log", Summary: "Write a line", Example: "log: { message: hello }", Idempotent: true,
		NoAccount: true, Open: func(actions.Env, stageAccount) (actions.Sender[stageLine], error) {
			return stageSender[stageLine]{s}, nil
		}})
}

type (
	stageAccount struct{}
	stageMail    struct {
		To      string `json:"to" jsonschema_description:"To whom."`
		Subject string `json:"subject" jsonschema_description:"About what."`
		Text    string `json:"text" jsonschema_description:"What to say."`
	}
	stageLine struct {
		Message string `json:"message" jsonschema_description:"The line."`
	}
	stageSender[P any] struct{ *stage }
)

// Send implements [actions.Sender].
func (s stageSender[P]) Send(context.Context, actions.Call[P]) (actions.Result, error) {
	s.sent.Add(1)
	if err := s.answer.Load(); err != nil {
		return nil, *err
	}
	return nil, nil
}

// stagePlatform is a store platform whose webhooks are lines: ID TYPE SUBJECT [STORE].
type stagePlatform struct {
	mu       sync.Mutex
	entities map[string]string
	asked    int
}

func (p *stagePlatform) set(subject, value string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.entities[subject] = value
}

func (p *stagePlatform) Receive(r sources.Request) ([]event.Event, error) {
	f := strings.Fields(string(r.Body))
	if len(f) < 3 || strings.HasPrefix(f[0], "{") {
		return nil, sources.Refuse(401, "signature", "the signature does not fit the notification")
	}
	store := "1003"
	if len(f) > 3 {
		store = f[3]
	}
	return []event.Event{{Source: "ecwid", Store: store, ID: f[0], Type: f[1], Subject: f[2], Received: r.Received}}, nil
}

func (p *stagePlatform) Attest(_ context.Context, e *event.Event) (sources.Reading, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	switch entity := p.entities[e.Subject]; entity {
	case "":
		return sources.Reading{}, sources.Unconfirmed("the store has no %s", e.Subject)
	case "busy":
		return sources.Reading{}, sources.Later(time.Minute, errors.New("the store's API answered 503"))
	default:
		return sources.Reading{Entity: json.RawMessage(entity)}, nil
	}
}

func (p *stagePlatform) Change(_ context.Context, edit sources.Edit) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var entity map[string]json.RawMessage
	if err := json.Unmarshal([]byte(p.entities[edit.Subject]), &entity); err != nil {
		return err
	}
	for k, v := range edit.Set {
		entity[k] = v
	}
	text, err := json.Marshal(entity)
	p.entities[edit.Subject] = string(text)
	return err
}

func (p *stagePlatform) Volatile(string) []string { return nil }

func (p *stagePlatform) Profile(context.Context, string) (event.Store, error) {
	return event.Store{ID: "1003", Currency: "EUR", Timezone: "Europe/Berlin"}, nil
}

func (p *stagePlatform) Serves(store string) bool { return store == "1003" || store == "1004" }

func (p *stagePlatform) Mode() sources.Mode { return sources.Always }
