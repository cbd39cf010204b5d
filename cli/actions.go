package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"shopbell/actions"
	"shopbell/config"
	"shopbell/document"
	"shopbell/shape"
)

func (p *program) actions() *cobra.Command {
	return &cobra.Command{
		Use:     "actions [NAME]",
		Short:   "List the actions, or tell all about one",
		Long:    "List the actions that a rule's steps can use; with a name, tell its parameters, its account and what may come of it.",
		Example: "  shopbell actions\n  shopbell actions email",
		Args:    between(0, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			all := config.Kinds{Actions: p.known()}
			if len(args) == 0 {
				listActions(p.stdout, all.Actions)
				return nil
			}
			i := slices.IndexFunc(all.Actions, func(k *actions.Kind) bool { return k.Name == args[0] })
			if i < 0 {
				return hinted("there is no action "+fmt.Sprintf("%q", args[0]), document.DidYouMean(args[0], all.ActionNames()))
			}
			_, err := io.WriteString(p.stdout, describe(all.Actions[i]))
			return err
		},
	}
}

// hinted joins a message and a hint that may be empty.
func hinted(message, hint string) error {
	if hint != "" {
		message += ". " + hint
	}
	return fmt.Errorf("%s", message)
}

func listActions(w io.Writer, all []*actions.Kind) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, k := range all {
		fmt.Fprintf(t, "%s\t%s\n", k.Name, k.Summary)
	}
	t.Flush()
	fmt.Fprintln(w, "\nRun \"shopbell actions NAME\" for the parameters of one.")
}

// describe tells all about one action, in Markdown that reads well in a terminal; the pages below docs/actions are made of it.
func describe(k *actions.Kind) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n%s.\n\n", k.Name, k.Summary)
	if k.Doc != "" {
		fmt.Fprintf(&b, "%s\n\n", strings.TrimSpace(k.Doc))
	}
	fmt.Fprintf(&b, "```yaml\n%s\n```\n\n", strings.TrimSpace(k.Example))
	fields(&b, "Parameters", k.Params)
	switch {
	case len(k.Account.Fields()) == 0:
		b.WriteString("It needs no account.\n\n")
	case k.NoAccount:
		fields(&b, "Account (it works without one, too)", k.Account)
	default:
		fields(&b, "Account", k.Account)
	}
	if k.Result != nil {
		fields(&b, "Result (`steps.<id>` in later steps)", k.Result)
	}
	switch {
	case k.ByStep:
		b.WriteString("Whether a try whose outcome is unknown is repeated depends on the step: one that may be is tried again, and another is held, for a person to decide.\n")
	case k.Idempotent:
		b.WriteString("A try whose outcome is unknown is repeated: the receiver tells that it is the same, or a second one does little harm.\n")
	default:
		b.WriteString("A try whose outcome is unknown is not repeated: the run is held, for a person to decide.\n")
	}
	if len(k.Causes) > 0 {
		fmt.Fprintf(&b, "It brings about the events %s.\n", strings.Join(k.Causes, ", "))
	}
	return b.String()
}

func fields(b *strings.Builder, title string, s *shape.Shape) {
	if len(s.Fields()) == 0 {
		return
	}
	fmt.Fprintf(b, "%s:\n\n| key | type | |\n|---|---|---|\n", title)
	rows(b, "", s.Fields())
	b.WriteString("\n")
}

func rows(b *strings.Builder, above string, list []shape.Field) {
	for _, f := range list {
		kind := f.Type
		if f.Required {
			kind += ", required"
		}
		if f.Secret {
			kind += ", secret"
		}
		doc := f.Doc
		if len(f.Values) > 0 {
			doc += " One of: " + strings.Join(f.Values, ", ") + "."
		}
		if f.Default != "" {
			doc += " Default: " + f.Default + "."
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", above+f.Name, kind, strings.ReplaceAll(doc, "|", "\\|"))
		rows(b, above+f.Name+".", f.Fields)
		if f.Elem != nil {
			rows(b, above+f.Name+"[].", f.Elem.Fields)
		}
	}
}
