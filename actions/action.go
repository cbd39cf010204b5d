// Package actions is the contract of an action: what it declares, how it is called and what may come of a try.
//
// One folder each holds a kind of action, declared as a value that the program lists; nothing registers itself:
//
//	var Action = actions.Define(actions.Spec[Account, Params]{
//		Name:    "slack",
//		Summary: "Post a message to a Slack channel",
//		Open:    open,
//	})
//
// The parameter struct is written once: its JSON Schema, its documentation, the check of a rule at load, the editor's
// completion and `shopbell actions NAME` all come from it.
//
// An action knows nothing of events, rules or queues, and never tries again by itself.
package actions

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/netip"

	"shopbell/shape"
)

// A Sender carries out one kind of action through one account. Send may be called by many goroutines at once, and more
// than once for one Key. It returns when ctx is done. An error says what became of the try, see [OutcomeOf].
type Sender[P any] interface {
	Send(context.Context, Call[P]) (Result, error)
}

// A Call is one step to carry out.
type Call[P any] struct {
	Key           string // the step's idempotency key: the same on every try, at most 64 characters, letters, digits, - and _
	Try           int    // from 1
	Source, Store string // whose event it is: the source's name in the config, and the store's id there
	// Callback is the public address at which the provider may tell what became of the message, see [Reporter]; "" for none.
	Callback string
	// Unsubscribe is the public address at which the one recipient can say that they want no more marketing: a GET shows a page, and
	// a POST is it (RFC 8058). "" for none: it is no marketing, or there are several recipients.
	Unsubscribe string
	Params      P
	// Decoded keeps what Params were decoded to from the call's Target to its Send; nil for nothing.
	Decoded *Decoded
}

// A Result is what a step leaves for later steps (`steps.<id>`) and for people. It is a JSON object's content with
// plain values; it holds no secret.
type Result map[string]any

// An Env is what the operator's config gives to every action.
type Env struct {
	Allow []netip.Prefix // private networks that requests named in rules may reach
	Log   *slog.Logger   // never nil
	// UserAgent is what requests over HTTP say of their sender; "" means "shopbell".
	UserAgent string
	// Templates is the root of files that steps may name (`template:`, `attach:`); "" allows none.
	Templates string
	// Change changes an entity in a merchant's store; nil where there is none.
	Change Change
	// Create makes an entity in a merchant's store; nil where there is none.
	Create Create
	// Find finds an entity of a merchant's store; nil where there is none.
	Find Find
	// Stores are those that Change changes, for tests of an account; nil while the program serves.
	Stores Stores
	// Claim claims values of pools; nil where there is nothing to keep them.
	Claim Claim
	// Pools is the folder of pools, which steps name; "" allows none.
	Pools string
	// Stock is told how many values a pool has left, for metrics; may be nil.
	Stock func(pool string, left int64)
}

// A Change sets fields of an entity of a store, such as "order/K8XTQ", through the source that has the store, and has the
// event that comes of it known as our own. Its errors are of the classes of this package. Many goroutines may call it.
type Change func(ctx context.Context, source, store, subject string, set map[string]json.RawMessage) error

// A Spec declares one kind of action with account type A and parameter type P. Both are structs whose json and
// jsonschema tags declare keys, words for people, and what is required (no `omitempty` means required). A parameter
// field's `lands` tag says where its text lands, see [Landing]. A secret in an account is of type [Secret].
type Spec[A, P any] struct {
	Name    string // the key in a rule's step: lower case, digits and _
	Summary string // one line, no full stop
	Doc     string // more, in Markdown; may be ""
	Example string // a runnable step in YAML: `slack: { channel: "#sales", text: hello }`
	Result  any    // a zero struct whose json and jsonschema tags declare what Result holds; nil for nothing

	// Idempotent says that a try whose outcome is unknown may be repeated: the receiver tells by the key that it is
	// the same, or a second one does no harm. When false, an unknown outcome is held for a person.
	Idempotent bool
	// Repeats says the same of one step, where steps differ; Idempotent is false then. nil means that they do not. It is asked after
	// a crash, too: it does no I/O, and says the same whichever try it is.
	Repeats func(A, Call[P]) bool
	// Causes are the event types that carrying this out brings about, such as "order.updated".
	Causes []string
	// CausedBy says which of Causes comes about only when a step has a parameter, by the parameter's key; nil for none.
	CausedBy map[string]string
	// NoAccount says that the action works without an account; one may still be configured.
	NoAccount bool
	// Redirect gives the parameters of the same message to somebody else, with a word for whom it was. Its error says why it
	// cannot go there, as "it is not …". nil means that carrying this out is no message to anybody.
	Redirect func(p P, to string) (P, error)
	// Reaches tells what people a step reaches, by the address that its channel knows them by; nil for what reaches nobody that a
	// suppression list could name, such as a channel of colleagues.
	Reaches func(p P) []Recipient
	// Spare gives the parameters of the same message without some whom it reaches, and false when nobody is left. nil means that
	// it reaches one person at a time.
	Spare func(p P, some []Recipient) (P, bool)
	// Names tells which things of the operator a step names, so that what is not there is told at load; nil for none. What is still
	// to be filled in stands there as {{ … }}, see [Known].
	Names func(p P) []Name
	// Target names the provider that a step calls, such as a host, where the step says it and not the account, so that one which is
	// down is left alone and others are not; nil where all steps of an account call the same.
	Target func(Call[P]) string
	// Cost is what a step uses up of an account's budget, such as the texts that a long message is sent as; nil for one each.
	Cost func(P) int
	// Limit gives how fast an account may go when the operator has not said it; nil for any.
	Limit func(A) Limit
	// Marketing says that carrying this out is marketing whatever the rule says, so that it is not for who has unsubscribed.
	Marketing bool
	// Open makes a sender of an account, once for each account at start. The zero A is given when there is none. The
	// error is for the operator and tells no secret.
	Open func(Env, A) (Sender[P], error)
}

