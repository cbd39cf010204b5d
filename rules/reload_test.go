package rules_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"shopbell/document"
	"shopbell/rules"
)

// said gives all that one can ask of a set.
func said(s *rules.Set) string {
	var b strings.Builder
	for _, d := range s.Directories() {
		fmt.Fprintf(&b, "%+v\n", d)
	}
	fmt.Fprintln(&b, s.Problems(), s.Revision(), s.Folders())
	for _, r := range s.Rules() {
		fmt.Fprintln(&b, r.ID(), r.Revision, r.File, r.Line)
	}
	for _, source := range []string{"ecwid", "billing"} {
		for _, store := range []string{"1003", "1004", "acct-1"} {
			for _, typ := range []string{"order.created", "order.updated", "cart.created", "invoice.paid", "new.type"} {
				fmt.Fprintln(&b, source, store, typ, s.Need(source, store, typ))
				in := input(typ, order(nil), nil)
				in.Event.Source, in.Event.Store = source, store
				for _, d := range s.Match(in) {
					fmt.Fprintln(&b, d.Rule.ID(), d.Verdict, d.Once, d.Err)
				}
			}
		}
	}
	return b.String()
}

// randomRule writes one for the top or for a store's directory. Now and then its name is one that others have.
func randomRule(random *rand.Rand, top bool) string {
	when := []string{"order.created", "[order.created, order.updated]", "cart.created", "billing:*", "billing:new.*"}[random.IntN(5)]
	condition := []string{"'event.data.total == 250'", "event.data.total > 5", `'event.data.paymentStatus == "PAID"'`, `'event.data.paymentStatus == "x"'`, "event.data.no > 5", "true", "event.self"}[random.IntN(7)]
	store := []string{"", "", "store: 1003, ", "store: [1004, 1003], "}[random.IntN(4)]
	if strings.HasPrefix(when, "billing") || !top {
		store = ""
	}
	name := random.IntN(1_000_000)
	if random.IntN(150) == 0 {
		name = random.IntN(3)
	}
	return fmt.Sprintf("  - { name: r%d, when: %s, %sif: %s, then: [ log: { message: x } ] }\n", name, when, store, condition)
}

// However files come, change, break and go, a set that was made from an earlier one is the same as one made anew.
func TestReloadIsLoad(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 8))
	files := fstest.MapFS{}
	write := func(name string) {
		text := "rules:\n"
		for range random.IntN(6) {
			text += randomRule(random, !strings.Contains(name, "/"))
		}
		if random.IntN(150) == 0 {
			text += "  - {}\n"
		}
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	w := world()
	open := *w.Sources["billing"].Catalog
	open.Any = &open.Types[0]
	w.Sources["billing"] = rules.Origin{Kind: "signed", Catalog: &open, Stores: []string{"acct-1"}}
	name := func() string {
		return []string{"", "", "", "1003/", "1004/"}[random.IntN(5)] + fmt.Sprintf("f%02d.yaml", random.IntN(40))
	}
	for range 60 {
		write(name())
	}
	var kept, anew, told *rules.Set
	var changed []string
	reused, broken, steps := 0, 0, 40
	if slow > 1 {
		steps = 12 // the race detector makes them slow, and they are all alike
	}
	for step := range steps {
		before := kept
		kept, anew = rules.LoadFS(files, w, kept), rules.LoadFS(files, w, anew.Unkept())
		if got, want := said(kept), said(anew); got != want {
			t.Fatalf("step %d:\n%s\nwant\n%s", step, got, want)
		}
		told = rules.LoadFoldersFS(files, w, told, changed)
		if got, want := said(told), said(anew); got != want {
			t.Fatalf("step %d, with changes in %q:\n%s\nwant\n%s", step, changed, got, want)
		}
		changed = nil
		if again := rules.LoadFS(files, w, nil); len(again.Problems()) == 0 && said(again) != said(kept) {
			t.Fatalf("step %d: another load says otherwise", step)
		}
		if before != nil && len(before.Rules()) > 0 && slices.Contains(kept.Rules(), before.Rules()[0]) {
			reused++
		}
		for _, d := range kept.Directories() {
			if d.Broken {
				broken++
			}
		}
		for range 1 + random.IntN(3) {
			n := name()
			changed = append(changed, strings.TrimSuffix(n[:len(n)-len("f00.yaml")], "/"))
			switch random.IntN(4) {
			case 0:
				delete(files, n)
			default:
				write(n)
			}
		}
		if step%15 == 14 { // now and then much changes
			for range 60 {
				write(name())
			}
			changed = []string{"", "1003", "1004"}
		}
	}
	if reused < steps/4 || slow == 1 && broken < 5 || broken > 3*steps {
		t.Errorf("rules were kept in %d steps, and %d times a directory was broken: that tests little", reused, broken)
	}
}

