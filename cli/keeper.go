package cli

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"shopbell/document"
	"shopbell/rules"
	"shopbell/server"
)

// What a log is told at most after one reading of the rules: ten thousand folders may break at once.
const (
	maxProblemsLogged = 100
	maxFoldersLogged  = 10
)

// A keeper holds the rules in use and reads them again when it is told to. A directory that is broken keeps its last
// good rules. Its methods may be called at once; who asks for the rules never waits for who reads them.
type keeper struct {
	dir   string
	world rules.World
	log   *slog.Logger
	use   func(*rules.Set) // tells the engine of every swap; set once, before the first reload

	inUse atomic.Pointer[rules.Set]
	last  atomic.Pointer[server.Reload] // how the last reading went
	first stamp                         // how the files were just before the first reading

	mu   sync.Mutex                // one reading at a time
	told map[document.Problem]bool // problems that the log has been told of and that are still there
}

// newKeeper reads the rules for the first time. A broken directory stops only itself, loudly.
func newKeeper(dir string, world rules.World, log *slog.Logger) *keeper {
	k := &keeper{dir: dir, world: world, log: log, use: func(*rules.Set) {}, first: stampOf(dir)}
	k.last.Store(&server.Reload{})
	set := rules.Load(dir, world, nil)
	k.inUse.Store(set)
	k.tell(set.Problems())
	k.note(set)
	return k
}

// set gives the rules in use.
func (k *keeper) set() *rules.Set { return k.inUse.Load() }

// reload reads the rules again and swaps them in. Its error says how many problems there are, and the first.
func (k *keeper) reload(context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.swap(rules.Load(k.dir, k.world, k.set()))
}

// equip reads the rules again for another world, in which the same files may mean something else.
func (k *keeper) equip(w rules.World) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.world = w
	_ = k.swap(rules.Load(k.dir, k.world, k.set())) // the log has told
}

// refresh is reload for a change that may be none: it is silent when the files are as before. folders are those in which
// something has changed since they were read, "" for the rules folder itself; nil when that is not known.
func (k *keeper) refresh(folders []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var set *rules.Set
	if folders == nil {
		set = rules.Load(k.dir, k.world, k.set())
	} else {
		set = rules.LoadFolders(k.dir, k.world, k.set(), folders)
	}
	if len(changedFolders(k.set(), set)) == 0 {
		k.note(set)
		return
	}
	_ = k.swap(set) // the log has told
}

func (k *keeper) swap(set *rules.Set) error {
	changed := changedFolders(k.set(), set)
	k.inUse.Store(set)
	k.use(set)
	problems := set.Problems()
	stop := k.tell(problems)
	k.note(set)
	k.log.Info("rules reloaded", "rules", len(set.Rules()), "problems", stop, "changed", folderNames(changed))
	if stop > 0 {
		return fmt.Errorf("%s, the last good rules stay in use: %s", counted(stop, "problem"), first(problems))
	}
	return nil
}

// note keeps how a reading went, for metrics.
func (k *keeper) note(set *rules.Set) {
	last := *k.last.Load()
	last.At, last.OK, last.Revision = time.Now(), true, set.Revision()
	for _, d := range set.Directories() {
		last.OK = last.OK && !d.Broken
	}
	if last.OK {
		last.Good++
		last.GoodAt = last.At
	} else {
		last.Bad++
	}
	k.last.Store(&last)
}

// reloaded gives how the last reading went.
func (k *keeper) reloaded() server.Reload { return *k.last.Load() }

// tell logs every problem that it has not told of already, and gives how many there are that are not warnings.
func (k *keeper) tell(problems []document.Problem) int {
	stop, logged, before := 0, 0, k.told
	k.told = make(map[document.Problem]bool, len(problems))
	for _, p := range problems {
		if !p.Warning {
			stop++
		}
		if k.told[p] = true; before[p] {
			continue
		}
		if logged++; logged > maxProblemsLogged {
			continue
		}
		if p.Warning {
			k.log.Warn(p.Error(), "hint", p.Hint)
			continue
		}
		k.log.Error(p.Error(), "hint", p.Hint, "effect", "no rule of this folder runs unless an earlier version of it did")
	}
	if more := logged - maxProblemsLogged; more > 0 {
		k.log.Error("there are more problems in rule files", "more", more, "hint", "shopbell check lists them all")
	}
	return stop
}

// changedFolders names the directories that differ in their files or in how they do, in order.
func changedFolders(before, now *rules.Set) []string {
	was := make(map[string]rules.Directory, len(before.Directories()))
	for _, d := range before.Directories() {
		was[d.Name] = d
	}
	var changed []string
	for _, d := range now.Directories() {
		b, known := was[d.Name]
		delete(was, d.Name)
		if !known || b.Revision != d.Revision || b.Broken != d.Broken || !slices.Equal(b.Problems, d.Problems) {
			changed = append(changed, d.Name)
		}
	}
	for name := range was {
		changed = append(changed, name)
	}
	slices.Sort(changed)
	return changed
}

// folderNames lists folders for a log; the folder of rules for every store is written as a dot.
func folderNames(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	shown := slices.Clone(names[:min(len(names), maxFoldersLogged)])
	if shown[0] == "" {
		shown[0] = "."
	}
	text := strings.Join(shown, ", ")
	if more := len(names) - len(shown); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
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
func (k *keeper) rulebook() server.Rulebook { return k.set() }
