package cloudcart

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"shopbell/sources"
)

var _ sources.Registrar = (*source)(nil)

// Register implements [sources.Registrar]. Webhooks of the stores that lead to other receivers are told as foreign. At the first
// error that is about the store as a whole, such as a dead key, the next store is gone on with.
func (s *source) Register(ctx context.Context, r sources.Registration) ([]sources.Registered, error) {
	base, err := publicAddress(r.Base)
	if err != nil {
		return nil, err
	}
	events, err := s.eventsOf(r.Events)
	if err != nil {
		return nil, err
	}
	stores := r.Stores
	if stores == nil {
		stores = s.Stores()
	}
	for _, id := range stores {
		if !s.Serves(id) {
			return nil, fmt.Errorf("there is no store %q in the config of %s", id, s.name)
		}
	}
	var all []sources.Registered
	var failures []error
	for _, id := range stores {
		one := registering{shop: s.shops[id], dry: r.DryRun, base: base + "/webhooks/" + url.PathEscape(s.name) + "/" + id + "/"}
		told, err := one.run(ctx, events)
		all = append(all, told...)
		if err != nil {
			failures = append(failures, fmt.Errorf("store %s: %w", id, err))
		}
	}
	return all, errors.Join(failures...)
}

// publicAddress checks the address of this server: CloudCart has to be able to reach it.
func publicAddress(text string) (string, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return "", errors.New("the public address of this server must be one such as https://bell.example.com")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", errors.New("the public address of this server must not hold a name, a password, a query or a fragment")
	case u.Scheme == "http" && !private(u.Hostname()):
		return "", errors.New("the public address of this server begins with http, and each webhook carries the store's API key; use https")
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	return u.String(), nil
}

// eventsOf gives the events that are wanted, in the order of the catalog.
func (s *source) eventsOf(wanted []string) ([]string, error) {
	for _, name := range wanted {
		if _, ok := s.kinds[name]; !ok {
			return nil, fmt.Errorf("CloudCart has no event %q", name)
		}
	}
	var events []string
	for _, t := range s.catalog.Types {
		if wanted == nil || slices.Contains(wanted, t.Name) {
			events = append(events, t.Name)
		}
	}
	return events, nil
}

// registering is the registration of one store.
type registering struct {
	shop *shop
	base string // of the addresses, before the event
	dry  bool
}

func (g *registering) run(ctx context.Context, events []string) ([]sources.Registered, error) {
	all, err := g.shop.allHooks(ctx)
	if err != nil {
		return []sources.Registered{{Store: g.shop.id, Done: sources.RegisteringFailed, Note: err.Error(), Dry: g.dry}}, err
	}
	var told []sources.Registered
	var failures []error
	taken := map[string]bool{}
	for _, name := range events {
		one := sources.Registered{Store: g.shop.id, Event: name, URL: g.base + name, Dry: g.dry}
		own, done, note := choose(all, name, one.URL)
		taken[own.id] = true
		one.Done, one.Note = done, note
		if err := g.carryOut(ctx, own, one); err != nil {
			one.Done, one.Note = sources.RegisteringFailed, err.Error()
			failures = append(failures, fmt.Errorf("%s: %w", name, err))
			told = append(told, one)
			if !goesOn(err) {
				break
			}
			continue
		}
		told = append(told, one)
	}
	return append(told, g.foreign(all, taken, events)...), errors.Join(failures...)
}

// choose finds the webhook of an event that is ours and says what has to be done with it. An exact one comes before one
// that has only the path in common.
func choose(all []hook, event, address string) (own hook, done sources.Registering, note string) {
	for _, h := range all {
		if h.event != event {
			continue
		}
		exact, moved := h.ours(address)
		if exact {
			own = h
			break
		}
		if moved && own.id == "" {
			own = h
		}
	}
	switch {
	case own.id == "":
		return own, sources.RegisteringCreated, ""
	case own.url != address:
		return own, sources.RegisteringChanged, "it led to " + own.host()
	case !own.active:
		return own, sources.RegisteringEnabled, "CloudCart or the merchant had switched it off"
	case !own.nested && strings.HasPrefix(event, "order."):
		return own, sources.RegisteringChanged, "it had the older form of orders"
	}
	return own, sources.RegisteringKept, ""
}

func (g *registering) carryOut(ctx context.Context, own hook, r sources.Registered) error {
	switch {
	case g.dry, r.Done == sources.RegisteringKept:
		return nil
	case r.Done == sources.RegisteringCreated:
		return g.shop.put(ctx, r.Event, r.URL)
	}
	err := g.shop.mend(ctx, own, r.URL)
	if errors.Is(err, errNotFound) { // deleted since it was listed
		return g.shop.put(ctx, r.Event, r.URL)
	}
	return err
}

// goesOn tells whether the next event is worth trying: not after a dead key or a store that is silent.
func goesOn(err error) bool {
	_, rejected := errors.AsType[*rejection](err)
	return rejected && !sources.IsDenied(err)
}

// foreign tells of the webhooks that are left alone. With two on one order event, CloudCart sends a minute later.
func (g *registering) foreign(all []hook, taken map[string]bool, events []string) []sources.Registered {
	var told []sources.Registered
	for _, h := range all {
		if taken[h.id] {
			continue
		}
		one := sources.Registered{Store: g.shop.id, Event: h.event, Done: sources.RegisteringForeign, Dry: g.dry, Note: "leads to " + h.host()}
		if _, moved := h.ours(g.base + h.event); moved {
			one.Note += ", by the same path: another Shopbell?"
		}
		if h.active && strings.HasPrefix(h.event, "order.") && slices.Contains(events, h.event) {
			one.Note += "; with a second receiver CloudCart sends this event a minute late"
		}
		told = append(told, one)
	}
	slices.SortStableFunc(told, func(a, b sources.Registered) int { return strings.Compare(a.Event, b.Event) })
	return slices.Clip(told)
}
