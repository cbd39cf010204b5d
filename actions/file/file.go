// Package file declares the file action, which adds a row to a file of the operator's:
//
//	file:
//	  file: orders-{{ day(event.created, "2006-01") }}.csv
//	  columns: [id, total, email]
//	  row: { id: "{{ order.id }}", total: "{{ order.total }}", email: "{{ order.email }}" }
//
// Files are tables (.csv) or lines of JSON (.jsonl), in one folder that the account names and nothing leads out of. A row is there
// whole or not at all, and once for each step, whoever is killed when. It changes and takes away nothing that is written.
package file

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"shopbell/actions"
)

// Action adds a row.
var Action = actions.Define(actions.Spec[Account, Params]{
	Name:       "file",
	Summary:    "Add a row to a CSV file, or a line to a file of JSON lines",
	Doc:        doc,
	Example:    `file: { file: orders.csv, columns: [id, total, email], row: { id: "{{ order.id }}", total: "{{ order.total }}", email: "{{ order.email }}" } }`,
	Result:     Result{},
	Idempotent: true, // each row keeps its step's key, and a second one with the same is not added
	Open:       open,
})

const doc = `The name ends in ` + "`.csv`" + ` or ` + "`.jsonl`" + `; a date in it begins a new file each day or month. A file that is not there is made. A CSV file begins
with its columns: those of ` + "`columns`" + `, or else those of the first row by their letters. Later rows follow the heading that the file
has, so that you may put columns into another order, or add some. A column that the heading does not have is an error, one that the
row does not have stays empty.

The last column, ` + "`shopbell_key`" + `, keeps the step's key: by it a step that is tried again finds that its row is there. Leave it in the
file. Files are read whole now and then, so they end at 64 MB: put a date into the name before.

Each row is on disk before the step is done. Several programs may write to one file: it is locked with flock while a row is added. What
a crash of the machine has left unfinished at the end of a file is moved to a file beside it, with ` + "`.torn`" + ` at the end of its name.

Text that a spreadsheet would take for a formula, because it begins with =, +, - or @ and is no number, gets a ' before it, so that nothing that a customer
writes is worked out on your machine. ` + "`formulas: keep`" + ` in the account turns that off, for files that no spreadsheet reads. Lists and objects become
the text of their JSON.

What ` + "`shopbell forget`" + ` erases of a person, it erases here and not in your files.

` + "```yaml" + `
accounts:
  file: { kind: file, folder: /var/lib/shopbell/exports, separator: ";" }
` + "```"

// An Account is a folder.
type Account struct {
	Folder    string `json:"folder" jsonschema:"minLength=1" jsonschema_description:"Where the files are. It must be there, and nothing is written outside of it."`
	Formulas  string `json:"formulas,omitempty" jsonschema:"enum=guard,enum=keep,default=guard" jsonschema_description:"What to do with text that a spreadsheet would take for a formula: guard puts a ' before it."`
	Separator string `json:"separator,omitempty" jsonschema:"enum=\\,,enum=;,enum=tab" jsonschema_description:"What stands between the cells of a CSV file: a comma, unless you say ; or tab."`
}

// Params are what one step says.
type Params struct {
	File    string                   `json:"file" jsonschema:"minLength=1" jsonschema_description:"Name of the file, such as orders.csv or orders.jsonl; no folder before it."`
	Row     map[string]actions.Value `json:"row" jsonschema:"minProperties=1" jsonschema_description:"Columns and their values."`
	Columns []string                 `json:"columns,omitempty" jsonschema:"minItems=1,uniqueItems=true" jsonschema_description:"The columns in their order, for when the file is made." lands:"literal"`
}

// Result is what later steps see.
type Result struct {
	File  string `json:"file" jsonschema_description:"Name of the file."`
	Added bool   `json:"added" jsonschema_description:"Whether the row was added now; false when an earlier try of the step had added it."`
}

// keyColumn keeps the keys of steps.
const keyColumn = "shopbell_key"

// Check implements [actions.Checker].
func (p Params) Check() error {
	if actions.Known(p.File) {
		if err := checkName(p.File); err != nil {
			return err
		}
	}
	for column := range p.Row {
		switch {
		case column == keyColumn:
			return fmt.Errorf("row holds %q, which keeps the step's key", keyColumn)
		case column == "" || formula(column) || strings.ContainsAny(column, "\r\n\x00"):
			return fmt.Errorf("%q is no name of a column", column)
		case p.Columns != nil && !slices.Contains(p.Columns, column):
			return fmt.Errorf("row holds %q, which is not in columns", column)
		}
	}
	if slices.Contains(p.Columns, keyColumn) || slices.ContainsFunc(p.Columns, formula) {
		return fmt.Errorf("columns holds %q or the beginning of a formula", keyColumn)
	}
	return nil
}

// maxName bounds the name of a file, in bytes, so that what is put beside it fits, too.
const maxName = 120

// checkName takes names that are files of one folder everywhere.
func checkName(name string) error {
	switch ext := filepath.Ext(name); {
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || strings.ContainsRune(`/\:*?"<>|`, r) }):
		return fmt.Errorf(`%q is not the name of a file: there is no folder in it, and none of \ : * ? " < > |`, name)
	case ext != ".csv" && ext != ".jsonl":
		return fmt.Errorf("%q does not end in .csv or .jsonl", name)
	case name[0] == '.' || len(name) > maxName:
		return fmt.Errorf("a name of a file has at most %d bytes, and begins with no dot", maxName)
	}
	return nil
}

// most is how long one try may wait for the file.
const most = 20 * time.Second

// sender adds rows to the files of a folder. It is safe for use by many goroutines at once.
type sender struct {
	folder  string
	keep    bool // formulas
	comma   byte
	log     *slog.Logger
	turn    chan struct{} // holds a token while a row is added
	readers map[string]*known
	order   []string // of readers, the latest last
}

func open(env actions.Env, a Account) (actions.Sender[Params], error) {
	if strings.ContainsRune(a.Folder, 0) {
		return nil, errors.New("folder is not the name of a folder")
	}
	comma := map[string]byte{"": ',', ",": ',', ";": ';', "tab": '\t'}[a.Separator]
	return &sender{folder: a.Folder, keep: a.Formulas == "keep", comma: comma, log: env.Log, turn: make(chan struct{}, 1), readers: map[string]*known{}}, nil
}

// Send adds the row.
func (s *sender) Send(ctx context.Context, call actions.Call[Params]) (actions.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	if ctx.Err() != nil {
		return nil, actions.RetryAfter(0, errors.New("the try was stopped before anything was written"))
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, actions.RetryAfter(0, errors.New("other rows took too long"))
	}
	added, err := s.add(ctx, &call.Params, call.Key)
	if err != nil {
		return nil, sorted(err)
	}
	return actions.Result{"file": call.Params.File, "added": added}, nil
}

func (s *sender) add(ctx context.Context, p *Params, key string) (bool, error) {
	f, err := s.hold(ctx, p.File)
	if err != nil {
		return false, err
	}
	defer f.close()
	k, err := s.know(f)
	if err != nil {
		return false, err
	}
	if k.has(key) {
		return false, f.Sync() // who wrote it may not have come so far
	}
	text, err := k.form.row(k, p, key)
	if err != nil {
		return false, actions.Permanent(actions.BlameRequest, err)
	}
	if err := f.add(k, text); err != nil {
		delete(s.readers, p.File)
		return false, err
	}
	k.keep(key)
	return true, k.seen(f)
}
