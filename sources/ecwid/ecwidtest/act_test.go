package ecwidtest_test

import (
	"slices"
	"testing"

	"shopbell/event"
	"shopbell/sources/ecwid"
	"shopbell/sources/ecwid/ecwidtest"
)

// TestThereIsAnActForEveryEventType holds that each act sends its event, that reading it back agrees, in a full store and in an empty one.
func TestThereIsAnActForEveryEventType(t *testing.T) {
	var names []string
	for _, act := range ecwidtest.Acts() {
		names = append(names, act.Type)
		if act.Title == "" {
			t.Errorf("%s has no title", act.Type)
		}
	}
	want := ecwid.Catalog().Names()
	slices.Sort(names)
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Fatalf("acts %q\nwant %q", names, want)
	}
	for _, empty := range []bool{false, true} {
		var sent []ecwidtest.Notice
		store := ecwidtest.New(ecwidtest.Options{Empty: empty, Send: func(n ecwidtest.Notice) { sent = append(sent, n) }})
		source := connect(t, store)
		for _, name := range slices.Concat(names, names) {
			if name == "application.uninstalled" {
				continue // of which nothing can be read back
			}
			sent = nil
			if err := store.Act(name); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			i := slices.IndexFunc(sent, func(n ecwidtest.Notice) bool { return n.Type == name })
			if i < 0 {
				t.Fatalf("%s sent %+v", name, sent)
			}
			known, _ := ecwid.Catalog().Lookup(name)
			r, err := source.Attest(t.Context(), arrive(t, source, sent[i]))
			if err != nil || r.Stale != "" || known.Readable && r.Gone != (known.Change == event.Deleted) {
				t.Errorf("%s: %+v, %v", name, r, err)
			}
		}
		if err := store.Act("nothing.happened"); err == nil {
			t.Error("an act that is not known was done")
		}
	}
}

func TestUninstallMakesTheTokenDead(t *testing.T) {
	b := setup(t, ecwidtest.Options{})
	if err := b.Act("application.uninstalled"); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := b.get("profile", ""); status != 403 {
		t.Errorf("after uninstall: %d", status)
	}
	if err := b.Act("application.installed"); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := b.get("profile", ""); status != 200 {
		t.Errorf("after install: %d", status)
	}
	if got := b.types(); !slices.Equal(got, []string{"application.uninstalled", "application.installed"}) {
		t.Errorf("sent %q", got)
	}
}
