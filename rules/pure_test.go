package rules_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"shopbell/event"
	"shopbell/rules"
)

// TestFunctionsReadNothing holds that nothing but the loader can reach the machine or the network: by what the files of
// the package import, and by what they take of package time.
func TestFunctionsReadNothing(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 40 {
		t.Fatalf("files are missing: %v %v", files, err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || slices.Contains([]string{"load.go", "load_changed.go", "folder.go", "crew.go", "reading.go", "trial_files.go", "beside.go"}, name) {
			continue // the loader reads rule files, before there is an event
		}
		tree, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range tree.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(path, "/")
			if slices.Contains([]string{"os", "net", "syscall", "runtime", "crypto", "plugin", "log", "unsafe"}, first) || path == "math/rand" || path == "math/rand/v2" {
				t.Errorf("%s imports %s: a function must give the same everywhere", name, path)
			}
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			of, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			// Parse and Local take the zone of the machine.
			if pkg, ok := of.X.(*ast.Ident); ok && pkg.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "Local", "Parse"}, of.Sel.Name) {
				t.Errorf("%s uses time.%s: a function must give the same everywhere", name, of.Sel.Name)
			}
			return true
		})
	}
}

// Every example gives the same when it is asked again, on a machine in another time zone with another language.
func TestFunctionsGiveTheSameEverywhere(t *testing.T) {
	shop := event.Store{Currency: "EUR", Timezone: "Europe/Berlin", Language: "de", Country: "DE"}
	codes := []string{
		`string(event.created) + event.created.Format(" 15:04 MST")`, `date(1795217400).Format("15:04 MST")`, `date("2026-11-20 23:30:00 +0000").Format("MST")`,
		`date("2026-07-20 23:30:00 +0200").Format("MST")`, `json(event)`, `toJSON(event)`, `day("2026-11-20 10:00", "15:04 MST")`,
		`json(order.items[0]) + join(keys(order))`,
	}
	for _, f := range slices.Concat(rules.Functions(), rules.Builtins(), rules.Methods()) {
		for _, e := range f.Examples {
			codes = append(codes, e.Code)
		}
	}
	var text strings.Builder
	text.WriteString("rules:\n")
	for i, code := range codes {
		quoted, err := json.Marshal("{{ " + code + " }}")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&text, "  - { name: r%d, when: order.created, then: [ log: { message: %s } ] }\n", i, quoted)
	}
	all := set(t, text.String()).Rules()
	home := time.Local
	t.Cleanup(func() { time.Local = home })
	first := map[int]string{}
	for _, zone := range []string{"UTC", "Asia/Tokyo", "America/New_York", "Europe/Berlin"} {
		local, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		time.Local = local
		t.Setenv("TZ", zone)
		t.Setenv("LANG", map[string]string{"UTC": "C"}[zone])
		t.Setenv("LC_ALL", "ja_JP.UTF-8")
		for i, rule := range all {
			in := input("order.created", order(nil), nil)
			in.Store = shop
			in.Event.Created, in.Event.Received = in.Event.Created.Local(), in.Event.Received.Local() // as time.Unix leaves them
			out, err := rule.Render(rules.Branch{}, 0, in, nil)
			if err != nil {
				t.Fatal(err)
			}
			if want, again := first[i]; again && string(out.Params) != want {
				t.Errorf("%s gives %s, and %s on a machine in %s", codes[i], want, out.Params, zone)
			}
			first[i] = string(out.Params)
		}
	}
}
