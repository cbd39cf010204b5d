package cli

import (
	"fmt"
	"path/filepath"
	"text/tabwriter"

	"shopbell/document"
	"shopbell/rules/recipes"
)

// recipeFile is a recipe as a file in a folder.
func recipeFile(folder string, r recipes.Recipe) starterFile {
	return starterFile{folder + "/" + r.Name + ".yaml", func() ([]byte, error) { return r.Text, nil }, 0o644}
}

// listRecipes prints what there is.
func (p *program) listRecipes() error {
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, r := range recipes.All() {
		fmt.Fprintf(w, "%s\t%s\n", r.Name, r.Title)
	}
	if err := w.Flush(); err != nil {
		return &failure{err}
	}
	fmt.Fprintln(p.stdout, "\nWrite one into the rules of a shop: shopbell init --recipe NAME [DIR]")
	return nil
}

// writeRecipes puts recipes into the rules folder, all that are named or none.
func (p *program) writeRecipes(dir string, names []string) error {
	var chosen []recipes.Recipe
	for _, name := range names {
		r, ok := recipes.Find(name)
		if !ok {
			hint := document.DidYouMean(name, recipes.Names())
			if hint == "" {
				hint = "List them with: shopbell init --recipes"
			}
			return fmt.Errorf("there is no recipe %q; nothing was written. %s", name, hint)
		}
		chosen = append(chosen, r)
	}
	for _, r := range chosen {
		f := recipeFile("rules", r)
		word, err := f.write(dir)
		if err != nil {
			return failed("cannot write the recipe %s: %w", r.Name, err)
		}
		fmt.Fprintf(p.stdout, "%s %s\n      needs: %s\n      change: %s\n", word, filepath.Join(dir, f.path), r.Needs, r.Change)
	}
	fmt.Fprintln(p.stdout, "Next: make the changes, and run: shopbell check && shopbell test    It sends nothing before you remove \"mode: shadow\".")
	return nil
}

// writeLibrary writes every recipe beside the rules folder, where it does nothing.
func (p *program) writeLibrary(dir string) error {
	count := map[string]int{}
	for _, r := range recipes.All() {
		word, err := recipeFile("recipes", r).write(dir)
		if err != nil {
			return failed("cannot write the recipes: %w", err)
		}
		count[word]++
	}
	for _, word := range []string{"wrote", "kept "} {
		if count[word] > 0 {
			fmt.Fprintf(p.stdout, "%s %s (%s)\n", word, filepath.Join(dir, "recipes", "*.yaml"), counted(count[word], "recipe"))
		}
	}
	return nil
}
