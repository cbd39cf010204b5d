package examples_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	"shopbell/actions"
	"shopbell/actions/plugin"
	"shopbell/actions/plugin/examples"
	"shopbell/document"
)

// TestExamples holds that an example in each language passes the exam, and does what it says.
func TestExamples(t *testing.T) {
	for _, language := range examples.Languages() {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			if command := map[string]string{"sh": "sh", "python": "python3", "node": "node", "go": "go"}[language]; !has(command) {
				if os.Getenv("SHOPBELL_REQUIRE_ALL") != "" {
					t.Fatalf("%s is not there", command)
				}
				t.Skipf("%s is not there", command)
			}
			dir := t.TempDir()
			made, err := examples.Write(dir, "hello", language)
			if err != nil || made.Next != "" {
				t.Fatalf("%+v, %v", made, err)
			}
			set := plugin.Load(dir, nil, nil)
			if problems := set.Problems(); len(problems) > 0 {
				t.Fatal(document.Text(problems))
			}
			defer set.Close(nil)
			p := set.Find("hello")
			marks := 0
			if err := (&plugin.Candidate{Plugin: p}).Examine(t.Context(), func(m plugin.Mark) {
				marks++
				if m.Err != nil {
					t.Errorf("%s: %v", m.Part, m.Err)
				}
			}); err != nil || marks < 10 {
				t.Errorf("%d marks, %v", marks, err)
			}
			out, err := p.Kind.Open(actions.Env{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			const text = `quoted "\ é, line
break`
			params, _ := json.Marshal(map[string]string{"text": text})
			result, err := out.Send(t.Context(), actions.Call[json.RawMessage]{Key: "key", Try: 1, Params: params})
			if err != nil || result["said"] != text {
				t.Errorf("got %q, %v", result["said"], err)
			}
		})
	}
}

func has(command string) bool {
	_, err := exec.LookPath(command)
	return err == nil
}

func TestWriteRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := examples.Write(dir, "hello", "sh"); err != nil {
		t.Fatal(err)
	}
	for _, test := range [][2]string{{"hello", "sh"}, {"other", "cobol"}, {"../other", "sh"}, {"Other", "sh"}} {
		if _, err := examples.Write(dir, test[0], test[1]); err == nil {
			t.Errorf("%v is written", test)
		}
	}
}
