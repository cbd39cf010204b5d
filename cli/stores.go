package cli

import (
	"context"
	"fmt"
	"slices"

	"shopbell/actions"
	"shopbell/config"
	"shopbell/sources"
)

// A visit is what the test of an account may ask of the stores of the config, with their own credentials. No server of ours is needed, so
// stores that merchants connected by themselves are not among them: their tokens are in the ledger, sealed.
type visit struct {
	conf    *config.Config
	account config.Account
}

// List implements [actions.Stores].
func (v visit) List(name string) ([]actions.Store, error) {
	var list []actions.Store
	if _, known := v.conf.Find(name); name != "" && !known {
		return nil, fmt.Errorf("the config has no source %q", name)
	}
	asked := false
	for _, s := range v.conf.Sources {
		if name != "" && s.Name != name {
			continue
		}
		if _, err := v.prober(s); err != nil {
			if name != "" {
				return nil, err
			}
			continue
		}
		asked = true
		for _, id := range s.Stores {
			if len(v.account.Stores) == 0 || slices.Contains(v.account.Stores, id) {
				list = append(list, actions.Store{Source: s.Name, ID: id})
			}
		}
	}
	switch {
	case !asked:
		return nil, fmt.Errorf("the config has no source whose stores can be asked")
	case len(list) == 0:
		return nil, fmt.Errorf("the config names no store that it could ask; how those do that merchants connected by themselves is told by: shopbell sources")
	}
	return list, nil
}

func (v visit) prober(s config.Source) (sources.Prober, error) {
	source, err := s.Kind.Open(s.Name, s.Config)
	if err != nil {
		return nil, fmt.Errorf("the source %s cannot be made: %w", s.Name, err)
	}
	prober, ok := source.(sources.Prober)
	if !ok {
		return nil, fmt.Errorf("the stores of %s cannot be asked what a credential may do", s.Name)
	}
	return prober, nil
}

// Ask implements [actions.Stores].
func (v visit) Ask(ctx context.Context, at actions.Store, accesses []string) (actions.StoreAnswer, error) {
	s, _ := v.conf.Find(at.Source)
	prober, err := v.prober(s)
	if err != nil {
		return actions.StoreAnswer{}, actions.Permanent(actions.BlameAccount, err)
	}
	told, err := prober.Probe(ctx, at.ID, accesses)
	switch {
	case sources.IsDenied(err) || sources.IsUnconfirmed(err):
		err = actions.Permanent(actions.BlameAccount, err)
	case err != nil:
		err = actions.RetryAfter(sources.Wait(err), err)
	}
	return actions.StoreAnswer{Name: told.Name, Lacks: told.Lacks}, err
}

var _ actions.Stores = visit{}
