package openconnectors

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"shopbell/secret"
	"shopbell/sources"
)

// A bound is how much may be asked with one credential. The platform publishes no rate, so ours are modest ones.
type bound struct {
	perSecond rate.Limit
	burst     int
	calls     int // at once
}

// The bounds of an element token, of one store, and of the account's secrets, with which all stores are polled.
func tokenBound() bound   { return bound{perSecond: 10, burst: 20, calls: 4} }
func accountBound() bound { return bound{perSecond: 50, burst: 100, calls: 16} }

// A gate is one credential, as the Authorization header has it, and what became of calls with it.
type gate struct {
	authorization secret.Text
	store         string      // whose element token it holds; "" for the account's
	token         secret.Text // that element token
	limit         *sources.Allowance
	slots         chan struct{} // one is held during each call

	mu    sync.Mutex
	state sources.Credential
	until time.Time // no call before
}

func newGate(authorization, store string, token secret.Text, b bound) *gate {
	return &gate{authorization: secret.Text(authorization), store: store, token: token, limit: sources.NewAllowance(b.perSecond, b.burst),
		slots: make(chan struct{}, b.calls), state: sources.Credential{State: sources.CredentialUnused}}
}

// pass waits for a place and for the rate, and gives how to leave again. It fails at once while the credential is dead, or
// the API has asked for a pause.
func (g *gate) pass(ctx context.Context, now time.Time) (leave func(), err error) {
	g.mu.Lock()
	dead, wait := g.state.State == sources.CredentialDead, g.until.Sub(now)
	note := g.state.Note
	g.mu.Unlock()
	switch {
	case dead:
		return nil, sources.Denied(errors.New(note))
	case wait > 0:
		return nil, sources.Later(wait, errors.New("the API asked for a pause, which is not over"))
	}
	select {
	case g.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ended{fmt.Sprintf("the API holds %d earlier calls up", cap(g.slots)), ctx.Err()}
	}
	if err := g.limit.Wait(ctx); err != nil {
		<-g.slots
		if ctx.Err() != nil {
			return nil, ended{"the call of the API waited too long for its turn", ctx.Err()}
		}
		return nil, sources.Later(callTimeout, fmt.Errorf("more than %v calls a second are wanted with one credential", g.limit.PerSecond()))
	}
	return func() { <-g.slots }, nil
}

// become notes what a call has shown. A dead credential stays dead until it is revived: a call that was under way when it
// died changes nothing.
func (g *gate) become(state sources.CredentialState, at time.Time, note string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state.State == sources.CredentialDead {
		return
	}
	if g.state.State != state {
		g.state.Since = at
	}
	g.state.State, g.state.Note = state, note
}

// pause lets no call pass for a while.
func (g *gate) pause(until time.Time, at time.Time) {
	g.become(sources.CredentialThrottled, at, "the API asked for a pause; it is asked again after it")
	g.mu.Lock()
	defer g.mu.Unlock()
	if until.After(g.until) {
		g.until = until
	}
}

// set replaces the state, dead or not.
func (g *gate) set(c sources.Credential) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.state, g.until = c, time.Time{}
}

func (g *gate) credential() sources.Credential {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.state
}

// dead says what to do about a credential that the API refuses.
func (g *gate) dead() string {
	if g.store == "" {
		return accountDead
	}
	return fmt.Sprintf("the API refuses the element token of store %s, or the user secret (401): put the present ones into stores.%s.token and user, or create the instance again", g.store, g.store)
}

// accountDead is also how a note that comes back from the ledger is known to be of the account.
const accountDead = "the API refuses the user and organization secrets (401): put the present ones into user and organization; the profile menu of the platform shows them"

// fingerprint names the credential without telling it.
func (g *gate) fingerprint() string {
	sum := sha256.Sum256([]byte("shopbell openconnectors " + g.authorization.Reveal()))
	return hex.EncodeToString(sum[:8])
}
