package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A room is a folder of the house and which other rooms its code may import: those of the list, and those inside them.
// The most exact room counts. Tests may import what they like, and harnesses are for tests only.
type room struct {
	path string
	may  []string
	why  string // why nothing else
}

// house is the import table of the design: arrows run one way, none turns back.
var house = []room{
	{"event", nil, "it is the one noun that all share, so it can depend on nobody"},
	{"document", nil, "it knows YAML and positions, and serves everybody who reads files"},
	{"secret", nil, "what hides secrets serves everybody who holds one"},
	{"phone", nil, "it reads numbers for whoever has them"},
	{"locale", nil, "how a language writes numbers is the same for whoever writes them"},
	{"receipt", []string{"locale"}, "a document is made of what it is given: it asks nobody, and sends nothing"},
	{"shape", []string{"document"}, "a declaration knows nothing of what is declared"},
	{"sources", []string{"event", "document", "shape", "secret"}, "a platform knows nothing of rules, actions or the ledger"},
	{"sources/cloudcart/cloudcarttest", nil, "the simulated store must behave as the platform does, not as our code would like"},
	{"sources/openconnectors/openconnectorstest", []string{"sources/openconnectors"}, "the simulated platform borrows the signature and nothing more"},
	{"sources/ecwid/ecwidtest", []string{"sources/ecwid"}, "the simulated store borrows the signature and nothing more: it must behave as the platform does, not as our code would like"},
	{"actions/actionstest", []string{"actions", "freeport"}, "the exams of actions know of nothing that uses actions"},
	{"actions", []string{"actions", "document", "shape", "secret", "phone", "receipt"}, "an action knows nothing of events, rules or queues"},
	{"rules", []string{"event", "actions", "document", "shape", "phone", "locale"}, "rules know nothing of how anything is sent or stored, nor of HTTP"},
	{"engine", []string{"event", "sources", "actions", "rules", "secret"}, "the engine knows neither SQL nor HTTP nor any one platform or action"},
	{"engine/ledger", []string{"engine", "event", "actions"}, "a ledger keeps what it is given and decides nothing"},
	{"engine/ledger/postgres/postgrestest", []string{"freeport"}, "it starts a server, and knows nothing of what is kept there"},
	{"server", []string{"engine", "rules", "actions", "sources", "event", "document", "shape"}, "the server shows and hands over; it neither stores nor sends"},
	{"virtualtime", nil, "tests of every room run in it"},
	{"freeport", nil, "tests of every room start programs"},
	{"endurance", nil, "it drives the built program from outside, as a user would"},
	{"deploy", nil, "it holds files for others' programs, and checks them from outside"},
	{"scale", nil, "a simulation knows numbers, not the program"},
	{"config", []string{"actions", "sources", "event", "document", "shape"}, "the config is read before anything runs"},
	{"demo", []string{"server", "sources/ecwid/ecwidtest", "actions", "event", "engine"}, "the demo is a world around the program, not a second program"},
	{"cli", []string{"."}, ""},
	{".", []string{"cli"}, "main is one line"},
}

// contracts may not import what implements them, though the table lets the folder import itself.
var contracts = map[string]string{
	"sources": "the contract knows none of its platforms",
	"actions": "the contract knows none of its kinds",
	"engine":  "the ledger's interface is the engine's own; its implementations import it",
}

// little says what a room may take of another, where the arrow is only for that.
var little = []struct{ from, to, name, why string }{
	{"engine", "net/http", "Status", "the engine never touches the network, but a refusal has a status"},
}

// harnesses are for tests. The demo is made of one.
var harnesses = map[string][]string{
	"sources/ecwid/ecwidtest": {"demo", "cli"},
	"actions/actionstest":     nil,
	"receipt/receipttest":     nil,

	"sources/cloudcart/cloudcarttest":           nil,
	"sources/openconnectors/openconnectorstest": nil,
	"engine/ledger/ledgertest":                  nil,

	"engine/ledger/postgres/postgrestest": nil,
	"server/servertest":                   nil,
	"virtualtime":                         nil,
	"freeport":                            {"engine/ledger/postgres/postgrestest", "actions/actionstest"},
}

