package upkeep

import (
	"fmt"
	"maps"
	"slices"
)

// Totals are counts of what a ledger holds, by what is counted: "events planned", "runs due", "snapshots". What there is
// none of is left out.
type Totals map[string]int64

// The names of some totals. Events and runs are counted by their states, counts by what they count.
const (
	TotalEvents    = "events "
	TotalRuns      = "runs "
	TotalCounts    = "count of "
	TotalSnapshots = "snapshots"
	TotalRevisions = "revisions"
	TotalMemos     = "memos"
	TotalClaims    = "claims"
	TotalLastEvent = "highest number of an event"
	TotalLastRun   = "highest number of a run"
	TotalTries     = "tries of events"
	TotalReplays   = "replays of events"
	TotalRunTries  = "tries of runs"
	TotalSteps     = "steps of runs"
)

// Add adds n, unless it is none.
func (t Totals) Add(what string, n int64) {
	if n != 0 {
		t[what] += n
	}
}

// Pieces is how many events and runs there are.
func (t Totals) Pieces() (n int64) {
	for what, count := range t {
		if isState(what) {
			n += count
		}
	}
	return n
}

func isState(what string) bool {
	for _, begin := range []string{TotalEvents, TotalRuns} {
		if len(what) > len(begin) && what[:len(begin)] == begin {
			return true
		}
	}
	return false
}

// Names gives what is counted, sorted.
func (t Totals) Names() []string { return slices.Sorted(maps.Keys(t)) }

// Differences says where two ledgers do not agree, a line each, sorted; none when they do.
func (t Totals) Differences(other Totals) []string {
	all := maps.Clone(t)
	maps.Copy(all, other)
	var lines []string
	for _, what := range all.Names() {
		if t[what] != other[what] {
			lines = append(lines, fmt.Sprintf("%s: %d and %d", what, t[what], other[what]))
		}
	}
	return lines
}