// A Kind is a [Spec] with its types closed over, so that the rest of the program sees one plain struct.
type Kind struct {
	Name, Summary, Doc, Example string
	Idempotent, NoAccount       bool
	ByStep                      bool // each step says whether it is idempotent, see [Repeats]
	Marketing                   bool
	Causes                      []string
	CausedBy                    map[string]string // parameter by event type, as in [Spec]

	Params  *shape.Shape // of a step
	Account *shape.Shape // of an account in the config, without the keys `kind` and `stores`
	Result  *shape.Shape // of what a step leaves; nil for nothing

	// Open makes an account's outlet. config is JSON that fits Account, or nil for none.
	Open func(env Env, config json.RawMessage) (Outlet, error)
	// Redirect is [Spec.Redirect] over JSON that fits Params; nil for what is no message.
	Redirect func(params json.RawMessage, to string) (json.RawMessage, error)
	// Reaches is [Spec.Reaches] over JSON that fits Params; nil when the spec has none.
	Reaches func(params json.RawMessage) []Recipient
	// Spare is [Spec.Spare] over JSON that fits Params; nil when the spec has none.
	Spare func(params json.RawMessage, some []Recipient) (json.RawMessage, bool)
	// Target is [Spec.Target] over JSON that fits Params; nil when the spec has none.
	Target func(Call[json.RawMessage]) string
	// Cost is [Spec.Cost] over JSON that fits Params; nil when the spec has none.
	Cost func(params json.RawMessage) int
	// Limit is [Spec.Limit] over an account's config; nil when the spec has none.
	Limit func(config json.RawMessage) Limit
	// Names is [Spec.Names] over JSON, in which holes may be; nil when the spec has none.
	Names func(params json.RawMessage) []Name
	// Check looks at parameters, JSON whose texts may still hold {{ … }}, for what a schema cannot say; nil means they are fine.
	Check func(params json.RawMessage) error
}

// An Outlet sends steps of one kind through one account: a [Sender] with its types closed over. The parameters are JSON that
// fits the kind's Params.
type Outlet interface {
	Send(context.Context, Call[json.RawMessage]) (Result, error)
}

// A Limit bounds what goes through one account. Steps beyond it wait. The zero value is no limit.
type Limit struct {
	Rate        float64 // calls a second, evenly spaced; 0 means any
	Concurrency int     // calls at once; 0 means any
}

// A Landing says where the text of a parameter ends up, and so how what a rule puts into a hole is escaped.
type Landing string

// The landings. A parameter without one takes text as it is.
const (
	Plain  Landing = ""       // no escaping
	HTML   Landing = "html"   // & < > " ' become entities
	Slack  Landing = "slack"  // & < > become entities, so that a customer's text rings nobody
	Header Landing = "header" // line breaks and other control characters become spaces
	// Address is one e-mail address, or a name and an address: nothing put there makes it two.
	Address Landing = "address"
	URL     Landing = "url"  // percent-encoded, so that a hole cannot leave its place in a path or query
	JSON    Landing = "json" // inside a text that is itself JSON: quotes, backslashes and control characters escaped
	// Literal is for names that stand in the rule as they are: a hole there is refused when rules are loaded. Below it, what takes any
	// value may have holes, and is plain.
	Literal Landing = "literal"
	// File is the name of a file beside the rules, see [FilePlaces]: nothing put there leads to another folder.
	File Landing = "file"
	// Template is the name of a file of HTML with holes. What it says is rendered into the parameter `html`, beside it.
	Template Landing = "template"
)
