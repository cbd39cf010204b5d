package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"

	"shopbell/document"
)

// A writing is what is wrong with an argument that a rule writes out, and a hint. Both are empty when nothing is.
type writing struct{ message, hint string }

// asWritten checks the arguments of a call that are texts written out in the rule, so that a mistake in them is a
// problem at load.
func (c *examiner) asWritten(f *Function, nodes []ast.Node, kinds []*kind) {
	names := f.arguments()
	for i, node := range nodes {
		name := names[min(i, len(names)-1)]
		s, ok := node.(*ast.StringNode)
		if !ok {
			if moments(name) && kinds[i].known() && !slices.Contains([]form{text, number, moment}, kinds[i].form) {
				c.wrong(node, fmt.Sprintf("%s wants a time here, and %s is %s", f.Name, source(node), kinds[i].form), "")
			}
			continue
		}
		var w writing
		switch name {
		case "currency":
			_, err := currencyOf([]any{nil, s.Value}, "")
			w = wrongly(err)
		case "language":
			_, err := languageOf([]any{s.Value}, 0, "")
			w = wrongly(err)
		case "country":
			if len(s.Value) != 2 {
				w = writing{quotedText(s.Value) + " is not a country", "Write its two letters, such as \"DE\"."}
			}
		case "layout":
			w = layoutWritten(s.Value)
		case "field", "names":
			w = fieldWritten(s.Value, kinds[0])
		}
		if moments(name) {
			if _, err := timeOf(f.Name, s.Value, time.UTC); err != nil && strings.HasSuffix(err.Error(), " is not a time") && !(f.Name == "date" && len(nodes) > 1) {
				w = writing{message: err.Error(), hint: "Write it as in \"2026-11-20 15:04\"."}
			}
		}
		if w.message != "" {
			c.wrong(node, w.message, w.hint)
		}
	}
}

// moments tells of an argument that is a time.
func moments(name string) bool { return slices.Contains([]string{"time", "than", "from", "to"}, name) }

func wrongly(err error) writing {
	if err == nil {
		return writing{}
	}
	return writing{message: err.Error()}
}

// layoutWritten finds a layout that has nothing of a time in it, such as one in the letters of other languages.
func layoutWritten(layout string) writing {
	sample := time.Date(1987, 10, 23, 20, 39, 48, 0, time.UTC)
	if layout == "" || sample.Format(layout) != layout {
		return writing{}
	}
	ours := strings.NewReplacer(
		"YYYY", "2006", "yyyy", "2006", "YY", "06", "yy", "06", "MMMM", "January", "MMM", "Jan", "MM", "01", "DD", "02", "dd", "02",
		"HH", "15", "hh", "03", "mm", "04", "ss", "05", "EEEE", "Monday", "%Y", "2006", "%m", "01", "%d", "02", "%H", "15", "%M", "04",
	).Replace(layout)
	hint := "A layout is an example of Monday, 2 January 2006, 15:04:05."
	if ours != layout {
		hint = fmt.Sprintf("A layout is an example of Monday, 2 January 2006, 15:04:05: write %q.", ours)
	}
	return writing{quotedText(layout) + " has nothing of a time in it", hint}
}

// fieldWritten makes sure that an object, or the objects of a list, have a field.
func fieldWritten(name string, owner *kind) writing {
	if owner.form == list {
		owner = owner.element()
	}
	if owner.form != object || owner.open || slices.Contains(owner.names, name) {
		return writing{}
	}
	return writing{fmt.Sprintf("there is no field %s in it", quotedText(name)), document.DidYouMean(name, owner.names)}
}
