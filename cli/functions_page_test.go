package cli

import (
	"fmt"
	"strings"
	"testing"

	"shopbell/rules"
)

// TestFunctionsPage holds that docs/functions.md says what the declarations say, and that docs/rules.md names every
// function. With -update they are written anew.
func TestFunctionsPage(t *testing.T) {
	var b strings.Builder
	b.WriteString(functionsHead)
	var short strings.Builder
	b.WriteString("\n## Shopbell's own functions\n")
	functionList(&b, &short, rules.Functions())
	b.WriteString("\n## Functions of expr\n\nThey come with the language. What is not on this page does not exist in rules: there is no `now()`, so that a rule says the\nsame when it is asked again.\n")
	functionList(&b, &short, append(rules.Builtins(), rules.Methods()...))
	b.WriteString(nilHead)
	for _, f := range append(rules.Functions(), rules.Builtins()...) {
		var gives []string
		for _, n := range f.Nils() {
			gives = append(gives, strings.Join(n.Arguments, ", ")+": "+n.Gives)
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", f.Name, strings.Join(gives, "; "))
	}
	same(t, "../docs/functions.md", b.String())
	same(t, "../docs/rules.md", fill(t, read(t, "../docs/rules.md"), "functions", short.String()))
}

const functionsHead = `# Functions

Made from the declarations of the functions; every example is run by a test, in a store in Berlin that sells in euros, in
English. Functions can be chained: ` + "`order.items | map(.name) | join(\", \")`" + ` is ` + "`join(map(order.items, .name), \", \")`" + `.

None of them asks a clock, the network or the machine that it runs on: the same rule on the same event always gives the
same. What is relative is relative to the event: ` + "`daysBetween(order.createDate, event.created)`" + `.

An argument of another form than the function wants is an error that says so; text is never taken for a number, nor a
number for text. Sizes are bounded: a text of more than 1 MB, or work that would take longer than about 50 ms, is an error.
`

const nilHead = `
## Nil

A function that is given nothing where it needs something is an error, which names the part that is empty; the rule's
verdict is *error*, never silently true or false. Say what to take instead: ` + "`money(order.tip ?? 0)`, `default(order.note, \"none\")`" + `.
An optional argument that is nil counts as left out. The exceptions are in this table, and there are no others.

| function | what nil gives, by argument |
|---|---|
`

// functionList writes each function with its examples, and a line for each group into the short list.
func functionList(page, short *strings.Builder, all []rules.Function) {
	group := ""
	for _, f := range all {
		if f.Group != group {
			group = f.Group
			fmt.Fprintf(page, "\n### %s\n", group)
			if short.Len() > 0 {
				short.WriteString("\n")
			}
			fmt.Fprintf(short, "- %s:", group)
		} else {
			short.WriteString(",")
		}
		fmt.Fprintf(short, " `%s`", f.Name)
		fmt.Fprintf(page, "\n#### `%s`\n\n%s\n\n", f.Signature, strings.NewReplacer("<", "&lt;", "*", "\\*").Replace(f.Doc))
		for _, e := range f.Examples {
			fmt.Fprintf(page, "- `%s` gives `%s`\n", e.Code, strings.ReplaceAll(e.Gives, "\n", `\n`))
		}
	}
	short.WriteString("\n")
}
