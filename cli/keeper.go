package cli

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"shopbell/document"
	"shopbell/rules"
	"shopbell/server"
)

// A keeper holds the rules in use and reads them again when it is told to. A directory that is broken keeps its last
// good rules. Its methods may be called at once.
type keeper struct {
	dir   string
	world rules.World
	log   *slog.Logger
	use   func(*rules.Set) // tells the engine; set once, before the first reload

	mu  sync.Mutex
	set *rules.Set
}

// newKeeper reads the rules for the first time. A broken directory stops only itself, loudly.
func newKeeper(dir string, world rules.World, log *slog.Logger) *keeper {
	k := &keeper{dir: dir, world: world, log: log, use: func(*rules.Set) {}}
	k.set = rules.Load(dir, world, nil)
	k.tell(k.set.Problems())
	return k
}

// reload reads the rules again and swaps them in. Its error says how many problems the log has told of.
func (k *keeper) reload(context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.swap(rules.Load(k.dir, k.world, k.set))
}

// refresh is reload for a change that may be none: it is silent when the rules are as before.
func (k *keeper) refresh() {
	k.mu.Lock()
	defer k.mu.Unlock()
	set := rules.Load(k.dir, k.world, k.set)
	if set.Revision() == k.set.Revision() && slices.Equal(set.Problems(), k.set.Problems()) {
		return
	}
	_ = k.swap(set) // the log has told
}

func (k *keeper) swap(set *rules.Set) error {
	k.set = set
	k.use(set)
	problems := set.Problems()
	stop := k.tell(problems)
	k.log.Info("rules reloaded", "rules", len(set.Rules()), "problems", stop)
	if stop > 0 {
		return fmt.Errorf("%s, the last good rules stay in use: %s", counted(stop, "problem"), first(problems))
	}
	return nil
}

// tell logs every problem and gives how many are not warnings.
func (k *keeper) tell(problems []document.Problem) int {
	stop := 0
	for _, p := range problems {
		if p.Warning {
			k.log.Warn(p.Error(), "hint", p.Hint)
			continue
		}
		stop++
		k.log.Error(p.Error(), "hint", p.Hint, "effect", "no rule of this folder runs unless an earlier version of it did")
	}
	return stop
}

func first(problems []document.Problem) string {
	for _, p := range problems {
		if !p.Warning {
			return p.Error()
		}
	}
	return ""
}

// rulebook gives the rules for pages and the API.
func (k *keeper) rulebook() server.Rulebook {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.set
}
