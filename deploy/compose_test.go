package deploy

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// A composeFile is what these tests need to know of a compose file.
type composeFile struct {
	Services map[string]composeService
	Volumes  map[string]any
}

type composeService struct {
	Image       string
	Command     []string
	Environment map[string]string
	Volumes     []string
	Ports       []string
	DependsOn   any `yaml:"depends_on"`
	Healthcheck struct{ Test []string }
	Grace       string `yaml:"stop_grace_period"`
	ReadOnly    bool   `yaml:"read_only"`
}

const composeConfig = "compose/shopbell/shopbell.yaml"

func composeNodes(c composeFile) map[string]composeService {
	nodes := map[string]composeService{}
	for name, s := range c.Services {
		if strings.HasPrefix(name, "shopbell-") {
			nodes[name] = s
		}
	}
	return nodes
}

func TestComposeNodes(t *testing.T) {
	file := decode[composeFile](t, "compose/compose.yaml")
	nodes := composeNodes(file)
	if len(nodes) < 2 {
		t.Fatalf("want two nodes or more, got %d", len(nodes))
	}
	wanted, port := references(t, composeConfig), decode[nodeConfig](t, composeConfig).port(t)
	for name, s := range nodes {
		grace, err := time.ParseDuration(s.Grace)
		if err != nil || grace <= drain {
			t.Errorf("%s: stop_grace_period %q is not longer than the drain of %s", name, s.Grace, drain)
		}
		for _, variable := range wanted {
			if s.Environment[variable] == "" {
				t.Errorf("%s: %s is not set, and shopbell.yaml refers to it", name, variable)
			}
		}
		if len(s.Environment) != len(wanted) {
			t.Errorf("%s sets %d variables, and shopbell.yaml refers to %d", name, len(s.Environment), len(wanted))
		}
		if at := slices.Index(s.Command, "--config"); at < 0 || s.Command[at+1] != "/etc/shopbell/shopbell.yaml" || !slices.Contains(s.Volumes, "./shopbell:/etc/shopbell:ro") {
			t.Errorf("%s: the command does not name the config where it is mounted: %v %v", name, s.Command, s.Volumes)
		}
		if !slices.Contains(s.Healthcheck.Test, "http://127.0.0.1:"+port) {
			t.Errorf("%s: the health check does not ask port %s: %v", name, port, s.Healthcheck.Test)
		}
		if on, ok := s.DependsOn.(map[string]any); !ok || on["postgres"] == nil {
			t.Errorf("%s does not wait for PostgreSQL", name)
		}
		if !s.ReadOnly {
			t.Errorf("%s may write its image", name)
		}
	}
}

var variable = regexp.MustCompile(`\$\{([A-Z_]+)(:\?[^}]*)?\}`)

// TestComposeVariables holds that the file of secrets and the compose file name the same variables, each of them needed.
func TestComposeVariables(t *testing.T) {
	var used []string
	for line := range strings.Lines(read(t, "compose/compose.yaml")) {
		line, _, _ = strings.Cut(line, "#")
		for _, m := range variable.FindAllStringSubmatch(line, -1) {
			used = append(used, m[1])
			if m[2] == "" {
				t.Errorf("%s may be left empty: want ${%s:?…}", m[1], m[1])
			}
		}
	}
	slices.Sort(used)
	same(t, ".env.example", blanks(t, "compose/.env.example"), slices.Compact(used))
}

// TestComposeMounts holds that what is mounted exists: a folder beside the file, or a named volume.
func TestComposeMounts(t *testing.T) {
	file := decode[composeFile](t, "compose/compose.yaml")
	for name, s := range file.Services {
		for _, mount := range s.Volumes {
			source, _, _ := strings.Cut(mount, ":")
			if strings.HasPrefix(source, "./") {
				if _, err := os.Stat(filepath.Join("compose", source)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			} else if _, ok := file.Volumes[source]; !ok {
				t.Errorf("%s: there is no volume %s", name, source)
			}
		}
	}
	if !strings.HasPrefix(file.Services["postgres"].Image, "postgres:17") || len(file.Services["postgres"].Healthcheck.Test) == 0 {
		t.Error("PostgreSQL has another version, or no health check")
	}
}

var (
	serverLine = regexp.MustCompile(`(?m)^\s*server (\S+) (\S+):(\d+)`)
	bindLine   = regexp.MustCompile(`(?m)^\s*bind :(\d+)`)
)

// TestComposeProxy holds that the proxy knows the nodes, asks what tells whether one is ready, and is published.
func TestComposeProxy(t *testing.T) {
	file, proxy := decode[composeFile](t, "compose/compose.yaml"), read(t, "compose/haproxy.cfg")
	port := decode[nodeConfig](t, composeConfig).port(t)
	var nodes, servers []string
	for name := range composeNodes(file) {
		nodes = append(nodes, name)
	}
	for _, m := range serverLine.FindAllStringSubmatch(proxy, -1) {
		servers = append(servers, m[2])
		if m[3] != port {
			t.Errorf("the proxy sends to port %s of %s, and shopbell.yaml listens on %s", m[3], m[2], port)
		}
	}
	same(t, "servers of the proxy", servers, nodes)
	if !strings.Contains(proxy, "option httpchk GET /readyz") {
		t.Error("the proxy does not ask /readyz")
	}
	bind := bindLine.FindStringSubmatch(proxy)
	if len(bind) == 0 || !slices.ContainsFunc(file.Services["proxy"].Ports, func(p string) bool { return strings.HasSuffix(p, ":"+bind[1]) }) {
		t.Errorf("the proxy listens on %v, and publishes %v", bind, file.Services["proxy"].Ports)
	}
	for _, name := range append(nodes, "postgres") {
		if len(file.Services[name].Ports) > 0 {
			t.Errorf("%s is published: only the proxy should be", name)
		}
	}
}
