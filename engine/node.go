package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"shopbell/rules"
)

// A Node is one running program of those that share a ledger. It is a plain value; the ledger keeps it as JSON.
type Node struct {
	ID       string        `json:"id"`      // unique for every start of a program
	Name     string        `json:"name"`    // of the machine, for people
	Address  string        `json:"address"` // where it listens
	Version  string        `json:"version"`
	Started  time.Time     `json:"started"`
	Seen     time.Time     `json:"seen"` // when it last told that it is alive
	Stopping bool          `json:"stopping"`
	Skew     time.Duration `json:"skew_ns"` // how far its clock is ahead of the ledger's; 0 when the ledger has no clock of its own
	Rules    []RuleFolder  `json:"rules"`
	Limited  []string      `json:"limited"` // accounts with a limit that this node works for all, sorted
}

// A RuleFolder is one directory of rules as a node has loaded it.
type RuleFolder struct {
	Directory string `json:"directory"` // "" for rules of every store
	Revision  string `json:"revision"`  // hash of the rules in use
	Rules     int    `json:"rules"`
	Problems  int    `json:"problems"` // not warnings; the last good rules stay in use
}

// RuleFolders gives the directories of a set of rules as a [Node] tells them. It is never nil.
func RuleFolders(folders []rules.Folder) []RuleFolder {
	list := make([]RuleFolder, len(folders))
	for i, f := range folders {
		list[i] = RuleFolder(f)
	}
	return list
}

// Revision gives one hash over all rules that the node uses, 16 hex digits: the same on every node with the same rules.
// A directory without rules counts for nothing.
func (n Node) Revision() string {
	h := sha256.New()
	for _, f := range n.Rules {
		if f.Rules > 0 {
			fmt.Fprintf(h, "%d:%s%d:%s", len(f.Directory), f.Directory, len(f.Revision), f.Revision)
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// Problems counts what is wrong with the node's rule files, warnings left out.
func (n Node) Problems() int {
	sum := 0
	for _, f := range n.Rules {
		sum += f.Problems
	}
	return sum
}
