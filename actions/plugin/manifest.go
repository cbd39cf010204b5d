package plugin

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/invopop/jsonschema"
	"gopkg.in/yaml.v3"

	"shopbell/actions"
	"shopbell/document"
	"shopbell/shape"
)

// A Manifest is what an action.yaml says.
type Manifest struct {
	Protocol    int                        `json:"protocol" jsonschema:"enum=1" jsonschema_description:"Version of the protocol that the plugin speaks."`
	Name        string                     `json:"name" jsonschema:"pattern=^[a-z][a-z0-9_]*$,maxLength=32" jsonschema_description:"The key in a rule's step, and the name of the folder."`
	Summary     string                     `json:"summary" jsonschema:"minLength=1,maxLength=120" jsonschema_description:"What it does: one line without a full stop."`
	Doc         string                     `json:"doc,omitempty" jsonschema_description:"More about it, in Markdown."`
	Run         Command                    `json:"run,omitempty" jsonschema_description:"The program: a path in the plugin's folder, or a list of it and its arguments. No shell is in between."`
	Mode        string                     `json:"mode,omitempty" jsonschema:"enum=once,enum=lines,default=once" jsonschema_description:"once: the program is run for each request. lines: it is kept running, and reads one request a line."`
	URL         string                     `json:"url,omitempty" jsonschema_description:"A service, in place of a program: it is sent the same JSON by POST, signed per Standard Webhooks."`
	Params      map[string]any             `json:"params" jsonschema_description:"JSON Schema of a step's parameters, an object."`
	Account     map[string]any             `json:"account,omitempty" jsonschema_description:"JSON Schema of an account in the config, an object. Without it, none is needed."`
	Result      map[string]any             `json:"result,omitempty" jsonschema_description:"JSON Schema of the output, which later steps see as steps.<id>."`
	Secrets     []string                   `json:"secrets,omitempty" jsonschema:"uniqueItems=true" jsonschema_description:"Keys of the account that are secrets: they are hidden everywhere, and come to the plugin as secrets."`
	Idempotent  bool                       `json:"idempotent,omitempty" jsonschema_description:"Whether a request may be repeated with the same key when it is not known what became of it. Without it, a person decides."`
	Marketing   bool                       `json:"marketing,omitempty" jsonschema_description:"Whether carrying it out is marketing, which is not for who has unsubscribed."`
	Timeout     actions.Duration           `json:"timeout,omitempty" jsonschema_description:"How long an answer may take, at most 50s. Without it: 30s."`
	Rate        string                     `json:"rate,omitempty" jsonschema:"pattern=^[1-9][0-9]*/[smh]$" jsonschema_description:"How many requests in what time go through one account, such as 10/s, 600/m or 3600/h."`
	Concurrency int                        `json:"concurrency,omitempty" jsonschema:"minimum=1,maximum=96" jsonschema_description:"How many requests are under way at once. Without it: 8, and 32 in the mode lines."`
	Causes      []string                   `json:"causes,omitempty" jsonschema_description:"Event types that carrying it out brings about, such as order.updated."`
	Reaches     map[string]actions.Channel `json:"reaches,omitempty" jsonschema_description:"Parameters that name whom it reaches, each with email or phone: whoever does not want to be written to is left out."`
	SHA256      string                     `json:"sha256,omitempty" jsonschema:"pattern=^[0-9a-f]{64}$" jsonschema_description:"Hash of the program's file. Another one is not run."`
	DryRun      bool                       `json:"dry_run,omitempty" jsonschema_description:"Whether the plugin heeds dry_run in a request, and then does everything but the effect."`
	Example     map[string]any             `json:"example" jsonschema_description:"Parameters of a good step, for its page and for the exam."`
}

// A Command is a program and its arguments.
type Command []string

// UnmarshalJSON reads a path, or a list.
func (c *Command) UnmarshalJSON(text []byte) error {
	var path string
	if json.Unmarshal(text, &path) == nil {
		*c = Command{path}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(c))
}

// JSONSchema declares both forms.
func (Command) JSONSchema() *jsonschema.Schema {
	one := uint64(1)
	text := &jsonschema.Schema{Type: "string", MinLength: &one}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{text, {Type: "array", Items: text, MinItems: &one}}}
}

// The bounds of what a plugin may ask for.
const (
	defaultTimeout = 30 * time.Second
	longestTimeout = 50 * time.Second // a try has a minute in all
	atOnceOnce     = 8
	atOnceLines    = 32
)

var manifestShape = sync.OnceValue(func() *shape.Shape { return shape.Of(new(Manifest)) })

// A declared plugin is what its action.yaml says, checked.
type declared struct {
	manifest                *Manifest
	params, account, result *shape.Shape
}

// A manifestReader reads one action.yaml and collects what is wrong with it.
type manifestReader struct {
	file     *document.File
	problems []document.Problem
}