// only says which rooms may know a package from outside.
var only = []struct {
	imports string
	rooms   []string
	why     string
}{
	{"github.com/gin-gonic/", []string{"server"}, "only the server knows the web framework"},
	{"github.com/prometheus/", []string{"server", "cli"}, "others tell what happened through a Meter"},
	{"zombiezen.com/", []string{"engine/ledger"}, "only a ledger knows SQL"},
	{"modernc.org/", []string{"engine/ledger", "actions/sql"}, "only a ledger, and the action that writes rows, know SQL"},
	{"database/sql", []string{"engine/ledger", "actions/sql"}, "only a ledger, and the action that writes rows, know SQL"},
	{"github.com/jackc/", []string{"engine/ledger", "actions/sql"}, "only a ledger, and the action that writes rows, know SQL"},
	{"github.com/go-sql-driver/", []string{"actions/sql"}, "only the action that writes rows speaks to MySQL"},
	{"github.com/riverqueue/", []string{"engine/ledger"}, "only a ledger knows River"},
	{"github.com/expr-lang/", []string{"rules", "sources/signed"}, "only rules, and a source that is described by expressions, know the expression language"},
	{"github.com/fsnotify/", []string{"cli"}, "only the program around them knows that files change; rules are given"},
	{"github.com/spf13/", []string{"cli"}, "only cli knows commands and flags"},
	{"github.com/slack-go/", []string{"actions/slack"}, "one action, one provider"},
	{"github.com/wneessen/", []string{"actions/email"}, "one action, one protocol"},
	{"codeberg.org/go-pdf/", []string{"receipt"}, "one document, one way to write it"},
	{"github.com/nyaruka/", []string{"phone"}, "a number is read in one way"},
	{"github.com/emersion/", []string{"demo"}, "nothing but the demo's inbox is a mail server"},
	{"gopkg.in/yaml.v3", []string{"document", "rules", "config", "actions"}, "others see plain values"},
	{"net/http", []string{"actions", "sources", "engine", "server", "demo", "cli"}, "rules never touch the network"},
	{"os/exec", []string{"actions/plugin"}, "nothing but a plugin is a program that is started"},
	{"plugin", nil, "plugins are processes of their own"},
	{"math/rand", []string{"engine", "sources/ecwid/ecwidtest", "demo", "scale"}, "rules give the same answer every time"},
}

// A source file of the tree, parsed.
type source struct {
	name string // with slashes, from the root
	dir  string
	test bool
	text []byte
	tree *ast.File
	pos  *token.FileSet
}

func (s source) at(p token.Pos) string {
	return s.name + ":" + strconv.Itoa(s.pos.Position(p).Line)
}

