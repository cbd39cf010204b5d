package engine

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// What nodes may differ in before anybody is told.
const (
	maxSkew   = 10 * time.Second // of a clock
	maxSilent = 30 * time.Second // since a node last told that it is alive
	// What is told at most, for a farm may have many nodes and ten thousand stores.
	maxFoldersTold = 20
	maxNamesTold   = 5
)

// Differences tells, in plain sentences, where nodes that share a ledger are not alike, and which of them are not well:
// other rules, other versions, a clock that is off, no sign of life. None for nodes that are all alike. now is the time
// by the ledger's clock. Nodes that are stopping or silent are not compared with the others: they decide nothing more.
func Differences(nodes []Node, now time.Time) []string {
	nodes = slices.SortedFunc(slices.Values(nodes), func(a, b Node) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Address, b.Address), cmp.Compare(a.ID, b.ID))
	})
	names := NodeNames(nodes)
	var told []string
	var alive []namedNode
	for i, n := range nodes {
		silent := n.Silent(now)
		if silent > 0 {
			told = append(told, fmt.Sprintf("%s has given no sign of life for %s: it was killed, or it does not reach the ledger.", names[i], length(silent)))
		} else if n.Skew.Abs() > maxSkew {
			told = append(told, fmt.Sprintf("The clock of %s is %s %s the ledger's: have it set by NTP.", names[i], length(n.Skew.Abs()), aheadOf(n.Skew)))
		}
		if silent == 0 && !n.Stopping {
			alive = append(alive, namedNode{n, names[i]})
		}
	}
	told = append(told, versionsDiffer(alive)...)
	return append(told, rulesDiffer(alive)...)
}

// Silent tells how long a node has given no sign of life, by the ledger's clock; 0 while it gives them as it should.
func (n Node) Silent(now time.Time) time.Duration {
	if silent := now.Sub(n.Seen); silent > maxSilent {
		return silent
	}
	return 0
}

func aheadOf(skew time.Duration) string {
	if skew < 0 {
		return "behind"
	}
	return "ahead of"
}

// length shows a time as people say it.
func length(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%d h", d/time.Hour)
}

// namedNode is a node with a name that no other has.
type namedNode struct {
	Node
	name string
}

// NodeNames gives each node the shortest name that tells it from the others: several may run on one machine, and one
// that was killed may still be known after it was started again at the same address.
func NodeNames(nodes []Node) []string {
	plain := func(n Node) string { return cmp.Or(n.Name, "a node") }
	forms := []func(Node) string{
		plain,
		func(n Node) string { return plain(n) + " (" + n.Address + ")" },
		func(n Node) string { return plain(n) + " (" + n.Address + ", id " + n.ID + ")" },
	}
	names := make([]string, len(nodes))
	for i, n := range nodes {
		for _, form := range forms {
			names[i] = form(n)
			alike := 0
			for _, other := range nodes {
				if form(other) == names[i] {
					alike++
				}
			}
			if alike == 1 {
				break
			}
		}
	}
	return names
}

// A party is the nodes that say the same of something.
type party struct {
	says  string
	names []string
}

// parties gathers nodes by what they say, in the order of the first of each.
func parties(nodes []namedNode, says func(Node) string) []party {
	var list []party
	for _, n := range nodes {
		word := says(n.Node)
		i := slices.IndexFunc(list, func(p party) bool { return p.says == word })
		if i < 0 {
			list, i = append(list, party{says: word}), len(list)
		}
		list[i].names = append(list[i].names, n.name)
	}
	return list
}

func versionsDiffer(nodes []namedNode) []string {
	list := parties(nodes, func(n Node) string { return n.Version })
	if len(list) < 2 {
		return nil
	}
	return []string{"The versions differ: " + spell(list, "runs", "run") + "."}
}

// rulesDiffer compares each directory. One without rules is as good as none.
func rulesDiffer(nodes []namedNode) []string {
	var directories []string
	for _, n := range nodes {
		for _, f := range n.Rules {
			directories = append(directories, f.Directory)
		}
	}
	slices.Sort(directories)
	var told []string
	more := 0
	byName := folderTables(nodes)
	for _, d := range slices.Compact(directories) {
		revisions := parties(nodes, func(n Node) string { return inUse(byName[n.ID][d]) })
		switch {
		case len(revisions) < 2:
		case len(told) == maxFoldersTold:
			more++
		default:
			list := parties(nodes, func(n Node) string { return folderWords(byName[n.ID][d]) })
			told = append(told, "The rules for "+storeWords(d)+" differ: "+spell(list, "has", "have")+".")
		}
	}
	if more > 0 {
		told = append(told, fmt.Sprintf("The rules for %d more stores differ too.", more))
	}
	return told
}

// folderTables gives the directories of each node by its id and their names.
func folderTables(nodes []namedNode) map[string]map[string]RuleFolder {
	tables := make(map[string]map[string]RuleFolder, len(nodes))
	for _, n := range nodes {
		table := make(map[string]RuleFolder, len(n.Rules))
		for _, f := range n.Rules {
			table[f.Directory] = f
		}
		tables[n.ID] = table
	}
	return tables
}

// inUse gives what must be the same on every node.
func inUse(f RuleFolder) string {
	if f.Rules == 0 {
		return ""
	}
	return f.Revision
}

func folderWords(f RuleFolder) string {
	words := "none"
	switch {
	case f.Rules == 1:
		words = "1 rule, revision " + ShortRevision(f.Revision)
	case f.Rules > 1:
		words = fmt.Sprintf("%d rules, revision %s", f.Rules, ShortRevision(f.Revision))
	}
	switch {
	case f.Problems == 1:
		words += ", and 1 problem in its files"
	case f.Problems > 1:
		words += fmt.Sprintf(", and %d problems in its files", f.Problems)
	}
	return words
}

// ShortRevision cuts a hash to what is enough for people to compare.
func ShortRevision(revision string) string { return revision[:min(8, len(revision))] }

func storeWords(directory string) string {
	if directory == "" {
		return "every store"
	}
	return "store " + directory
}

// spell says what each party has: "web-1 and web-2 have 3, web-3 has none".
func spell(list []party, one, many string) string {
	clauses := make([]string, len(list))
	for i, p := range list {
		verb := one
		if len(p.names) > 1 {
			verb = many
		}
		clauses[i] = enumerate(p.names) + " " + verb + " " + p.says
	}
	return strings.Join(clauses, "; ")
}

func enumerate(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	if len(names) > maxNamesTold {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxNamesTold], ", "), len(names)-maxNamesTold)
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
