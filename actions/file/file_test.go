package file_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"shopbell/actions"
	"shopbell/actions/actionstest"
	"shopbell/actions/file"
)

func TestMain(m *testing.M) {
	if folder := os.Getenv("SHOPBELL_TEST_FOLDER"); folder != "" {
		writeMany(folder, os.Getenv("SHOPBELL_TEST_NAME"))
		return
	}
	os.Exit(m.Run())
}

func TestExam(t *testing.T) {
	actionstest.Run(t, file.Action, actionstest.Bench{
		Account: func(string) string { return account(t.TempDir(), "") },
		Params:  func(string) string { return `{"file":"orders.csv","row":{"id":1}}` },
		Exempt: map[string]string{
			"statuses": "nothing leaves the machine", "same key": "nothing leaves the machine, see TestOnce", "refused": "nothing leaves the machine",
			"secrets": "it has none",
		},
	})
}

func account(folder, more string) string {
	text, _ := json.Marshal(folder)
	return `{"folder":` + string(text) + more + `}`
}

func open(t testing.TB, config string) actions.Outlet {
	t.Helper()
	out, err := file.Action.Open(actions.Env{Log: slog.New(slog.DiscardHandler)}, json.RawMessage(config))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func send(ctx context.Context, out actions.Outlet, key, params string) (bool, error) {
	result, err := out.Send(ctx, actions.Call[json.RawMessage]{Key: key, Try: 1, Params: json.RawMessage(params)})
	added, _ := result["added"].(bool)
	return added, err
}

func add(t testing.TB, out actions.Outlet, key, params string) {
	t.Helper()
	if added, err := send(t.Context(), out, key, params); err != nil || !added {
		t.Fatalf("%s: added is %t (%v)", params, added, err)
	}
}

func holds(t testing.TB, name, want string) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != want {
		t.Errorf("%s holds\n%s\nwant\n%s", filepath.Base(name), text, want)
	}
}

func TestRows(t *testing.T) {
	for name, test := range map[string]struct {
		more, file string
		steps      []string
		want       string
	}{
		"types": {"", "a.csv", []string{`{"n":12.50,"big":12345678901234567890,"yes":true,"nothing":null,"list":["a",{"b":1}]}`},
			"big,list,n,nothing,yes,shopbell_key\n12345678901234567890,\"[\"\"a\"\",{\"\"b\"\":1}]\",12.50,,true,\"k0\"\n"},
		"quotes": {"", "a.csv", []string{`{"a":"x, \"y\"","b":"two\nlines","c":" edge "}`},
			"a,b,c,shopbell_key\n\"x, \"\"y\"\"\",\"two\nlines\",\" edge \",\"k0\"\n"},
		"later columns": {"", "a.csv", []string{`{"a":1,"b":2}`, `{"b":3}`}, "a,b,shopbell_key\n1,2,\"k0\"\n,3,\"k1\"\n"},
		"formulas": {"", "a.csv", []string{`{"a":"=IMPORTXML(1)","b":"@x","c":"-1+2","d":"+31 612345678","e":-5,"f":"\t=1","g":"a=b"}`},
			"a,b,c,d,e,f,g,shopbell_key\n'=IMPORTXML(1),'@x,'-1+2,+31 612345678,-5,'\t=1,a=b,\"k0\"\n"},
		"formulas kept": {`,"formulas":"keep"`, "a.csv", []string{`{"a":"=1+1"}`}, "a,shopbell_key\n=1+1,\"k0\"\n"},
		"semicolons":    {`,"separator":";"`, "a.csv", []string{`{"a":"1,5","b":"x;y"}`}, "a;b;shopbell_key\n1,5;\"x;y\";\"k0\"\n"},
		"tabs":          {`,"separator":"tab"`, "a.csv", []string{`{"a":"x y","b":2}`}, "a\tb\tshopbell_key\nx y\t2\t\"k0\"\n"},
		"lines":         {"", "a.jsonl", []string{`{"b":"=1","a":[1, 2.50]}`, `{"c":null}`}, `{"a":[1,2.50],"b":"=1","shopbell_key":"k0"}` + "\n" + `{"c":null,"shopbell_key":"k1"}` + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			out := open(t, account(folder, test.more))
			for i, row := range test.steps {
				add(t, out, fmt.Sprint("k", i), `{"file":"`+test.file+`","row":`+row+`}`)
			}
			holds(t, filepath.Join(folder, test.file), test.want)
		})
	}
}

