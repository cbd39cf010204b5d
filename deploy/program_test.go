package deploy

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// workshop is a folder for all tests together.
var workshop = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "shopbell-deploy") })

// binary builds the program once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := workshop()
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "shopbell")
	build := exec.Command("go", "build", "-o", name, "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as it is handed out
	out, err := build.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return name, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := workshop(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// command prepares the program with an environment of its own: nothing but the variables that a deployment sets.
func command(t *testing.T, variables []string, args ...string) *exec.Cmd {
	t.Helper()
	name, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), name, args...)
	c.Env = []string{}
	for _, variable := range variables {
		value := "a-value-of-24-characters"
		if variable == "SHOPBELL_DATABASE" {
			value = "postgres://shopbell:a-value-of-24-characters@postgres:5432/shopbell?sslmode=disable"
		}
		c.Env = append(c.Env, variable+"="+value)
	}
	return c
}

// lay writes files into a new folder as a kubelet mounts a ConfigMap: each name is a link into a folder that a link
// names, so that all of them change at once.
func lay(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.MkdirAll(filepath.Join(dir, "..1", filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "..1", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		top, _, _ := strings.Cut(name, "/")
		if err := os.Symlink(filepath.Join("..data", top), filepath.Join(dir, top)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("..1", filepath.Join(dir, "..data")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// check runs shopbell check on a config, and wants it to find the rules and nothing wrong.
func check(t *testing.T, variables []string, config, found string) {
	t.Helper()
	out, err := command(t, variables, "check", "--config", config).CombinedOutput()
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), found+", no problems, no warnings") {
		t.Errorf("shopbell check of %s: %v\n%s", config, err, out)
	}
}

// TestComposeConfig holds that the program takes the config with the variables of the compose file, and no other.
func TestComposeConfig(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shopbell")
	if err := os.CopyFS(dir, os.DirFS("compose/shopbell")); err != nil {
		t.Fatal(err)
	}
	var variables []string
	for name := range decode[composeFile](t, "compose/compose.yaml").Services["shopbell-1"].Environment {
		variables = append(variables, name)
	}
	check(t, variables, filepath.Join(dir, "shopbell.yaml"), "1 rule")
}

// TestKubernetesConfig holds the same of the manifests, with the files as they are mounted there, and a store's own rules
// as deployment.yaml shows them.
func TestKubernetesConfig(t *testing.T) {
	d, c := kubernetes(t)
	rule := read(t, "kubernetes/rules/first.yaml")
	rules := lay(t, map[string]string{"first.yaml": rule, "1003/sales.yaml": rule})
	config := strings.Replace(read(t, kubernetesConfig), "rules: "+d.Spec.Template.Spec.mount("shopbell-rules")+" ", "rules: "+rules+" ", 1)
	dir := lay(t, map[string]string{"shopbell.yaml": config})
	var variables []string
	for _, e := range c.Env {
		variables = append(variables, e.Name)
	}
	check(t, variables, filepath.Join(dir, "shopbell.yaml"), "2 rules")
	if out, err := command(t, variables[1:], "check", "--config", filepath.Join(dir, "shopbell.yaml")).CombinedOutput(); err == nil {
		t.Errorf("a variable that is not set is not missed: %s", out)
	}
}

var databaseLine = regexp.MustCompile(`(?m)^database: .*$`)

// TestRoutes starts the program as the deployment does, on a file and an address of its own, and asks it what the
// probes, the proxy and the annotations ask; then it stops it, and wants it gone before it would be killed.
func TestRoutes(t *testing.T) {
	_, c := kubernetes(t)
	dir := t.TempDir()
	config := databaseLine.ReplaceAllString(read(t, composeConfig), "database: shopbell.db")
	config = strings.Replace(config, "listen: :8080", "listen: 127.0.0.1:0", 1)
	if err := os.WriteFile(filepath.Join(dir, "shopbell.yaml"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "rules"), os.DirFS("compose/shopbell/rules")); err != nil {
		t.Fatal(err)
	}
	args := slices.Clone(c.Args)
	args[slices.Index(args, "--config")+1] = filepath.Join(dir, "shopbell.yaml")
	p := command(t, references(t, composeConfig), args...)
	address := start(t, p)
	for path, want := range map[string]int{c.StartupProbe.HTTPGet.Path: 200, c.LivenessProbe.HTTPGet.Path: 200,
		c.ReadinessProbe.HTTPGet.Path: 200, "/metrics": 200, "/ready": 404} {
		answer, err := http.Get(address + path)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("GET %s answers %d, want %d", path, answer.StatusCode, want)
		}
	}
	if out, err := command(t, nil, "healthcheck", "--url", address).CombinedOutput(); err != nil {
		t.Errorf("the health check of the compose file: %v %s", err, out)
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if err := p.Wait(); err != nil || time.Since(begun) > drain {
		t.Errorf("the program stopped after %s: %v", time.Since(begun), err)
	}
}

// start starts the program and waits until its log says where it is ready.
func start(t *testing.T, p *exec.Cmd) string {
	t.Helper()
	log, err := p.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill() })
	ready, told := make(chan string, 1), strings.Builder{}
	go func() {
		defer close(ready)
		for lines := bufio.NewScanner(log); lines.Scan(); {
			var line struct{ Msg, Address string }
			if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "ready" {
				ready <- line.Address
				continue
			}
			fmt.Fprintln(&told, lines.Text())
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	select {
	case found, ok := <-ready:
		if !ok {
			t.Fatalf("the program did not start:\n%s", told.String())
		}
		return found
	case <-ctx.Done():
		t.Fatal("the program is not ready after a minute")
	}
	return ""
}
