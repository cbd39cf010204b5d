package engine

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"sync"

	"shopbell/actions"
	"shopbell/secret"
)

// Values that steps claim are sealed in the ledger, where there is a box: they stay for ever, unlike the runs that used them. The
// ledger must tell whether a value is taken all the same, so each has a mark beside it: a hash with a random key, for without one
// a short PIN would be found by trying. That key is the ledger's own, made with the first claim, and sealed too; it stays the same when
// the box gets another key, or what was taken would not be known any more.
const (
	ownPool   = "/"           // of what we claim ourselves; no pool of a rule has a slash in its name
	markClaim = "mark"        // the key of marks: the first that is claimed is that of all nodes
	memoMark  = "claims/mark" // the same, sealed with the latest key of the box
	markSize  = 16            // bytes of a mark
)

// A markState holds the key of marks, once it is known.
type markState struct {
	mu  sync.Mutex
	key []byte
}

// Claim has the ledger give a key a value of a pool: it is an [actions.Claim].
func (e *Engine) Claim(ctx context.Context, pool, key string, offers []string) (actions.Claimed, error) {
	mac, err := e.marker(ctx)
	if err != nil {
		return actions.Claimed{}, err
	}
	c := &Claim{Pool: pool, Key: key, Offers: make([]Offer, len(offers))}
	for i, o := range offers {
		c.Offers[i].Mark = markOf(mac, pool, o)
		if key != "" {
			c.Offers[i].Value = e.wrap(secret.Text(o), claimLabel(pool, key))
		}
	}
	if err := e.committer.commit(ctx, nil, c); err != nil {
		return actions.Claimed{}, err
	}
	value, err := e.unwrap(c.Value, claimLabel(pool, key))
	return actions.Claimed{Value: value.Reveal(), At: c.At, Free: c.Free, Taken: c.Taken}, err
}

func claimLabel(pool, key string) string { return "claim\x00" + pool + "\x00" + key }

func markOf(mac hash.Hash, pool, value string) []byte {
	mac.Reset()
	mac.Write([]byte(pool + "\x00" + value))
	return mac.Sum(nil)[:markSize]
}

// marker gives what makes marks.
func (e *Engine) marker(ctx context.Context) (hash.Hash, error) {
	e.marks.mu.Lock()
	defer e.marks.mu.Unlock()
	if e.marks.key == nil {
		key, err := e.markKey(ctx)
		if err != nil {
			return nil, err
		}
		e.marks.key = key
	}
	return hmac.New(sha256.New, e.marks.key), nil
}

// markKey finds the key of marks, or makes it. It is written down once more with the box as it is now, so that it can be opened when
// an earlier key has been taken from the config.
func (e *Engine) markKey(ctx context.Context) ([]byte, error) {
	label := claimLabel(ownPool, markClaim)
	memo, err := e.o.Ledger.Memo(ctx, "", "", memoMark)
	if err != nil && !errors.Is(err, ErrNone) {
		return nil, err
	}
	key, err := e.unwrap(memo.Value, label)
	if err != nil || key == "" {
		c := &Claim{Pool: ownPool, Key: markClaim, Offers: []Offer{{Mark: []byte(markClaim), Value: e.wrap(secret.Text(rand.Text()), label)}}}
		if err := e.committer.commit(ctx, nil, c); err != nil {
			return nil, err
		}
		if key, err = e.unwrap(c.Value, label); err != nil {
			return nil, err
		}
	}
	if e.o.Box != nil {
		err = e.committer.commit(ctx, nil, &Put{Memo: Memo{Name: memoMark, Value: e.wrap(key, label)}})
	}
	return []byte(key.Reveal()), err
}

// How a value is kept, as its first byte says.
const (
	plainly = 'p'
	sealed  = 's'
)

func (e *Engine) wrap(t secret.Text, label string) []byte {
	if e.o.Box == nil {
		return append([]byte{plainly}, t.Reveal()...)
	}
	return append([]byte{sealed}, e.o.Box.Seal(t, label)...)
}

// unwrap gives what was wrapped; "" for nothing.
func (e *Engine) unwrap(kept []byte, label string) (secret.Text, error) {
	switch {
	case len(kept) == 0:
		return "", nil
	case kept[0] == plainly:
		return secret.Text(kept[1:]), nil
	case e.o.Box == nil:
		return "", actions.Permanent(actions.BlameAccount, errors.New("what steps have claimed is sealed in the ledger, and the config has no encryption.key"))
	}
	t, err := e.o.Box.Open(kept[1:], label)
	if err != nil {
		err = actions.Permanent(actions.BlameAccount, fmt.Errorf("what was claimed cannot be opened: %w; give the earlier one as encryption.previous_key", err))
	}
	return t, err
}
