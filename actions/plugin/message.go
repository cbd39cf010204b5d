package plugin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/invopop/jsonschema"

	"shopbell/actions"
	"shopbell/actions/web"
	"shopbell/shape"
)

// A Request is what a plugin is sent: one JSON object in one line, with protocol as its first key. A plugin passes over keys that
// it does not know.
type Request struct {
	Protocol int       `json:"protocol" jsonschema:"enum=1" jsonschema_description:"Version of this protocol."`
	ID       string    `json:"id" jsonschema_description:"Names this request while it is under way. In the mode lines, the answer repeats it."`
	Action   string    `json:"action" jsonschema_description:"Name of the plugin."`
	Key      string    `json:"key" jsonschema:"pattern=^[A-Za-z0-9_-]+$,maxLength=64" jsonschema_description:"The step's idempotency key: the same on every try of one step."`
	Try      int       `json:"try" jsonschema:"minimum=1" jsonschema_description:"Which try of the step this is, from 1."`
	Deadline time.Time `json:"deadline" jsonschema_description:"An answer after this time is not waited for."`
	Source   string    `json:"source" jsonschema_description:"Name of the source in the config, such as ecwid."`
	Store    string    `json:"store" jsonschema_description:"The store's id there."`
	DryRun   bool      `json:"dry_run,omitempty" jsonschema_description:"Do everything but the effect. Only plugins that declare dry_run are sent this."`
	Account  object    `json:"account" jsonschema_description:"The account as the config has it, without its secrets."`
	Secrets  object    `json:"secrets" jsonschema_description:"The account's secrets that the plugin names."`
	Params   object    `json:"params" jsonschema_description:"The step's parameters, rendered. They fit the plugin's params."`
}

// An Answer is what a plugin says: one JSON object. Keys that are not known are passed over.
type Answer struct {
	ID           string          `json:"id,omitempty" jsonschema_description:"The request's id. Needed in the mode lines only."`
	Outcome      actions.Outcome `json:"outcome" jsonschema:"enum=ok,enum=skip,enum=retry,enum=permanent,enum=unknown" jsonschema_description:"ok: done. skip: not wanted, or done already. retry: not done, try again. permanent: trying again is pointless. unknown: it may have been done."`
	Kind         string          `json:"kind,omitempty" jsonschema:"enum=recipient,enum=request,enum=account,enum=config" jsonschema_description:"What is at fault when the outcome is permanent: this recipient, the rule, or the account, whose every step will fail; config means account. Without it: request."`
	RetryAfterMS int64           `json:"retry_after_ms,omitempty" jsonschema:"minimum=0" jsonschema_description:"With retry: not before so many milliseconds have passed."`
	Code         actions.Text    `json:"code,omitempty" jsonschema_description:"The provider's code, for people."`
	Message      string          `json:"message,omitempty" jsonschema_description:"Why, in a sentence for people."`
	Output       object          `json:"output,omitempty" jsonschema_description:"What later steps see; fits the plugin's result."`
}

// object is a JSON object, kept as it was written.
type object json.RawMessage

// UnmarshalJSON keeps the value.
func (o *object) UnmarshalJSON(text []byte) error {
	*o = append((*o)[:0], text...)
	return nil
}

// MarshalJSON gives it back.
func (o object) MarshalJSON() ([]byte, error) {
	if len(o) == 0 {
		return []byte("{}"), nil
	}
	return json.RawMessage(o).MarshalJSON()
}

// JSONSchema declares that it is an object.
func (object) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "object"} }

// encode gives a request as one line.
func (q *Request) encode() ([]byte, error) {
	text, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	return append(text, '\n'), nil
}

// longestWait bounds the wait that a plugin may ask for.
const longestWait = 24 * time.Hour

// readAnswer reads exactly one answer. Its error says what is wrong with it.
func readAnswer(text []byte) (*Answer, error) {
	a := new(Answer)
	trimmed := bytes.TrimSpace(text)
	if len(trimmed) == 0 {
		return nil, errors.New("it printed nothing")
	}
	d := json.NewDecoder(bytes.NewReader(trimmed))
	if trimmed[0] != '{' || d.Decode(a) != nil {
		return nil, fmt.Errorf("it printed what is no answer%s", quoted(text))
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("it printed more than one answer%s", quoted(text))
	}
	switch a.Outcome {
	case actions.OutcomeOK, actions.OutcomeSkip, actions.OutcomeRetry, actions.OutcomePermanent, actions.OutcomeUnknown:
		return a, nil
	case "":
		return nil, errors.New("its answer has no outcome")
	}
	return nil, fmt.Errorf("its answer has the outcome %q, which is none", actions.Excerpt([]byte(a.Outcome)))
}

func quoted(text []byte) string {
	if said := actions.Excerpt(text); said != "" {
		return ": " + said
	}
	return ""
}

// err gives the error of package actions that an answer stands for; nil for ok.
func (a *Answer) err(name string) error {
	said := errors.New(a.words(name))
	switch a.Outcome {
	case actions.OutcomeOK:
		return nil
	case actions.OutcomeSkip:
		return actions.Skip(a.words(name))
	case actions.OutcomeRetry:
		return actions.RetryAfter(time.Duration(min(max(a.RetryAfterMS, 0), longestWait.Milliseconds()))*time.Millisecond, said)
	case actions.OutcomeUnknown:
		return actions.Unknown(said)
	}
	blame := actions.BlameRequest
	switch a.Kind {
	case "recipient":
		blame = actions.BlameRecipient
	case "account", "config":
		blame = actions.BlameAccount
	}
	return actions.Permanent(blame, said)
}

// words says in one line what a plugin answered.
func (a *Answer) words(name string) string {
	text := actions.Excerpt([]byte(a.Message))
	if text == "" {
		text = "it answered " + string(a.Outcome)
	}
	if code := actions.Excerpt([]byte(a.Code)); code != "" {
		text += " (" + code + ")"
	}
	return name + ": " + text
}

// broken says that a plugin does not keep to the protocol, so that trying again is pointless.
func broken(name string, why error) error {
	return actions.Permanent(actions.BlameRequest, fmt.Errorf("the plugin %s does not do as docs/plugins.md says: %w", name, why))
}

// output gives what later steps see: what the result declares of the output, and no more.
func output(s *shape.Shape, a *Answer) (actions.Result, error) {
	if s == nil {
		return nil, nil
	}
	var v any = map[string]any{}
	if len(a.Output) > 0 && string(a.Output) != "null" {
		read, ok := web.Values(a.Output)
		if !ok {
			return nil, errors.New("its output is not JSON")
		}
		v = read
	}
	all, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("its output is not an object")
	}
	if faults := s.Check(v); len(faults) > 0 {
		at := strings.Join(append([]string{"output"}, faults[0].Path...), ".")
		return nil, fmt.Errorf("%s does not fit its result: %s", at, faults[0].Message)
	}
	r := actions.Result{}
	for _, f := range s.Fields() {
		if value, given := all[f.Name]; given {
			r[f.Name] = value
		}
	}
	return r, nil
}
