package deploy

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

// drain is how long a node that is told to stop may take, as docs/operating.md promises.
const drain = 20 * time.Second

func TestDrainIsAsPromised(t *testing.T) {
	if text := read(t, "../docs/operating.md"); !strings.Contains(text, "drain for at most 20 seconds") {
		t.Error("docs/operating.md does not promise any more that a stop takes at most 20 seconds: mend the grace periods here, and this test")
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// decode reads the one document of a YAML file.
func decode[T any](t *testing.T, name string) T {
	t.Helper()
	var v T
	if err := yaml.Unmarshal([]byte(read(t, name)), &v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

// TestYAML holds that every file parses, with no key twice.
func TestYAML(t *testing.T) {
	parsed := 0
	for _, pattern := range []string{"*/*.yaml", "*/*/*.yaml", "*/*/*/*.yaml"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			parsed++
			documents := yaml.NewDecoder(strings.NewReader(read(t, name)))
			for {
				var any map[string]any
				err := documents.Decode(&any)
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
		}
	}
	if parsed < 12 {
		t.Errorf("only %d YAML files found", parsed)
	}
}

// A nodeConfig is what these tests need to know of a shopbell.yaml.
type nodeConfig struct {
	Listen, Database, Rules string
}

// port gives the port of listen, which must be open to the network of the container.
func (c nodeConfig) port(t *testing.T) string {
	t.Helper()
	port, ok := strings.CutPrefix(c.Listen, ":")
	if !ok {
		t.Errorf("listen: %s is not reachable from outside the container", c.Listen)
	}
	return port
}

var reference = regexp.MustCompile(`\$\{env:([^}]+)\}`)

// references lists the variables that a shopbell.yaml refers to, comments aside.
func references(t *testing.T, name string) []string {
	t.Helper()
	var found []string
	root := decode[yaml.Node](t, name)
	var walk func(*yaml.Node)
	walk = func(n *yaml.Node) {
		for _, m := range reference.FindAllStringSubmatch(n.Value, -1) {
			found = append(found, m[1])
		}
		for _, c := range n.Content {
			walk(c)
		}
	}
	walk(&root)
	slices.Sort(found)
	return slices.Compact(found)
}

// blanks lists the names of a file of variables, all of which must be without a value.
func blanks(t *testing.T, name string) []string {
	t.Helper()
	var names []string
	for line := range strings.Lines(read(t, name)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		variable, value, ok := strings.Cut(line, "=")
		if !ok || value != "" {
			t.Errorf("%s: want NAME= and no value: %q", name, line)
		}
		names = append(names, variable)
	}
	slices.Sort(names)
	return names
}

// same compares two lists of names.
func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
