package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"gopkg.in/yaml.v3"

	"shopbell/actions"
	"shopbell/actions/web"
	"shopbell/shape"
)

// A desk is where steps of one plugin come in, through whatever account.
type desk struct {
	name     string
	declared *declared
	slots    chan struct{} // one for each request that may be under way
	last     atomic.Int64  // number of the last request
	secrets  *veil
}

// kind makes the kind of action that a plugin declares.
func (p *Plugin) kind(d *declared) *actions.Kind {
	m := d.manifest
	example, err := yaml.Marshal(map[string]any{m.Name: m.Example})
	if err != nil {
		example = []byte(m.Name + ": {}") // it was read from YAML
	}
	k := &actions.Kind{
		Name: m.Name, Summary: m.Summary, Doc: m.Doc, Example: string(example), Idempotent: m.Idempotent, Marketing: m.Marketing,
		Causes: m.Causes, Params: d.params, Account: d.account, Result: d.result,
		NoAccount: !slices.ContainsFunc(d.account.Fields(), func(f shape.Field) bool { return f.Required }),
		Check:     func(json.RawMessage) error { return nil }, // the schema says it all
	}
	k.Open = func(env actions.Env, config json.RawMessage) (actions.Outlet, error) { return p.open(env, config) }
	if len(m.Reaches) > 0 {
		k.Reaches, k.Spare = m.reached, m.spared
	}
	return k
}

// An outlet is one account of a plugin.
type outlet struct {
	plugin           *Plugin
	env              actions.Env
	account, secrets object
	signers          []web.Signer // to sign with, for a service
}

func (p *Plugin) open(env actions.Env, config json.RawMessage) (*outlet, error) {
	all := map[string]json.RawMessage{}
	if config != nil {
		var value any
		if json.Unmarshal(config, &value) != nil || json.Unmarshal(config, &all) != nil {
			return nil, errors.New("the account is not JSON")
		}
		var faults []error
		for _, f := range p.desk.declared.account.Check(value) {
			faults = append(faults, errors.New(strings.TrimPrefix(strings.Join(f.Path, ".")+": "+f.Message, ": ")))
		}
		if err := errors.Join(faults...); err != nil {
			return nil, err
		}
	} else if !p.Kind.NoAccount {
		return nil, errors.New("it needs an account")
	}
	if env.Log == nil {
		env.Log = slog.New(slog.DiscardHandler)
	}
	o := &outlet{plugin: p, env: env}
	secrets := map[string]json.RawMessage{}
	var hidden []actions.Secret
	for _, f := range p.desk.declared.account.Fields() {
		raw, given := all[f.Name]
		if !f.Secret || !given {
			continue
		}
		delete(all, f.Name)
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return nil, fmt.Errorf("%s: want text", f.Name)
		}
		hidden = append(hidden, actions.Secret(s))
		if p.manifest.URL != "" && (f.Name == signingKey || f.Name == previousKey) {
			signer, err := web.SecretSigner(actions.Secret(s))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", f.Name, err)
			}
			o.signers = append(o.signers, signer)
			continue
		}
		secrets[f.Name] = raw
	}
	p.desk.secrets.add(hidden)
	var err error
	if o.account, err = json.Marshal(all); err == nil {
		o.secrets, err = json.Marshal(secrets)
	}
	return o, err
}

// A trip is one request on its way.
type trip struct {
	ctx     context.Context
	id      string
	key     string
	request []byte
	timeout time.Duration
	env     actions.Env
	signers []web.Signer
}

// Send implements [actions.Outlet].
func (o *outlet) Send(ctx context.Context, c actions.Call[json.RawMessage]) (actions.Result, error) {
	return o.send(ctx, c, false)
}

func (o *outlet) send(ctx context.Context, c actions.Call[json.RawMessage], dry bool) (actions.Result, error) {
	p, d := o.plugin, o.plugin.desk
	var params any
	if err := json.Unmarshal(c.Params, &params); err != nil {
		return nil, actions.Permanent(actions.BlameRequest, errors.New("the parameters are not JSON"))
	}
	if faults := d.declared.params.Check(params); len(faults) > 0 {
		f := faults[0]
		return nil, actions.Permanent(actions.BlameRequest, fmt.Errorf("the parameters do not fit: %s", strings.TrimPrefix(strings.Join(f.Path, ".")+": "+f.Message, ": ")))
	}
	if err := p.manifest.unreadable(params); err != nil {
		return nil, actions.Permanent(actions.BlameRequest, err)
	}
	select {
	case d.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, actions.RetryAfter(0, fmt.Errorf("the plugin %s is busy with %d requests, as many as it takes", d.name, cap(d.slots)))
	}
	defer func() { <-d.slots }()
	timeout := p.manifest.timeout()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	deadline, _ := ctx.Deadline()
	t := trip{ctx: ctx, id: strconv.FormatInt(d.last.Add(1), 36), key: c.Key, timeout: timeout, env: o.env, signers: o.signers}
	q := Request{Protocol: Protocol, ID: t.id, Action: d.name, Key: c.Key, Try: c.Try, Deadline: deadline.UTC().Truncate(time.Millisecond),
		Source: c.Source, Store: c.Store, DryRun: dry, Account: o.account, Secrets: o.secrets, Params: object(c.Params)}
	var err error
	if t.request, err = q.encode(); err != nil {
		return nil, actions.Permanent(actions.BlameRequest, errors.New("the parameters are not JSON"))
	}
	said, err := p.way.exchange(t)
	if err != nil {
		return nil, err
	}
	return o.read(said)
}

// read sorts what a plugin said.
func (o *outlet) read(said []byte) (actions.Result, error) {
	d := o.plugin.desk
	a, err := readAnswer(d.secrets.bytes(said))
	if err != nil {
		return nil, broken(d.name, err)
	}
	if err := a.err(d.name); err != nil {
		return nil, err
	}
	result, err := output(d.declared.result, a)
	if err != nil {
		return nil, broken(d.name, err)
	}
	return result, nil
}

// A tester is an outlet of a plugin that can do everything but the effect.
type tester struct{ *outlet }

// Test implements [actions.Tester]: it has the plugin do everything but the effect, with its example.
func (t tester) Test(ctx context.Context) (string, error) {
	params, err := json.Marshal(t.plugin.manifest.Example)
	if err != nil {
		return "", err
	}
	_, err = t.send(ctx, actions.Call[json.RawMessage]{Key: "account-test", Try: 1, Params: params}, true)
	if a := actions.OutcomeOf(err); a.Outcome == actions.OutcomeSkip {
		err = nil
	}
	return "it took its example, without the effect", err
}

// Inside implements [actions.Closed].
func (o *outlet) Inside() any {
	if o.plugin.manifest.DryRun {
		return tester{o}
	}
	return o
}
