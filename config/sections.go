package config

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"shopbell/document"
	"shopbell/shape"
)

// names are what a source or an account may be called: it stands in a URL, in rules and in metrics.
var names = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)

// sections calls do for each key of a mapping whose value is a mapping too.
func sections(root *yaml.Node, key string, do func(k, v *yaml.Node)) {
	_, all := document.Find(root, key)
	if all == nil || all.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(all.Content); i += 2 {
		if v := all.Content[i+1]; v.Kind == yaml.MappingNode {
			do(all.Content[i], v)
		}
	}
}

// accountKeys are what an account of every kind takes, beside what its kind declares.
func accountKeys() []string { return []string{"kind", "stores", "rate", "concurrency", "budget"} }

func (r *reader) sources(root *yaml.Node) {
	sections(root, "sources", func(k, v *yaml.Node) {
		r.name(k, "source")
		name, ok := r.kind(k, v, "source", r.kinds.SourceNames())
		if !ok {
			return
		}
		kind := r.kinds.source(name)
		text := r.section(k, without(v, "kind"), shape.Of(kind.Config), "kind")
		if kind.Files != nil {
			text = kind.Files(text, func(path string) string { return joined(r.dir, path) })
		}
		r.config.Sources = append(r.config.Sources, Source{Name: k.Value, Kind: kind, Config: text,
			Stores: storesOf(v), place: r.place(k)})
	})
	if len(r.config.Sources) == 0 && len(r.problems) == 0 {
		p := document.Problem{File: r.file.Name, Warning: true, Message: "there is no source, so no webhook is accepted",
			Hint: "Add one under sources: with kind: " + strings.Join(r.kinds.SourceNames(), " or ") + "."}
		r.problems = append(r.problems, p)
	}
}

func (r *reader) accounts(root *yaml.Node) {
	known := stores(root)
	sections(root, "accounts", func(k, v *yaml.Node) {
		r.name(k, "account")
		name, ok := r.kind(k, v, "account", r.kinds.ActionNames())
		if !ok {
			return
		}
		if k.Value != name && r.kinds.action(k.Value) != nil {
			r.problem(k, fmt.Sprintf("the account %q bears the name of an action and is of another kind, %s", k.Value, name),
				fmt.Sprintf("Steps of %s would use it: give it another name.", k.Value))
		}
		account := Account{Name: k.Value, Kind: r.kinds.action(name), place: r.place(k)}
		account.Stores = r.stores(v, known)
		account.Rate, account.Concurrency, account.Budget = r.rate(v), r.concurrency(v), r.budget(v)
		account.Config = r.section(k, without(v, accountKeys()...), account.Kind.Account, accountKeys()...)
		r.config.Accounts = append(r.config.Accounts, account)
	})
}

func (r *reader) name(k *yaml.Node, what string) {
	if !names.MatchString(k.Value) {
		r.problem(k, fmt.Sprintf("%q cannot be the name of %s", k.Value, article(what)),
			"Use lower-case letters, digits, - and _, at most 40, with a letter or digit first.")
	}
}

func article(noun string) string {
	if strings.HasPrefix(noun, "a") {
		return "an " + noun
	}
	return "a " + noun
}

// kind reads the kind of a section.
func (r *reader) kind(k, v *yaml.Node, what string, known []string) (string, bool) {
	_, n := document.Find(v, "kind")
	if n == nil {
		hint := fmt.Sprintf("The kinds are: %s.", strings.Join(known, ", "))
		if slices.Contains(known, k.Value) {
			hint = fmt.Sprintf("Write kind: %s", k.Value)
		}
		r.problem(k, `"kind" is missing`, hint)
		return "", false
	}
	if r.exp.failed[n] {
		return "", false
	}
	if n.Kind == yaml.ScalarNode && what == "account" && !slices.Contains(known, n.Value) && slices.Contains(laterKinds(), n.Value) {
		r.problem(n, fmt.Sprintf("%s of kind %q does not work yet in this version", article(what), n.Value), "Leave it out until a later version.")
		return "", false
	}
	if n.Kind == yaml.ScalarNode && what == "account" && !slices.Contains(known, n.Value) && r.broken(n) {
		return "", false
	}
	if n.Kind != yaml.ScalarNode || !slices.Contains(known, n.Value) {
		hint := document.DidYouMean(n.Value, known)
		if hint == "" {
			hint = fmt.Sprintf("The kinds are: %s.", strings.Join(known, ", "))
		}
		r.problem(n, fmt.Sprintf("there is no kind of %s %q", what, n.Value), hint)
		return "", false
	}
	return n.Value, true
}

// laterKinds are the kinds of accounts that this version does not have.
func laterKinds() []string {
	return []string{"notify"}
}

// section checks what a kind declares and gives it as JSON. common are the keys beside that, which have been taken out.
func (r *reader) section(k, v *yaml.Node, s *shape.Shape, common ...string) json.RawMessage {
	r.common = common
	r.check(k, v, s, k.Value)
	r.common = nil
	text, err := json.Marshal(document.Value(v))
	if err != nil { // a float that JSON cannot write is text already, so this is out of a user's reach
		r.problem(k, "this cannot be read: "+err.Error(), "")
	}
	return text
}

func without(n *yaml.Node, keys ...string) *yaml.Node {
	out := *n
	out.Content = nil
	for i := 0; i+1 < len(n.Content); i += 2 {
		if !slices.Contains(keys, n.Content[i].Value) {
			out.Content = append(out.Content, n.Content[i], n.Content[i+1])
		}
	}
	return &out
}

func (r *reader) place(n *yaml.Node) place {
	return place{file: r.file.Name, source: r.file.Line(n.Line), line: n.Line, column: n.Column}
}

// stores lists the ids of all stores that sources have.
func stores(root *yaml.Node) []string {
	var found []string
	sections(root, "sources", func(_, v *yaml.Node) { found = append(found, storesOf(v)...) })
	return found
}

// storesOf lists the keys below `stores` of a source.
func storesOf(source *yaml.Node) []string {
	_, n := document.Find(source, "stores")
	var found []string
	switch {
	case n == nil:
		return nil
	case n.Kind == yaml.SequenceNode:
		for _, id := range n.Content {
			found = append(found, id.Value)
		}
		return found
	case n.Kind != yaml.MappingNode:
		return nil
	}
	for i := 0; i < len(n.Content); i += 2 {
		found = append(found, n.Content[i].Value)
	}
	return found
}

// stores reads the stores that may use an account.
func (r *reader) stores(account *yaml.Node, known []string) []string {
	k, list := document.Find(account, "stores")
	if k == nil {
		return nil
	}
	if list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		r.problem(list, "want a list of store ids", `Write stores: ["1003"], or leave the key out to let every store use the account.`)
		return nil
	}
	var found []string
	for _, n := range list.Content {
		switch {
		case r.exp.failed[n]:
		case n.Kind != yaml.ScalarNode:
			r.problem(n, "want the id of a store", "")
		case !slices.Contains(known, n.Value):
			r.problem(n, fmt.Sprintf("no source has a store %q", n.Value), document.DidYouMean(n.Value, known))
		default:
			found = append(found, n.Value)
		}
	}
	return found
}
