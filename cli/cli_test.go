package cli

import (
	"bufio"
	"errors"
	"flag"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"shopbell/freeport"
	"shopbell/sources/ecwid/ecwidtest"
)

var update = flag.Bool("update", false, "rewrite the expected parts of the scripts")

func TestMain(m *testing.M) {
	testscript.Main(cleaner{m}, map[string]func(){
		"shopbell": func() { os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.LookupEnv)) },
	})
}

// cleaner removes what the tests built.
type cleaner struct{ *testing.M }

func (c cleaner) Run() int {
	code := c.M.Run()
	if built.path != "" {
		_ = os.RemoveAll(filepath.Dir(built.path))
	}
	return code
}

// TestScripts runs the stories of testdata/script with the real program. Beside testscript's own commands there are
//
//	start ARGS…        run shopbell ARGS in the background until it says that it is ready
//	logged PATTERN     wait until its log has a line that matches
//	hangup             send SIGHUP
//	stop               send SIGTERM and want exit code 0
//	exits CODE ARGS…   run shopbell ARGS and want exactly this exit code; cmp sees its output
//
// and a simulated store: $STORE_API is its API, $ORDER and $OTHER_ORDER the numbers of orders in it, $LISTEN a free address.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", UpdateScripts: *update, RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: setup,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"start": startCommand, "logged": loggedCommand, "halt": stopCommand, "hangup": hangupCommand, "exits": exitsCommand,
		},
	})
}

type processKey struct{}

func setup(e *testscript.Env) error {
	store := ecwidtest.New(ecwidtest.Options{Token: "secret_scripts", Seed: 7})
	order, err := store.PlaceOrder(ecwidtest.OrderOptions{})
	if err != nil {
		return err
	}
	other, err := store.PlaceOrder(ecwidtest.OrderOptions{})
	if err != nil {
		return err
	}
	api := httptest.NewServer(store)
	e.Defer(api.Close)
	listen, err := freeport.Address()
	if err != nil {
		return err
	}
	e.Setenv("STORE_API", api.URL+"/api/v3")
	e.Setenv("ORDER", order)
	e.Setenv("OTHER_ORDER", other)
	e.Setenv("LISTEN", listen)
	p := new(process)
	e.Values[processKey{}] = p
	e.Defer(p.kill)
	return nil
}

// A process is shopbell running in the background, with its log.
type process struct {
	command *exec.Cmd
	mu      sync.Mutex
	lines   []string
	more    chan struct{} // closed and replaced at each line
	ended   chan struct{} // closed when the log has ended
}

// launch starts the program and follows its log.
func launch(command *exec.Cmd) (*process, error) {
	p := new(process)
	return p, p.start(command)
}

func (p *process) start(command *exec.Cmd) error {
	p.command, p.lines, p.more, p.ended = command, nil, make(chan struct{}), make(chan struct{})
	out, err := command.StderrPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	go p.follow(out)
	return nil
}

func (p *process) follow(r io.Reader) {
	defer close(p.ended)
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		p.mu.Lock()
		p.lines = append(p.lines, lines.Text())
		close(p.more)
		p.more = make(chan struct{})
		p.mu.Unlock()
	}
}

// wait gives the first line of the log that matches.
func (p *process) wait(pattern *regexp.Regexp) (string, error) {
	late := time.After(20 * time.Second)
	for ended := false; ; {
		p.mu.Lock()
		for _, line := range p.lines {
			if pattern.MatchString(line) {
				p.mu.Unlock()
				return line, nil
			}
		}
		more := p.more
		p.mu.Unlock()
		if ended {
			return "", errors.New("the program ended without saying " + pattern.String() + ":\n" + p.log())
		}
		select {
		case <-more:
		case <-p.ended:
			ended = true
		case <-late:
			return "", errors.New("the program did not say " + pattern.String() + ":\n" + p.log())
		}
	}
}

func (p *process) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines, "\n")
}

// stop asks the program to end and gives how it did.
func (p *process) stop() error {
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	<-p.ended
	err := p.command.Wait()
	p.command = nil
	return err
}

func (p *process) kill() {
	if p.command != nil {
		_ = p.command.Process.Kill()
		<-p.ended
		_ = p.command.Wait()
	}
}

func background(ts *testscript.TestScript) *process { return ts.Value(processKey{}).(*process) }

func startCommand(ts *testscript.TestScript, _ bool, args []string) {
	path, err := exec.LookPath("shopbell")
	for _, dir := range strings.Split(ts.Getenv("PATH"), string(os.PathListSeparator)) {
		if found := dir + "/shopbell"; err != nil {
			if _, missing := os.Stat(found); missing == nil {
				path, err = found, nil
			}
		}
	}
	ts.Check(err)
	command := exec.Command(path, args...)
	command.Dir = ts.Getenv("WORK")
	for _, name := range []string{"PATH", "HOME", "STORE_API", "LISTEN", "ORDER", "TZ", "WORK"} {
		command.Env = append(command.Env, name+"="+ts.Getenv(name))
	}
	p := background(ts)
	ts.Check(p.start(command))
	_, err = p.wait(regexp.MustCompile(`msg=ready|"msg":"ready"`))
	ts.Check(err)
}

func loggedCommand(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: logged PATTERN")
	}
	pattern := regexp.MustCompile(args[0])
	if neg {
		if pattern.MatchString(background(ts).log()) {
			ts.Fatalf("the log has %s", args[0])
		}
		return
	}
	_, err := background(ts).wait(pattern)
	ts.Check(err)
}

func stopCommand(ts *testscript.TestScript, _ bool, _ []string) {
	if err := background(ts).stop(); err != nil {
		ts.Fatalf("the program ended with %v:\n%s", err, background(ts).log())
	}
}

func hangupCommand(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check(background(ts).command.Process.Signal(syscall.SIGHUP))
}

func exitsCommand(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec("shopbell", args[1:]...)
	code := "0"
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		code = regexp.MustCompile(`\d+`).FindString(failed.Error())
	}
	if code != args[0] {
		ts.Fatalf("want exit code %s, got %s", args[0], code)
	}
}
