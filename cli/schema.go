package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"shopbell/rules"
)

func (p *program) schema() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of rule files",
		Long: `Print the JSON Schema of rule files, for completion and checks in an editor. It knows every key, every action and
its parameters; with a config, also the names of its accounts. Rule files point to it with their first line:

  # yaml-language-server: $schema=./rules.schema.json`,
		Example: "  shopbell schema --out rules/rules.schema.json",
		Args:    none,
	}
	c.Flags().StringVarP(&out, "out", "o", "", "write to this file instead of standard output")
	c.RunE = func(*cobra.Command, []string) error {
		w, _, err := p.worldOrDefault()
		if err != nil {
			return err
		}
		text := rules.Schema(w)
		if out == "" {
			_, err = p.stdout.Write(text)
		} else {
			err = os.WriteFile(out, text, 0o644)
		}
		if err != nil {
			return failed("the schema cannot be written: %w", err)
		}
		if out != "" {
			fmt.Fprintf(p.stdout, "wrote %s\n", out)
		}
		return nil
	}
	return c
}
