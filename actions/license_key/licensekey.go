// Package licensekey declares the license_key action, which gives one key out of a pool, or makes one:
//
//	license_key: { pool: games }
//	license_key: { generate: "SW-#####-?????*" }
//
// A step gets one key, the same on every try, and no other step of the pool ever gets it: the ledger keeps who has which. A pool is a
// file that people fill; this package never writes to it.
//
// It sends the key to nobody: a later step does, as steps.key.value.
package licensekey

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"

	"shopbell/actions"
)

// Action gives a key.
var Action = actions.Define(actions.Spec[Account, Params]{
	Name:    "license_key",
	Summary: "Give one licence key or PIN out of a pool, or make one",
	Doc: "A pool is a file `NAME.txt` in the folder that `pools:` of the config names, with one key in each line. What stands at the ends of a line as white space, " +
		"lines that begin with `#`, empty lines, and keys that came before do not count. Keys are given in the order of the file. Add more at its end whenever you like; lines " +
		"that have been given may stay or go. Nothing is ever given twice, also not when it is put into the file again.\n\n" +
		"With `generate`, a key is made by chance of a pattern: `#` is a digit, `?` a letter or digit of Crockford's alphabet (without I, L, O and U), `*` at the end a check " +
		"symbol as in Crockford's base 32 (0-9, A-Z, and sometimes `*~$=U`); all else stays as it is. `generate: key` stands for `?????-?????-?????-?????-?????*`, `generate: pin` for eight digits. What is made is unique among " +
		"all that was made without a `pool`, or given out of the `pool` that is named with it; no file is needed for that.\n\n" +
		"A step keeps its key for good: on every try it gets the same. When a pool is empty, the run stops, is listed as dead, and the log tells once; put keys into the file, and retry the run.",
	Example:    `license_key: { pool: games }`,
	Idempotent: true, // the ledger gives a key what it has already
	NoAccount:  true,
	Result:     result{},
	Names:      names,
	Open: func(env actions.Env, _ Account) (actions.Sender[Params], error) {
		return newSender(env, rand.Reader), nil
	},
})

// An Account has nothing to say.
type Account struct{}

// Params are what one step says.
type Params struct {
	Pool     actions.Text `json:"pool,omitempty" jsonschema_description:"Name of the pool: the file NAME.txt in the folder of pools."`
	Generate actions.Text `json:"generate,omitempty" jsonschema_description:"Pattern of a key to be made, such as PIN-######, instead of one out of a file; or the word key or pin."`
	Low      *int         `json:"low,omitempty" jsonschema:"minimum=0,default=10" jsonschema_description:"With fewer keys left than this, the log warns once; 0 for never."`
}

type result struct {
	Value string `json:"value" jsonschema_description:"The key."`
	Left  int    `json:"left" jsonschema_description:"How many keys the pool has left, or can still be made."`
}

// Check implements actions.Checker.
func (p Params) Check() error {
	if p.Pool == "" && p.Generate == "" {
		return errors.New("give pool or generate")
	}
	if pool := string(p.Pool); pool != "" && actions.Known(pool) {
		if err := checkName(pool); err != nil {
			return err
		}
	}
	if text := string(p.Generate); text != "" && actions.Known(text) {
		_, err := readPattern(text)
		return err
	}
	return nil
}

// names gives the pool whose file must be there.
func names(p Params) []actions.Name {
	name := string(p.Pool)
	if name == "" || p.Generate != "" || !actions.Known(name) || checkName(name) != nil {
		return nil
	}
	return []actions.Name{{Param: "pool", Sort: Thing, Name: name, Hint: "Put its keys into the file " + name + ending + " in the folder of pools, one a line; an empty file will do for a check."}}
}

// Thing is the sort of [actions.Name] that pools are.
const Thing = "pool"

type sender struct {
	claim  actions.Claim
	shelf  *shelf
	makers *makers
	stock  func(pool string, left int64)
}

func newSender(env actions.Env, random io.Reader) *sender {
	s := &sender{claim: env.Claim, stock: env.Stock, shelf: newShelf(env.Pools, env.Claim, env.Log), makers: newMakers(env.Claim, env.Log, random)}
	if s.stock == nil {
		s.stock = func(string, int64) {}
	}
	return s
}

// lowByDefault is when the log warns, for a step that does not say.
const lowByDefault = 10

// Send gives the step its key.
func (s *sender) Send(ctx context.Context, call actions.Call[Params]) (actions.Result, error) {
	if s.claim == nil {
		return nil, actions.Permanent(actions.BlameAccount, errors.New("there is nothing here that could keep who has which key"))
	}
	p := call.Params
	ask := request{pool: string(p.Pool), key: call.Key, low: lowByDefault}
	if p.Low != nil {
		ask.low = int64(*p.Low)
	}
	var got given
	var err error
	if p.Generate != "" {
		got, err = s.makers.take(ctx, ask, string(p.Generate))
	} else {
		got, err = s.shelf.take(ctx, ask)
	}
	if ask.pool != "" && (err == nil || errors.Is(err, errEmpty)) {
		s.stock(ask.pool, got.left)
	}
	if err != nil {
		return nil, err
	}
	return actions.Result{"value": got.value, "left": got.left}, nil
}

// A request is a step that wants a key.
type request struct {
	pool, key string
	low       int64
}

// given is what a step got.
type given struct {
	value string
	left  int64
}

// errEmpty says that no key is left.
var errEmpty = errors.New("the pool is empty")

// running tells of a pool that runs low, once for whatever told belongs to.
func running(ctx context.Context, log *slog.Logger, told interface{ CompareAndSwap(was, is bool) bool }, ask request, left int64) {
	if left < ask.low && told.CompareAndSwap(false, true) {
		log.WarnContext(ctx, "a pool of keys is running low: add some", "pool", ask.pool, "left", left)
	}
}
