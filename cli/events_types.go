package cli

import (
	"fmt"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"shopbell/event"
)

// A typeForm is an event type as `shopbell events types --json` prints it.
type typeForm struct {
	Source  string   `json:"source"` // its name in the config, or the kind when there is no config
	Type    string   `json:"type"`
	Aliases []string `json:"aliases,omitempty"`
	Scope   string   `json:"scope,omitempty"`
	Noun    string   `json:"noun,omitempty"`
	Doc     string   `json:"doc"`
}

func (p *program) eventTypes() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "types [SOURCE]",
		Short: "List the event types that rules can listen to",
		Long: `List every event type of the config's sources, or of every platform when there is no config: what happens, under which name
rules see the entity, and which access the platform demands for it.`,
		Example: "  shopbell events types\n  shopbell events types ecwid --json",
		Args:    between(0, 1),
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.RunE = func(_ *cobra.Command, args []string) error {
		world, _, err := p.worldOrDefault()
		if err != nil {
			return err
		}
		var list []typeForm
		for _, name := range slices.Sorted(maps.Keys(world.Sources)) {
			if catalog := world.Sources[name].Catalog; catalog != nil && (len(args) == 0 || args[0] == name) {
				list = append(list, typeForms(name, catalog)...)
			}
		}
		if len(list) == 0 && len(args) == 1 {
			return failed("there is no source %q with event types", args[0])
		}
		if asJSON {
			return printJSON(p.stdout, list)
		}
		t := tabwriter.NewWriter(p.stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(t, "SOURCE\tTYPE\tENTITY\tNEEDS\tWHEN IT HAPPENS")
		for _, f := range list {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", f.Source, f.Type, orDash(f.Noun), orDash(f.Scope), f.Doc)
		}
		return t.Flush()
	}
	return c
}

func typeForms(source string, catalog *event.Catalog) []typeForm {
	var list []typeForm
	for _, t := range catalog.Types {
		f := typeForm{Source: source, Type: t.Name, Aliases: slices.Clone(t.Aliases), Scope: t.Scope, Doc: t.Doc}
		if t.Readable {
			f.Noun = t.Noun
		}
		list = append(list, f)
	}
	if catalog.Any != nil {
		list = append(list, typeForm{Source: source, Type: "any other", Doc: catalog.Any.Doc})
	}
	return list
}
