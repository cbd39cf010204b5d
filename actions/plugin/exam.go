package plugin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"runtime"
	"strings"
	"time"

	"shopbell/actions"
	"shopbell/shape"
)

// A Mark is how a plugin did in one part of its exam.
type Mark struct {
	Part string
	Err  error  // nil when it passed
	Skip string // why the part does not apply; "" when it does
}

// A Candidate is a plugin under exam.
type Candidate struct {
	Plugin *Plugin
	// Account is what it is sent, as JSON; nil for values made up from what it declares.
	Account json.RawMessage
	Env     actions.Env

	outlet  *outlet
	secrets []string
	serial  int
}

// A part is one of the exam's.
type part struct {
	name    string
	program func(*Candidate, context.Context) error // nil where it is not for programs
	service func(*Candidate, context.Context) error // and for services
}

// parts lists them, in the order in which they are sat: what built-in actions are asked by a provider that misbehaves, plugins are
// asked by requests that do.
func parts() []part {
	both := func(name string, sit func(*Candidate, context.Context) error) part { return part{name, sit, sit} }
	return []part{
		both("a good request", (*Candidate).good),
		both("the same key again", (*Candidate).again),
		both("keys of a later version", (*Candidate).later),
		both("a long request", (*Candidate).long),
		both("many at once", (*Candidate).atOnce),
		{"a slow drip", (*Candidate).drip, nil},
		{"rubbish", (*Candidate).rubbish, nil},
		{"no secret told", (*Candidate).discreet, nil},
		{"killed, and the next one", (*Candidate).killed, nil},
		{"told to end", (*Candidate).ends, nil},
		{"nothing left behind", (*Candidate).tidy, nil},
		{"rubbish, signed", nil, (*Candidate).signedRubbish},
		{"another signature", nil, (*Candidate).forged},
		{"an old signature", nil, (*Candidate).replayed},
	}
}

