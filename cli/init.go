package cli

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"shopbell/rules"
)

//go:embed starter
var starter embed.FS

// A starterFile is one file that init writes.
type starterFile struct {
	path string // below the folder
	text func() ([]byte, error)
	mode fs.FileMode
}

func embedded(name string) func() ([]byte, error) {
	return func() ([]byte, error) { return starter.ReadFile("starter/" + name) }
}

// starterFiles lists what init writes, the secrets first, for the config names them.
func starterFiles() []starterFile {
	random := func() ([]byte, error) { return []byte(newID() + "\n"), nil }
	return []starterFile{
		{"secrets/ecwid-client-secret", random, 0o600},
		{"secrets/ecwid-token", func() ([]byte, error) { return []byte("secret_put-the-real-one-here\n"), nil }, 0o600},
		{"rules/first.yaml", embedded("first.yaml"), 0o644},
		{"rules/rules.schema.json", func() ([]byte, error) { return rules.Schema(defaultWorld()), nil }, 0o644},
		{".gitignore", embedded("gitignore"), 0o644},
		{"shopbell.yaml", embedded("shopbell.yaml"), 0o644},
	}
}

func (p *program) init() *cobra.Command {
	var list bool
	var chosen []string
	c := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Write a first config, a first rule, and recipes for more",
		Long: `Write a commented shopbell.yaml, a folder of rules with a first one, the schema for editors, a .gitignore, and a folder
of secrets with placeholders. Beside them comes a folder of recipes: rules for what stores want most often, each with what to
change at its top, and with tests. They lie outside of the rules folder, so they do nothing there.

--recipes lists them. --recipe writes one into the rules folder; it is in shadow, and sends nothing before you remove the line
"mode: shadow" from it. The templates that it uses are written into the folder templates there.

A file that is there already is never touched.`,
		Example: "  shopbell init myshop\n  cd myshop && shopbell check && shopbell serve\n  shopbell init --recipes\n  shopbell init myshop --recipe low-stock,shipped",
		Args:    between(0, 1),
	}
	c.Flags().BoolVar(&list, "recipes", false, "list the recipes, and write nothing")
	c.Flags().StringSliceVar(&chosen, "recipe", nil, "write these recipes into the rules folder of DIR, and nothing else")
	c.RunE = func(_ *cobra.Command, args []string) error {
		dir := "."
		if len(args) > 0 {
			dir = args[0]
		}
		switch {
		case list:
			return p.listRecipes()
		case len(chosen) > 0:
			return p.writeRecipes(dir, chosen)
		}
		return p.writeStarter(dir)
	}
	return c
}

func (p *program) writeStarter(dir string) error {
	for _, f := range starterFiles() {
		word, err := f.write(dir)
		if err != nil {
			return failed("cannot write the first files: %w", err)
		}
		fmt.Fprintf(p.stdout, "%s %s\n", word, filepath.Join(dir, f.path))
	}
	if err := p.writeLibrary(dir); err != nil {
		return err
	}
	fmt.Fprintln(p.stdout, "Next: put the secrets of your app into secrets/, the id of your store into shopbell.yaml, and run: shopbell check")
	return nil
}

// What became of a file, as wide as one another.
const (
	wroteFile = "wrote"
	keptFile  = "kept "
)

// write makes the file unless it is there, and says which.
func (f starterFile) write(dir string) (string, error) {
	path := filepath.Join(dir, filepath.FromSlash(f.path))
	folder := fs.FileMode(0o755)
	if f.mode == 0o600 {
		folder = 0o700
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), folder); err != nil {
		return "", err
	}
	text, err := f.text()
	if err != nil {
		return "", err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.mode)
	if errors.Is(err, fs.ErrExist) {
		return keptFile, nil
	}
	if err != nil {
		return "", err
	}
	_, err = file.Write(text)
	return wroteFile, errors.Join(err, file.Close())
}
