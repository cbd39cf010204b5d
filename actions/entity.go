package actions

import (
	"context"
	"encoding/json"
)

// A Create makes an entity in a merchant's store, such as a discount coupon, through the source that has the store, and has the event
// that comes of it known as our own. What an entity is known by, such as a coupon's code, may be left out: it is then made of key, the
// same every time, so that Create with one key makes one entity however often it is called. It gives the entity with its id. Its errors
// are of the classes of this package. Many goroutines may call it.
type Create func(ctx context.Context, source, store, noun, key string, set map[string]json.RawMessage) (json.RawMessage, error)

// A Find gives an entity of a merchant's store by its id or by what people call it: an order by its number, a customer by an e-mail
// address, a group of customers by its name. Where there is none, the error is permanent, and the request is to blame. Many goroutines
// may call it.
type Find func(ctx context.Context, source, store, noun, name string) (json.RawMessage, error)
