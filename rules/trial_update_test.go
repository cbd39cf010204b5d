package rules_test

import (
	"slices"
	"strings"
	"testing"

	"shopbell/document"
	"shopbell/rules"
)

// TestTrialUpdate holds what is written into failing tests, and that nothing else of the file changes.
func TestTrialUpdate(t *testing.T) {
	const given = "given: { event: order.created, entity: { id: A1, total: 250, email: a@example.com, items: [{ sku: SW-1, quantity: 1 }] } }"
	for name, c := range map[string]struct{ before, after string }{
		"none": {"    expect: none # for now", `    expect: # for now
      - rule: big
        slack:
          channel: '#sales'
          text: A1
      - rule: keys
        license_key:
          pool: games
      - rule: keys
        email:
          to: a@example.com
          subject: Key
          text: |
            SW-1
            (key.value)`},
		"some are right": {`    expect:
    # the bell
    - slack: {channel: "#sales"}   # kept as it is
    # the key
    - license_key: {pool: "movies"} # the pool
    # what is gone
    - log

    # the mail
    - email:
        to:   "a@example.com" # spaced
        # what it says
        subject: Keys # changed
        text: /key/`, `    expect:
    # the bell
    - slack: {channel: "#sales"}   # kept as it is
    # the key
    - license_key: {pool: "games"} # the pool
    # the mail
    - email:
        to: "a@example.com" # spaced
        # what it says
        subject: Key # changed
        text: /key/`},
		"in one line": {`    expect: [slack, { license_key: { pool: x } }]`, `    expect:
      - rule: big
        slack:
          channel: '#sales'
          text: A1
      - {license_key: {pool: games}}
      - rule: keys
        email:
          to: a@example.com
          subject: Key
          text: |
            SW-1
            (key.value)`},
		"partial": {"    partial: true\n    expect: [{ slack: { text: A2 } }]", "    partial: true\n    expect:\n      - {slack: {text: A1}}"},
		"exact":   {"    exact: true\n    partial: true\n    expect:\n      - slack: { text: A1 }", "    exact: true\n    partial: true\n    expect:\n      - slack: {text: A1, channel: '#sales'}"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, end := range []string{"\n", "\r\n"} {
				whole := func(expect string) string {
					text := "# Above.\ntests:\n  - name: first # of two\n    " + given + "\n" + expect + "\n\n  # Between.\n  - name: second\n    expect: none\n    " +
						"given: { event: profile.updated }\n# Below.\n"
					return strings.ReplaceAll(text, "\n", end)
				}
				files := map[string]string{"r.yaml": trialRules, "a_test.yaml": whole(c.before)}
				made, kept := trials(t, files, world()).Run(nil).Updated()
				if len(made) != 1 || len(kept) > 0 {
					t.Fatalf("%d files, kept %v", len(made), kept)
				}
				if got, want := string(made["a_test.yaml"]), whole(c.after); got != want {
					t.Fatalf("got\n%s\nwant\n%s", got, want)
				}
				files["a_test.yaml"] = string(made["a_test.yaml"])
				if r := trials(t, files, world()).Run(nil); r.Failed > 0 {
					t.Error(outline(r))
				}
			}
		})
	}
}

// What is not written line by line is left to people.
func TestTrialUpdateByHand(t *testing.T) {
	files := map[string]string{"r.yaml": trialRules, "a_test.yaml": `tests:
  - { name: a, given: { event: order.updated, entity: { id: A1, total: 250 } }, expect: none }
  - name: b
    given: { event: order.updated, entity: { id: A1, total: 250 } }
    expect: &x [log]
  - name: c
    given: { event: order.updated, entity: { id: A1, total: 250 } }
    expect: *x
`}
	made, kept := trials(t, files, world()).Run(nil).Updated()
	if len(made) != 0 || len(kept) != 3 || !slices.IsSorted(kept) || !strings.HasPrefix(kept[0], "a_test.yaml:2: a is not written line by line") {
		t.Errorf("%v %v", made, kept)
	}
}

// FuzzTrials holds that no tests make a load or a run panic, that each problem has a name and a place inside the file, that two runs
// say the same, and that what update writes makes tests pass that did not fail with an error.
func FuzzTrials(f *testing.F) {
	f.Add("tests:\n  - name: a\n    given: { event: order.created, entity: { id: A1, total: 250, items: [] } }\n    expect:\n      - slack: { text: A2 }\n      # b\n")
	f.Add("tests:\n- expect: [log] # c\n  name: a\n  given:\n  - event: order.updated\n    entity: { id: A1, total: 1 }\n  - event: order.updated\n  partial: true\n  exact: true\n")
	f.Add("tests:\n- name: a\n  expect: |\n    none\n  given: {event: product.updated, entity: {id: 1, quantity: 1}, profile: {currency: EUR}}\n")
	f.Add("tests:\r\n- name: é\r\n  expect:\r\n  - {}\r\n  - log:\r\n\r\n  - \r\n    slack: {text: \"a\\nb\"}\r\n  given: {event: order.updated, entity: {id: 1, total: 1e3}}\r\n")
	for _, c := range filedCases(f) {
		for name, text := range c.files {
			if strings.HasSuffix(name, "_test.yaml") || strings.Contains(text, "tests:") {
				f.Add(text)
			}
		}
	}
	base := rules.Parse(map[string]string{"r.yaml": trialRules}, fuzzWorld())
	f.Fuzz(func(t *testing.T, text string) {
		files := map[string]string{"a_test.yaml": text}
		suite := rules.ParseTrials(files, base)
		within(t, suite.Problems(), files)
		for _, p := range suite.Problems() {
			if p.ID == "" || p.ID == "other-problem" || p.ID == "other-warning" {
				t.Errorf("%q has no name", p.Message)
			}
		}
		if stop, _ := document.Split(suite.Problems()); len(stop) > 0 {
			return
		}
		first, second := suite.Run(nil), rules.ParseTrials(files, base).Run(nil)
		if a, b := outline(first), outline(second); a != b {
			t.Errorf("%s\nthen\n%s", a, b)
		}
		made, _ := first.Updated()
		if made["a_test.yaml"] == nil {
			return
		}
		again := rules.ParseTrials(map[string]string{"a_test.yaml": string(made["a_test.yaml"])}, base).Run(nil)
		for i, one := range again.Results {
			if len(again.Results) != len(first.Results) || !one.Passed && len(one.Errors) == 0 && len(first.Results[i].Errors) == 0 && !strings.Contains(outline(again), "no error") {
				t.Errorf("%s\nbecame\n%s\n%s", text, made["a_test.yaml"], outline(again))
			}
		}
	})
}