// What a rule was checked against may change while its file stays.
func TestReloadSeesTheWorld(t *testing.T) {
	files := fstest.MapFS{"a.yaml": {Data: []byte(named("a"))}, "1004/b.yaml": {Data: []byte(named("b"))}}
	w := world()
	first := rules.LoadFS(files, w, nil)
	if again := rules.LoadFS(files, w, first); again.Rules()[0] != first.Rules()[0] {
		t.Error("a rule of an unchanged file was made again")
	}
	delete(w.Actions, "log")
	second := rules.LoadFS(files, w, first)
	if len(second.Problems()) == 0 {
		t.Error("the action that the rules use has gone, and there is no problem")
	}
	w = world()
	w.Sources["ecwid"] = rules.Origin{Kind: "ecwid", Catalog: w.Sources["ecwid"].Catalog, ReadsBack: true, Stores: []string{"1003"}}
	if third := rules.LoadFS(files, w, second); !strings.Contains(fmt.Sprint(third.Problems()), `no source has a store "1004"`) {
		t.Errorf("the store has gone, and problems are %v", third.Problems())
	}
}

// A name that another file has is told at its place, whichever of the two files changed.
func TestReloadFindsNamesGivenTwice(t *testing.T) {
	files := fstest.MapFS{}
	for i := range 30 {
		files[fmt.Sprintf("f%02d.yaml", i)] = &fstest.MapFile{Data: []byte(named(fmt.Sprintf("r%d", i)))}
	}
	s := rules.LoadFS(files, world(), nil)
	for _, test := range [][2]string{{"f03.yaml", "f17.yaml:2:13: a rule named \"r17\" exists already"}, {"f20.yaml", "f20.yaml:2:13: a rule named \"r17\" exists already"}} {
		old := files[test[0]]
		files[test[0]] = &fstest.MapFile{Data: []byte(named("r17"))}
		s = rules.LoadFS(files, world(), s)
		if got := fmt.Sprint(s.Problems()); !strings.Contains(got, test[1]) {
			t.Errorf("%s: %s", test[0], got)
		}
		files[test[0]] = old
		s = rules.LoadFS(files, world(), s)
		if stop, _ := document.Split(s.Problems()); len(stop) > 0 || len(s.Rules()) != 30 {
			t.Errorf("put right, there are %d rules and %v", len(s.Rules()), stop)
		}
	}
}

// Where a file is a link, what has changed in one directory may be what another one has.
func TestReloadFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "1003"), 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "base.yaml"), named("a"))
	if err := os.Symlink("../base.yaml", filepath.Join(dir, "1003", "own.yaml")); err != nil {
		t.Fatal(err)
	}
	s := rules.Load(dir, world(), nil)
	for _, name := range []string{"b", "c"} {
		writeFile(t, filepath.Join(dir, "base.yaml"), named(name))
		s = rules.LoadFolders(dir, world(), s, []string{""})
	}
	if len(s.Rules()) != 2 || s.Rules()[0].ID() != "c" || s.Rules()[1].ID() != "1003/c" {
		t.Errorf("%d rules, problems %v", len(s.Rules()), s.Problems())
	}
}
