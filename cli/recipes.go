package cli

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"text/tabwriter"

	"shopbell/document"
	"shopbell/rules/recipes"
)

// recipeFile is a recipe as a file in a folder.
func recipeFile(folder string, r recipes.Recipe) starterFile {
	return starterFile{folder + "/" + r.Name + ".yaml", func() ([]byte, error) { return r.Text, nil }, 0o644}
}

// recipeTemplates are the files that a recipe brings, where its rules find them.
func recipeTemplates(folder string, r recipes.Recipe) (list []starterFile) {
	for _, name := range slices.Sorted(maps.Keys(r.Files)) {
		list = append(list, starterFile{folder + "/" + name, func() ([]byte, error) { return []byte(r.Files[name]), nil }, 0o644})
	}
	return list
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
		for _, f := range recipeTemplates("rules", r) { // first, so that a server which looks on never sees a rule without them
			word, err := f.write(dir)
			if err != nil {
				return failed("cannot write what the recipe %s brings: %w", r.Name, err)
			}
			fmt.Fprintf(p.stdout, "%s %s\n", word, filepath.Join(dir, f.path))
			if word == keptFile {
				fmt.Fprintf(p.stdout, "      it was there already, and %s uses it as it is\n", r.Name)
			}
		}
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
	count, brought := map[string]int{}, map[string]int{}
	for _, r := range recipes.All() {
		for _, f := range append(recipeTemplates("recipes", r), recipeFile("recipes", r)) {
			word, err := f.write(dir)
			if err != nil {
				return failed("cannot write the recipes: %w", err)
			}
			if filepath.Ext(f.path) == ".yaml" {
				count[word]++
			} else {
				brought[word]++
			}
		}
	}
	for _, word := range []string{wroteFile, keptFile} {
		if count[word] > 0 {
			fmt.Fprintf(p.stdout, "%s %s (%s)\n", word, filepath.Join(dir, "recipes", "*.yaml"), counted(count[word], "recipe"))
		}
		if brought[word] > 0 {
			fmt.Fprintf(p.stdout, "%s %s (%s of recipes)\n", word, filepath.Join(dir, "recipes", "templates"), counted(brought[word], "file"))
		}
	}
	return nil
}
