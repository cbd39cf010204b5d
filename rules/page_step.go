package rules

import (
	"fmt"

	"gopkg.in/yaml.v3"

	"shopbell/actions"
	"shopbell/document"
	"shopbell/shape"
)

// file looks after a parameter that names a file, and tells whether that is all of it: of a template, what it says goes into the
// parameter html, beside its name.
func (b *builder) file(n *yaml.Node, name string, pieces []piece, field shape.Field) bool {
	known := len(pieces) == 1 && !pieces[0].hole
	switch actions.Landing(field.Lands) {
	case actions.File:
		if known && !b.reader.pinned {
			b.reader.wantsFile(n, name)
		}
	case actions.Template:
		if !known {
			b.reader.wrong(n, "the name of a template is written out, so that it can be checked", "For one of two templates, write two steps, each with an if.")
			return true
		}
		b.text = appendText(b.text, name)
		if p := b.reader.setPage(b.rule, n, name, b.vocabulary); p != nil {
			b.raw(`,"html":`)
			b.flush()
			b.parts = append(b.parts, part{page: p})
		}
		return true
	}
	return false
}

// oneBody makes sure that a template is all the HTML that a step has.
func (r *reader) oneBody(n *yaml.Node, k *actions.Kind) {
	key, _ := document.Find(n, "template")
	other, _ := document.Find(n, "html")
	if key == nil || other == nil {
		return
	}
	if f, known := k.Params.Lookup([]string{key.Value}); known && actions.Landing(f.Lands) == actions.Template {
		r.wrong(other, k.Name+": html and template are both given, and each is the whole of the HTML", "Leave one of them out.")
	}
}

// wantsFile makes sure that a file which a step names is there.
func (r *reader) wantsFile(n *yaml.Node, name string) {
	there, err := r.hasBeside(name)
	switch {
	case err != nil:
		r.wrong(n, err.Error(), "")
	case !there:
		r.wrong(n, fmt.Sprintf("there is no file %q", name), r.nearCarried(name))
	}
}