// Examine puts a plugin through the exam, and tells each mark as soon as it is known. Where the plugin does not heed dry_run, its
// example is really carried out, again and again. The error says why there was no exam.
func (c *Candidate) Examine(ctx context.Context, tell func(Mark)) error {
	if c.Account == nil {
		c.Account = invented(c.Plugin.Kind.Account)
	}
	if c.Env.Log == nil {
		c.Env.Log = slog.New(slog.DiscardHandler)
	}
	var err error
	if c.outlet, err = c.Plugin.open(c.Env, c.Account); err != nil {
		return err
	}
	c.secrets = secretsIn(c.outlet.secrets)
	defer c.Plugin.way.close()
	for _, p := range parts() {
		sit := p.program
		if c.Plugin.manifest.URL != "" {
			sit = p.service
		}
		if sit == nil {
			continue
		}
		mark := Mark{Part: p.name}
		if p.name == "nothing left behind" && runtime.GOOS != "linux" {
			mark.Skip = "it cannot be told on this system"
		} else {
			mark.Err = sit(c, ctx)
		}
		tell(mark)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// invented makes up an account that fits, for a plugin that is not asked to do anything with it.
func invented(s *shape.Shape) json.RawMessage {
	all := map[string]any{}
	for _, f := range s.Fields() {
		switch {
		case f.Name == previousKey:
		case f.Name == signingKey && f.Secret:
			all[f.Name] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
		case f.Secret:
			all[f.Name] = "exam-secret-" + f.Name
		case !f.Required:
		case f.Default != "":
			all[f.Name] = json.RawMessage(f.Default)
		case len(f.Values) > 0:
			all[f.Name] = f.Values[0]
		case f.Type == "number":
			all[f.Name] = 1
		case f.Type == "true or false":
			all[f.Name] = true
		case f.Type == "list":
			all[f.Name] = []any{}
		case f.Type == "object":
			all[f.Name] = map[string]any{}
		default:
			all[f.Name] = "exam"
		}
	}
	text, err := json.Marshal(all)
	if err != nil || len(all) == 0 {
		return nil
	}
	return text
}

func secretsIn(o object) []string {
	var all map[string]string
	var found []string
	if json.Unmarshal(o, &all) == nil {
		for _, s := range all {
			if len(s) >= 6 {
				found = append(found, s)
			}
		}
	}
	return found
}

// call is a step with the plugin's example.
func (c *Candidate) call(key string, try int) actions.Call[json.RawMessage] {
	params, err := json.Marshal(c.Plugin.manifest.Example)
	if err != nil {
		params = []byte("{}")
	}
	return actions.Call[json.RawMessage]{Key: key, Try: try, Source: "exam", Store: "1", Params: params}
}

// key makes one that no other part of the exam has.
func (c *Candidate) key() string {
	c.serial++
	return fmt.Sprintf("exam_%d_%d", time.Now().Unix(), c.serial)
}

// did sorts what came of a good request.
func did(err error) error {
	switch a := actions.OutcomeOf(err); a.Outcome {
	case actions.OutcomeOK, actions.OutcomeSkip:
		return nil
	default:
		return fmt.Errorf("the outcome is %s: %w", a.Outcome, err)
	}
}

func (c *Candidate) good(ctx context.Context) error {
	_, err := c.outlet.send(ctx, c.call(c.key(), 1), c.Plugin.manifest.DryRun)
	return did(err)
}

func (c *Candidate) again(ctx context.Context) error {
	key := c.key()
	first, err := c.outlet.send(ctx, c.call(key, 1), c.Plugin.manifest.DryRun)
	if err := did(err); err != nil {
		return err
	}
	skipped := err != nil
	second, err := c.outlet.send(ctx, c.call(key, 2), c.Plugin.manifest.DryRun)
	if err := did(err); err != nil {
		return err
	}
	if c.Plugin.manifest.Idempotent && !skipped && err == nil && !reflect.DeepEqual(first, second) {
		return fmt.Errorf("it says that it is idempotent, and gives %v and then %v for one key", first, second)
	}
	return nil
}

// request builds one with more keys than there are.
func (c *Candidate) request(key string, more map[string]any) []byte {
	call := c.call(key, 1)
	q := Request{Protocol: Protocol, ID: "exam-" + key, Action: c.Plugin.Name, Key: key, Try: 1, Deadline: time.Now().Add(c.Plugin.manifest.timeout()).UTC(),
		Source: call.Source, Store: call.Store, DryRun: c.Plugin.manifest.DryRun, Account: c.outlet.account, Secrets: c.outlet.secrets, Params: object(call.Params)}
	text, err := q.encode()
	if err != nil {
		return nil // it is made of what was read from JSON
	}
	text = bytes.TrimSuffix(text, []byte("}\n"))
	for name, v := range more {
		extra, err := json.Marshal(v)
		if err == nil {
			text = fmt.Appendf(text, ",%q:%s", name, extra)
		}
	}
	return append(text, "}\n"...)
}

// exchange sends text as it is.
func (c *Candidate) exchange(ctx context.Context, key string, text []byte) error {
	timeout := c.Plugin.manifest.timeout()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	said, err := c.Plugin.way.exchange(trip{ctx: ctx, id: "exam-" + key, key: key, request: text, timeout: timeout, env: c.Env, signers: c.outlet.signers})
	if err != nil {
		return err
	}
	_, err = c.outlet.read(said)
	return err
}

func (c *Candidate) later(ctx context.Context) error {
	key := c.key()
	return did(c.exchange(ctx, key, c.request(key, map[string]any{"of_a_later_version": map[string]any{"a": []any{1, "é", nil}}})))
}

// longRequest is how much is sent beside the example, in bytes.
const longRequest = 512 << 10

func (c *Candidate) long(ctx context.Context) error {
	key := c.key()
	return did(c.exchange(ctx, key, c.request(key, map[string]any{"padding": strings.Repeat("x", longRequest)})))
}

func (c *Candidate) atOnce(ctx context.Context) error {
	const most = 8
	n := min(most, c.Plugin.manifest.atOnce())
	marks := make(chan error, n)
	for range n {
		key := c.key()
		go func() {
			_, err := c.outlet.send(ctx, c.call(key, 1), c.Plugin.manifest.DryRun)
			marks <- did(err)
		}()
	}
	var first error
	for range n {
		if err := <-marks; err != nil && first == nil {
			first = fmt.Errorf("with %d at once: %w", n, err)
		}
	}
	return first
}