func (r *manifestReader) wrong(n *yaml.Node, message, hint string) {
	r.problems = append(r.problems, r.file.At(n, message, hint))
}

func (r *manifestReader) warn(n *yaml.Node, message, hint string) {
	p := r.file.At(n, message, hint)
	p.Warning = true
	r.problems = append(r.problems, p)
}

// parse reads an action.yaml, which is in a folder of a name. What it gives is nil when there is a problem.
func parse(path, folder string, text []byte) (*declared, []document.Problem) {
	file, problems := document.Parse(path, text)
	r := &manifestReader{file: file, problems: problems}
	switch {
	case file == nil:
		return nil, problems
	case file.Root == nil:
		return nil, append(problems, document.Problem{File: path, Message: "the file is empty", Hint: "Write a whole plugin with: shopbell plugin new NAME"})
	case file.Root.Kind != yaml.MappingNode:
		r.wrong(file.Root, "the file must hold keys and values", "")
		return nil, r.problems
	}
	value := document.Value(file.Root)
	for _, f := range manifestShape().Check(value) {
		r.wrong(document.Locate(file.Root, f.Path, f.OnKey), f.Message, f.Hint)
	}
	if len(r.problems) > 0 {
		return nil, document.Sort(r.problems)
	}
	d := &declared{manifest: new(Manifest)}
	raw, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(raw, d.manifest)
	}
	if err != nil {
		r.wrong(file.Root, "this cannot be read: "+err.Error(), "")
		return nil, r.problems
	}
	r.itself(d.manifest, folder)
	r.shapes(d)
	if stop, _ := document.Split(r.problems); len(stop) > 0 {
		return nil, document.Sort(r.problems)
	}
	return d, document.Sort(r.problems)
}

// at gives the value of a key of the file.
func (r *manifestReader) at(path ...string) *yaml.Node {
	return document.Locate(r.file.Root, path, false)
}

var eventType = regexp.MustCompile(`^[a-z_]+\.[a-z_.]+$`)

// stepKeys are what a step takes beside its action.
func stepKeys() []string { return []string{"id", "if", "account", "retry", "on_error", "marketing"} }

// itself checks what does not need the schemas.
func (r *manifestReader) itself(m *Manifest, folder string) {
	switch {
	case m.Name != folder:
		r.wrong(r.at("name"), fmt.Sprintf("the name is %q, and the folder is %q", m.Name, folder), "A plugin bears the name of its folder.")
	case slices.Contains(stepKeys(), m.Name):
		r.wrong(r.at("name"), fmt.Sprintf("a step has a key %q already", m.Name), "Choose another name.")
	}
	if strings.ContainsAny(m.Summary, "\n") || strings.HasSuffix(m.Summary, ".") {
		r.wrong(r.at("summary"), "the summary is not one line without a full stop", "")
	}
	switch {
	case len(m.Run) == 0 && m.URL == "":
		r.wrong(r.file.Root, "neither run nor url is given: what is to be asked?", "Write run: with the path of a program in this folder.")
	case len(m.Run) > 0 && m.URL != "":
		r.wrong(r.at("url"), "run and url exclude each other: a plugin is a program or a service", "")
	case m.URL != "" && (m.Mode != "" || m.SHA256 != ""):
		r.wrong(r.at("url"), "mode and sha256 are for programs, and this is a service", "")
	case m.URL != "":
		if _, err := serviceURL(m.URL); err != nil {
			r.wrong(r.at("url"), err.Error(), "")
		}
	}
	if d := time.Duration(m.Timeout); d > longestTimeout || m.Timeout != 0 && d < 10*time.Millisecond {
		r.wrong(r.at("timeout"), fmt.Sprintf("want a time from 10ms to %s", longestTimeout), "A try has a minute in all.")
	}
	for i, c := range m.Causes {
		if !eventType.MatchString(c) {
			r.wrong(r.at("causes", fmt.Sprint(i)), fmt.Sprintf("%q is not an event type", c), "Write it as order.updated.")
		}
	}
}

// rate gives calls a second; 0 for no limit.
func (m *Manifest) rate() float64 {
	var count float64
	var unit string
	if _, err := fmt.Sscanf(strings.ReplaceAll(m.Rate, "/", " "), "%g %s", &count, &unit); err != nil {
		return 0
	}
	return count / map[string]float64{"s": 1, "m": 60, "h": 3600}[unit]
}

// atOnce gives how many requests are under way at once.
func (m *Manifest) atOnce() int {
	switch {
	case m.Concurrency > 0:
		return m.Concurrency
	case m.Mode == "lines":
		return atOnceLines
	}
	return atOnceOnce
}

func (m *Manifest) timeout() time.Duration {
	if m.Timeout > 0 {
		return time.Duration(m.Timeout)
	}
	return defaultTimeout
}
