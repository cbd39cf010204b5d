package ecwid

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"shopbell/event"
	"shopbell/sources"
)

// profileAge is how long a profile is kept before it is read again.
const profileAge = 10 * time.Minute

// A profileCache holds one store's profile. However many ask for it at once, one call is made.
type profileCache struct {
	mu    sync.Mutex
	store event.Store
	read  time.Time    // when store was read; zero for never
	call  *profileCall // under way; nil for none
}

// A profileCall is one read of the profile, and who waits for it.
type profileCall struct {
	done  chan struct{} // closed when the rest is set
	store event.Store
	err   error
}

// put keeps what was read.
func (c *profileCache) put(store event.Store) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.store, c.read = store, time.Now()
}

// Profile implements [sources.Source]. What was read is kept for 10 minutes, and longer when it cannot be read again.
// With attest: never, and without a token, only the id is known.
func (s *source) Profile(ctx context.Context, store string) (event.Store, error) {
	shop, ok := s.shop(store)
	switch {
	case !ok:
		return event.Store{}, sources.Unconfirmed("store %s is not configured for this source", store)
	case s.mode == sources.Never || shop.token == "":
		return event.Store{ID: store}, nil
	}
	c := shop.profiles()
	c.mu.Lock()
	if !c.read.IsZero() && time.Since(c.read) < profileAge {
		defer c.mu.Unlock()
		return c.store, nil
	}
	call := c.call
	if call == nil {
		call = &profileCall{done: make(chan struct{})}
		c.call = call
		// The read outlives the one who asked first, for others wait for it too; get bounds it in time.
		go shop.readProfile(context.WithoutCancel(ctx), call)
	}
	c.mu.Unlock()
	select {
	case <-call.done:
		return call.store, call.err
	case <-ctx.Done():
		return event.Store{}, ctx.Err()
	}
}

// readProfile makes the call and tells all who wait.
func (s *shop) readProfile(ctx context.Context, call *profileCall) {
	answer, err := s.get(ctx, "profile", nil, profileScope)
	switch {
	case errors.Is(err, errNotFound):
		err = sources.Unconfirmed("the API does not know store %s", s.id)
	case err == nil && !sameProfile(answer, wanted{store: s.id}):
		err = errors.New("the answer of the store's API is not the profile of store " + s.id)
	}
	c := s.profiles()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		c.store, c.read = storeOf(s.id, answer), time.Now()
		call.store = c.store
	case !c.read.IsZero():
		// An older answer does better than none: currency and zone hardly ever change. Ask again in a minute.
		call.store, c.read = c.store, time.Now().Add(time.Minute-profileAge)
	default:
		call.err = err
	}
	c.call = nil
	close(call.done)
}

// storeOf maps a profile. What is missing or of another form stays empty.
func storeOf(id string, profile json.RawMessage) event.Store {
	var p struct {
		General  struct{ StoreURL text } `json:"generalInfo"`
		Account  struct{ AccountName, AccountEmail text }
		Settings struct{ StoreName text }
		Company  struct {
			CompanyName, Email, CountryCode, Street, City, PostalCode, StateOrProvinceCode, Phone text
		}
		Formats   struct{ Currency, Timezone text } `json:"formatsAndUnits"`
		Languages struct {
			DefaultLanguage  text
			EnabledLanguages []text
		}
	}
	_ = json.Unmarshal(profile, &p)
	language := p.Languages.DefaultLanguage
	if language == "" && len(p.Languages.EnabledLanguages) > 0 {
		language = p.Languages.EnabledLanguages[0]
	}
	return event.Store{
		ID:       id,
		Name:     string(cmp.Or(p.Settings.StoreName, p.Company.CompanyName, p.Account.AccountName)),
		Email:    string(cmp.Or(p.Account.AccountEmail, p.Company.Email)),
		URL:      string(p.General.StoreURL),
		Currency: string(p.Formats.Currency),
		Timezone: string(p.Formats.Timezone),
		Language: string(language),
		Country:  string(p.Company.CountryCode),

		Company:    string(p.Company.CompanyName),
		Street:     string(p.Company.Street),
		City:       string(p.Company.City),
		State:      string(p.Company.StateOrProvinceCode),
		PostalCode: string(p.Company.PostalCode),
		Phone:      string(p.Company.Phone),
	}
}

// A text is a JSON string; any other value counts as none.
type text string

// UnmarshalJSON implements [json.Unmarshaler].
func (t *text) UnmarshalJSON(raw []byte) error {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		*t = text(s)
	}
	return nil
}
