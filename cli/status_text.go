package cli

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"shopbell/document"
	"shopbell/engine"
	"shopbell/server"
)

// foldersShown is how many directories of rules a status lists one by one. Of more, it lists those that want a look.
const foldersShown = 20

// printStatus shows a status to people. Times are told by how long ago they were, by the server's own clock.
func printStatus(w io.Writer, s server.StatusForm) error {
	var b bytes.Buffer
	head := "ready"
	if !s.Ready {
		head = "NOT READY: " + strings.Join(s.Reasons, ", ")
	}
	fmt.Fprintf(&b, "%s\n  version  %s\n  ledger   %s\n", plain(head), plain(s.Version), plain(s.Ledger))
	if s.LedgerError != "" {
		fmt.Fprintf(&b, "           %s\n", plain(s.LedgerError))
	}
	fmt.Fprintf(&b, "  up       %s\n  work     %d waiting, %d under way\n  last     event %s, message %s\n", lasted(s.At.Sub(s.Started)),
		s.Queued, s.Working, ago(s.At, s.LastAccepted), ago(s.At, s.LastSent))
	names := engine.NodeNames(s.Nodes)
	printWarnings(&b, s)
	printNodes(&b, s, names)
	printFolders(&b, s.Nodes, names)
	printSources(&b, s)
	printAccounts(&b, s)
	printPlugins(&b, s)
	_, err := w.Write(b.Bytes())
	return err
}

// printWarnings tells first what somebody should do something about.
func printWarnings(w io.Writer, s server.StatusForm) {
	if len(s.Differences) > 0 || s.RuleProblems > 0 {
		fmt.Fprintln(w, "\nWARNING")
	}
	for _, sentence := range s.Differences {
		fmt.Fprintf(w, "  %s\n", plain(sentence))
	}
	if s.RuleProblems == 0 {
		return
	}
	fmt.Fprintf(w, "  %s in rule files. Their folders keep their last good rules, if they had any; shopbell check tells more:\n", counted(s.RuleProblems, "problem"))
	for _, p := range s.Problems {
		fmt.Fprintf(w, "    %s\n", plain(p.Error()))
	}
	if more := s.RuleProblems - len(s.Problems); more > 0 {
		fmt.Fprintf(w, "    and %d more\n", more)
	}
}

func table(w io.Writer, columns ...string) *tabwriter.Writer {
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row(t, columns...)
	return t
}

// row writes one line of a table.
func row(t *tabwriter.Writer, cells ...string) {
	for i, cell := range cells {
		cells[i] = plain(cmp.Or(cell, "-"))
	}
	fmt.Fprintln(t, strings.Join(cells, "\t"))
}

func printNodes(w io.Writer, s server.StatusForm, names []string) {
	t := table(w, "NODE", "ADDRESS", "STATE", "VERSION", "UP", "SEEN", "RULES", "REVISION", "PROBLEMS")
	for i, n := range s.Nodes {
		name, state, count := names[i], "alive", 0
		if n.ID == s.Node && len(s.Nodes) > 1 {
			name += " *"
		}
		switch {
		case n.Silent(s.At) > 0:
			state = "SILENT"
		case n.Stopping:
			state = "stopping"
		}
		for _, f := range n.Rules {
			count += f.Rules
		}
		row(t, name, n.Address, state, n.Version, lasted(s.At.Sub(n.Started)), ago(s.At, n.Seen), strconv.Itoa(count),
			shortRevision(count, n.Revision()), countOrNone(n.Problems()))
	}
	t.Flush()
	if len(s.Nodes) > 1 {
		fmt.Fprintln(w, "* answers; sources and accounts are shown as it has seen them")
	}
}

// printFolders shows the revisions of each directory of rules, and which nodes have them.
func printFolders(w io.Writer, nodes []engine.Node, names []string) {
	holders := holdersOf(nodes, names)
	many := len(holders) > foldersShown
	columns := []string{"FOLDER", "RULES", "REVISION", "PROBLEMS", "NODES"}
	if len(nodes) == 1 {
		columns = columns[:4]
	}
	t := table(w, columns...)
	left := 0
	for _, directory := range slices.Sorted(maps.Keys(holders)) {
		states := slices.SortedFunc(maps.Keys(holders[directory]), func(a, b engine.RuleFolder) int {
			return cmp.Or(cmp.Compare(holders[directory][a][0], holders[directory][b][0]), cmp.Compare(a.Revision, b.Revision))
		})
		first := states[0]
		if many && len(holders[directory][first]) == len(nodes) && first.Problems == 0 && directory != "" {
			left++
			continue
		}
		for _, f := range states {
			at := strings.Join(holders[directory][f], ", ")
			if len(holders[directory][f]) == len(nodes) {
				at = "all"
			}
			cells := []string{folderName(directory), strconv.Itoa(f.Rules), shortRevision(f.Rules, f.Revision), countOrNone(f.Problems), at}
			row(t, cells[:len(columns)]...)
		}
	}
	t.Flush()
	if left > 0 {
		fmt.Fprintf(w, "and %d more stores, whose rules are the same everywhere and have no problems\n", left)
	}
}

