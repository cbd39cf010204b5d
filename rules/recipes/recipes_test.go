package recipes_test

import (
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"shopbell/rules/recipes"
)

func TestFind(t *testing.T) {
	names := recipes.Names()
	if !slices.IsSorted(names) || len(names) != len(recipes.All()) {
		t.Errorf("names %q", names)
	}
	for _, name := range names {
		if r, ok := recipes.Find(name); !ok || r.Name != name || len(r.Text) == 0 {
			t.Errorf("%s: %v, %+v", name, ok, r)
		}
	}
	for _, name := range []string{"", "low", "low-stock.yaml", "../recipes"} {
		if r, ok := recipes.Find(name); ok {
			t.Errorf("%q is %+v", name, r)
		}
	}
}

// What stands at the top of a file is taken apart, paragraphs of several lines too.
func TestWords(t *testing.T) {
	r, ok := recipes.Find("cart-left")
	if !ok {
		t.Fatal("the recipe is gone")
	}
	want := recipes.Recipe{
		Name:  "cart-left",
		Title: "A full cart stands at the payment page",
		About: "Sales hear of a cart of 150 or more whose customer has gone to the payment page and has not paid. The platform tells of it at " +
			"once, so some of them pay a minute later: it is a hint for those who help customers on the telephone or in the chat.",
		Needs:  "an account for slack.",
		Change: "the channel, and 150. Do not write to the customer from this rule: that wants a few hours of waiting, and consent.",
	}
	r.Text = nil
	if r.Name != want.Name || r.Title != want.Title || r.About != want.About || r.Needs != want.Needs || r.Change != want.Change || r.Consent != want.Consent {
		t.Errorf("got  %+v\nwant %+v", r, want)
	}
}

// What a recipe brings is named in it, is there, and no file lies there for nobody.
func TestBrought(t *testing.T) {
	named := map[string]bool{}
	for _, r := range recipes.All() {
		for name, text := range r.Files {
			named[name] = true
			if text == "" || !strings.HasPrefix(name, "templates/") {
				t.Errorf("%s brings %q with %d bytes", r.Name, name, len(text))
			}
		}
	}
	there := map[string]bool{}
	err := fs.WalkDir(os.DirFS("."), "templates", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			there[path] = true
		}
		return err
	})
	if err != nil || len(there) == 0 || !maps.Equal(named, there) {
		t.Errorf("recipes bring %v, and there are %v (%v)", named, there, err)
	}
}