// tree parses every Go file below the root.
func tree(t *testing.T) []source {
	t.Helper()
	var found []source
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(name) != ".go" {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		pos := token.NewFileSet()
		file, err := parser.ParseFile(pos, name, text, parser.ParseComments)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		found = append(found, source{name: name, dir: path.Dir(name), test: strings.HasSuffix(name, "_test.go"), text: text, tree: file, pos: pos})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 20 {
		t.Fatalf("only %d Go files found", len(found))
	}
	return found
}

func within(dir, room string) bool {
	return room == "." && dir != "" || dir == room || strings.HasPrefix(dir, room+"/")
}

// roomOf finds the most exact room of a folder.
func roomOf(dir string) (room, bool) {
	best, found := room{}, false
	for _, r := range house {
		if (dir == r.path || r.path != "." && within(dir, r.path)) && (!found || len(r.path) > len(best.path)) {
			best, found = r, true
		}
	}
	return best, found
}

func TestImports(t *testing.T) {
	for _, s := range tree(t) {
		here, ok := roomOf(s.dir)
		if !ok {
			t.Errorf("%s: the folder %s is in no room: add it to the table, with what it may import", s.name, s.dir)
			continue
		}
		if s.test {
			continue
		}
		for _, spec := range s.tree.Imports {
			name, _ := strconv.Unquote(spec.Path.Value)
			if inside, ok := strings.CutPrefix(name, "shopbell/"); ok {
				checkRoom(t, s, spec, here, inside)
				continue
			}
			checkOutside(t, s, spec, name)
		}
	}
}

func checkRoom(t *testing.T, s source, spec *ast.ImportSpec, here room, there string) {
	t.Helper()
	if users, ok := harnesses[there]; ok && there != s.dir && !slices.Contains(users, s.dir) {
		t.Errorf("%s: %s is for tests", s.at(spec.Pos()), there)
	}
	if why, ok := contracts[s.dir]; ok && strings.HasPrefix(there, s.dir+"/") {
		t.Errorf("%s: %s must not import %s: %s", s.at(spec.Pos()), s.dir, there, why)
	}
	own := within(there, here.path) && within(s.dir, here.path)
	if !own && !slices.ContainsFunc(here.may, func(r string) bool { return within(there, r) }) {
		t.Errorf("%s: %s must not import %s: %s", s.at(spec.Pos()), s.dir, there, here.why)
	}
	if platform := sibling(s.dir, there); platform != "" {
		t.Errorf("%s: %s must not import %s: one %s does not know another", s.at(spec.Pos()), s.dir, there, platform)
	}
}

// sibling says which kind of plugin two folders are when they are two of one kind.
func sibling(a, b string) string {
	for kind, shared := range map[string][]string{"action": {"actions/web", "actions/actionstest", "actions/standard"}, "source": nil} {
		parent := kind + "s/"
		x, okX := strings.CutPrefix(a, parent)
		y, okY := strings.CutPrefix(b, parent)
		x, _, _ = strings.Cut(x, "/")
		y, _, _ = strings.Cut(y, "/")
		if okX && okY && x != y && !slices.Contains(shared, parent+x) && !slices.Contains(shared, parent+y) {
			return kind
		}
	}
	return ""
}

// isHarness tells whether a folder is for tests only, or nothing but tests.
func isHarness(dir string) bool {
	_, ok := harnesses[dir]
	return ok || within(dir, "endurance")
}

func checkOutside(t *testing.T, s source, spec *ast.ImportSpec, name string) {
	t.Helper()
	harness := isHarness(s.dir)
	for _, o := range only {
		if !harness && (name == o.imports || strings.HasPrefix(name, strings.TrimSuffix(o.imports, "/")+"/")) &&
			!slices.ContainsFunc(o.rooms, func(r string) bool { return within(s.dir, r) }) {
			t.Errorf("%s: %s must not import %s: %s", s.at(spec.Pos()), s.dir, name, o.why)
		}
	}
	for _, testing := range []string{"testing", "github.com/rogpeppe/", "github.com/chromedp/"} {
		if !harness && (name == testing || strings.HasPrefix(name, testing) && strings.HasSuffix(testing, "/")) {
			t.Errorf("%s: %s is for tests", s.at(spec.Pos()), name)
		}
	}
}

// TestHouse holds that the table itself has no arrow that turns back.
func TestHouse(t *testing.T) {
	reach := map[string][]string{}
	for _, r := range house {
		reach[r.path] = r.may
		if r.why == "" && r.path != "cli" {
			t.Errorf("room %s has no reason", r.path)
		}
	}
	var visit func(path string, from []string)
	visit = func(path string, from []string) {
		if slices.Contains(from, path) {
			t.Errorf("arrows turn back: %v", append(from, path))
			return
		}
		for _, next := range reach[path] {
			if next != path && next != "." {
				visit(next, append(from[:len(from):len(from)], path))
			}
		}
	}
	for _, r := range house {
		visit(r.path, nil)
	}
}

// TestLittle holds that an arrow which is there for one name only is used for that name only.
func TestLittle(t *testing.T) {
	for _, s := range tree(t) {
		for _, l := range little {
			if s.test || !within(s.dir, l.from) {
				continue
			}
			ast.Inspect(s.tree, func(n ast.Node) bool {
				sel, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == path.Base(l.to) && pkg.Obj == nil && imports(s, l.to) && !strings.HasPrefix(sel.Sel.Name, l.name) {
					t.Errorf("%s: %s takes %s.%s: %s", s.at(sel.Pos()), s.dir, pkg.Name, sel.Sel.Name, l.why)
				}
				return true
			})
		}
	}
}

func imports(s source, name string) bool {
	return slices.ContainsFunc(s.tree.Imports, func(spec *ast.ImportSpec) bool {
		text, _ := strconv.Unquote(spec.Path.Value)
		return text == name || text == "shopbell/"+name
	})
}