// holdersOf gives the names of the nodes that have a directory in a state.
func holdersOf(nodes []engine.Node, names []string) map[string]map[engine.RuleFolder][]string {
	holders := map[string]map[engine.RuleFolder][]string{}
	for i, n := range nodes {
		for _, f := range n.Rules {
			if holders[f.Directory] == nil {
				holders[f.Directory] = map[engine.RuleFolder][]string{}
			}
			holders[f.Directory][f] = append(holders[f.Directory][f], names[i])
		}
	}
	return holders
}

func folderName(directory string) string {
	if directory == "" {
		return "every store"
	}
	return "store " + directory
}

// shortRevision gives what is enough to compare; the hash of no rules means nothing to anybody.
func shortRevision(rules int, revision string) string {
	if rules == 0 {
		return ""
	}
	return engine.ShortRevision(revision)
}

func countOrNone(n int) string {
	if n == 0 {
		return "none"
	}
	return strconv.Itoa(n)
}

func printSources(w io.Writer, s server.StatusForm) {
	if len(s.Sources) == 0 {
		fmt.Fprintln(w, "\nno sources are configured")
		return
	}
	t := table(w, "SOURCE", "LAST TRUE EVENT", "LAST REFUSED", "LAST TROUBLE READING BACK")
	for _, source := range s.Sources {
		row(t, source.Name, ago(s.At, source.LastVerified), because(s.At, source.LastRefusal, source.RefusalReason),
			because(s.At, source.AttestErrorAt, source.LastAttestError))
	}
	t.Flush()
}

func printAccounts(w io.Writer, s server.StatusForm) {
	if len(s.Accounts) == 0 {
		fmt.Fprintln(w, "\nno accounts are configured")
		return
	}
	t := table(w, "ACCOUNT", "LAST SUCCESS", "LAST ERROR")
	for _, account := range s.Accounts {
		row(t, account.Name, ago(s.At, account.LastOK), because(s.At, account.ErrorAt, account.LastError))
	}
	t.Flush()
	for _, account := range s.Accounts {
		for _, shut := range account.Shut {
			fmt.Fprintln(w, shutText(account.Name, shut))
		}
	}
}

// shutText says that nothing goes through an account.
func shutText(account string, s server.ShutForm) string {
	to := account
	if s.Target != "" {
		to += " to " + s.Target
	}
	then := "it is tried again at "
	if s.Mend {
		then = "mend the account; one step is tried at "
	}
	return fmt.Sprintf("nothing is sent through %s since %s: %s; %s%s", to, clock(s.Since), s.Why, then, clock(s.Until))
}

// printPlugins tells of plugins, when there are any, and of what is wrong with their files.
func printPlugins(w io.Writer, s server.StatusForm) {
	if len(s.Plugins) == 0 {
		return
	}
	t := table(w, "PLUGIN", "REVISION", "STATE")
	for _, p := range s.Plugins {
		state := "in use"
		problems, _ := document.Split(p.Problems)
		switch {
		case len(problems) > 0 && p.InUse:
			state = "broken, the last good version is in use: " + problems[0].Error()
		case len(problems) > 0:
			state = "broken: " + problems[0].Error()
		}
		row(t, p.Name, p.Revision, state)
	}
	t.Flush()
}

// because says when something went wrong and why.
func because(now, t time.Time, why string) string {
	if t.IsZero() {
		return "never"
	}
	if why == "" {
		return ago(now, t)
	}
	return ago(now, t) + ": " + why
}

func ago(now, t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return lasted(now.Sub(t)) + " ago"
}

// lasted shows a length of time as people say it. One that lies ahead, by another clock, is none.
func lasted(d time.Duration) string {
	switch d = max(0, d); {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d days", d/(24*time.Hour))
}