// TestExample carries out the documented example.
func TestExample(t *testing.T) {
	folder := t.TempDir()
	var step map[string]any
	text := strings.NewReplacer(`"{{ order.id }}"`, "K8XTQ", `"{{ order.total }}"`, "12.5", `"{{ order.email }}"`, "jane@example.com").Replace(file.Action.Example)
	if err := yaml.Unmarshal([]byte(text), &step); err != nil {
		t.Fatal(err)
	}
	params, err := json.Marshal(step["file"])
	if err != nil {
		t.Fatal(err)
	}
	add(t, open(t, account(folder, "")), "k0", string(params))
	holds(t, filepath.Join(folder, "orders.csv"), "id,total,email,shopbell_key\nK8XTQ,12.5,jane@example.com,\"k0\"\n")
}

func TestColumns(t *testing.T) {
	folder := t.TempDir()
	out := open(t, account(folder, ""))
	add(t, out, "k0", `{"file":"a.csv","columns":["z","b","a"],"row":{"a":1,"z":2}}`)
	add(t, out, "k1", `{"file":"a.jsonl","columns":["z","b","a"],"row":{"a":1,"z":2}}`)
	holds(t, filepath.Join(folder, "a.csv"), "z,b,a,shopbell_key\n2,,1,\"k0\"\n")
	holds(t, filepath.Join(folder, "a.jsonl"), `{"z":2,"b":null,"a":1,"shopbell_key":"k1"}`+"\n")

	// A heading that people have changed counts.
	by := filepath.Join(folder, "by-hand.csv")
	if err := os.WriteFile(by, []byte("\uFEFFshopbell_key,b,\"a\"\r\n,x,y\r\n\r\nold,1,\"5\"\" wide\"\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	add(t, out, "k2", `{"file":"by-hand.csv","row":{"a":"1"}}`)
	if added, err := send(t.Context(), out, "old", `{"file":"by-hand.csv","row":{"a":"1"}}`); added || err != nil {
		t.Errorf("a row that is there is added again: %v", err)
	}
	holds(t, by, "\uFEFFshopbell_key,b,\"a\"\r\n,x,y\r\n\r\nold,1,\"5\"\" wide\"\r\nk2,,\"1\"\n")
}

func TestRefused(t *testing.T) {
	folder := t.TempDir()
	out := open(t, account(folder, ""))
	add(t, out, "k", `{"file":"a.csv","row":{"a":1}}`)
	for name, text := range map[string]string{"plain.csv": "a,b\n1,2\n", "broken.csv": "a,shopbell_key\n\"x\"y,1\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, link := range [][2]string{{"/etc/passwd", "out.csv"}, {"..", "up"}} {
		if err := os.Symlink(link[0], filepath.Join(folder, link[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(folder, "dir.csv"), 0o700); err != nil {
		t.Fatal(err)
	}
	for params, says := range map[string]string{
		`{"file":"../a.csv","row":{"a":1}}`:                   "no folder",
		`{"file":"/tmp/a.csv","row":{"a":1}}`:                 "no folder",
		`{"file":"up/a.csv","row":{"a":1}}`:                   "no folder",
		`{"file":"..\\a.csv","row":{"a":1}}`:                  "no folder",
		`{"file":".csv","row":{"a":1}}`:                       "begins with no dot",
		`{"file":"a.txt","row":{"a":1}}`:                      "does not end in .csv",
		`{"file":"a\u0000.csv","row":{"a":1}}`:                "not the name",
		`{"file":"out.csv","row":{"a":1}}`:                    "escapes",
		`{"file":"dir.csv","row":{"a":1}}`:                    "directory",
		`{"file":"a.csv","row":{"b":1}}`:                      `no column "b"; its heading is a, shopbell_key`,
		`{"file":"plain.csv","row":{"a":1}}`:                  "add it",
		`{"file":"broken.csv","row":{"a":1}}`:                 "not a row",
		`{"file":"a.csv","row":{"shopbell_key":1}}`:           "step's key",
		`{"file":"a.csv","row":{"=a":1}}`:                     "no name of a column",
		`{"file":"a.csv","columns":["b"],"row":{"a":1}}`:      "not in columns",
		`{"file":"a.csv","row":{"a":"zero \u0000"}}`:          "zero byte",
		`{"file":"a.csv","columns":["@b","a"],"row":{"a":1}}`: "formula",
	} {
		_, err := send(t.Context(), out, "k1", params)
		if a := actions.OutcomeOf(err); a.Blame != actions.BlameRequest || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %+v (%v), want %q", params, a, err, says)
		}
	}
	_, err := send(t.Context(), open(t, account(filepath.Join(folder, "none"), "")), "k1", `{"file":"a.csv","row":{"a":1}}`)
	if a := actions.OutcomeOf(err); a.Blame != actions.BlameAccount {
		t.Errorf("a folder that is not there: %+v (%v)", a, err)
	}
	holds(t, filepath.Join(folder, "a.csv"), "a,shopbell_key\n1,\"k\"\n")
}

func TestTest(t *testing.T) {
	folder := t.TempDir()
	for _, test := range []struct {
		folder string
		fine   bool
	}{{folder, true}, {filepath.Join(folder, "none"), false}} {
		tester, _ := actions.TesterOf(open(t, account(test.folder, "")))
		said, err := tester.Test(t.Context())
		if (err == nil) != test.fine || test.fine && !strings.Contains(said, folder) || err != nil && actions.OutcomeOf(err).Blame != actions.BlameAccount {
			t.Errorf("%s: %q, %v", test.folder, said, err)
		}
	}
	if left, _ := os.ReadDir(folder); len(left) > 0 {
		t.Errorf("it leaves %v", left)
	}
}

const each = 60 // rows of each writer

// writeMany is what the processes of TestProcesses do.
func writeMany(folder, name string) {
	out, err := file.Action.Open(actions.Env{Log: slog.New(slog.DiscardHandler)}, json.RawMessage(account(folder, "")))
	for i := 0; i < each && err == nil; i++ {
		_, err = send(context.Background(), out, fmt.Sprint(name, "-", i), `{"file":"a.csv","row":{"text":"`+strings.Repeat(name, 200)+`","n":`+fmt.Sprint(i)+`}}`)
		fmt.Println(i)
	}
	if err != nil {
		fmt.Println("failed:", err)
	}
}

// TestProcesses holds that rows of many writers, in several processes, are not mixed, also when some are killed.
func TestProcesses(t *testing.T) {
	folder := t.TempDir()
	var group sync.WaitGroup
	for i, name := range []string{"a", "b", "c"} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "SHOPBELL_TEST_FOLDER="+folder, "SHOPBELL_TEST_NAME="+name)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		group.Go(func() {
			scanner := bufio.NewScanner(out)
			for n := 0; scanner.Scan(); n++ {
				if strings.HasPrefix(scanner.Text(), "failed") {
					t.Errorf("%s: %s", name, scanner.Text())
				}
				if i == 2 && n == each/3 {
					_ = cmd.Process.Kill()
				}
			}
			_ = cmd.Wait()
		})
	}
	group.Wait()
	// What was killed is done again, by two accounts at once, which know nothing of each other.
	for range 2 {
		out := open(t, account(folder, ""))
		for _, name := range []string{"c", "a"} {
			group.Go(func() {
				for i := range each {
					if _, err := send(t.Context(), out, fmt.Sprint(name, "-", i), `{"file":"a.csv","row":{"text":"`+strings.Repeat(name, 200)+`","n":`+fmt.Sprint(i)+`}}`); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	group.Wait()
	text, err := os.ReadFile(filepath.Join(folder, "a.csv"))
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	seen := map[string]bool{}
	for _, row := range rows[1:] {
		cells := strings.Split(row, ",")
		name := cells[1][:1]
		if len(cells) != 3 || cells[1] != strings.Repeat(name, 200) || cells[2] != fmt.Sprintf("%q", name+"-"+cells[0]) || seen[cells[2]] {
			t.Errorf("a row is not whole, or there twice: %s", row)
		}
		seen[cells[2]] = true
	}
	if rows[0] != "n,text,shopbell_key" || len(seen) != 3*each {
		t.Errorf("there are %d rows below %q", len(seen), rows[0])
	}
}

// TestHeld holds that a file that somebody else keeps is waited for within bounds.
func TestHeld(t *testing.T) {
	folder := t.TempDir()
	out := open(t, account(folder, ""))
	add(t, out, "k0", `{"file":"a.csv","row":{"a":1}}`)
	release := file.Lock(t, filepath.Join(folder, "a.csv"))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := send(ctx, out, "k1", `{"file":"a.csv","row":{"a":1}}`); actions.OutcomeOf(err).Outcome != actions.OutcomeRetry {
		t.Errorf("got %v", err)
	}
	release()
	add(t, out, "k1", `{"file":"a.csv","row":{"a":1}}`)
}
