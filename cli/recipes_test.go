package cli

import (
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"shopbell/config"
	"shopbell/document"
	"shopbell/rules"
	"shopbell/rules/recipes"
)

// platforms are what a config needs besides for recipes of other platforms than Ecwid.
const platforms = `  cloudcart: { kind: cloudcart, stores: { shop1: { host: shop1.cloudcart.net, api_key: "${file:secrets/some}" } } }
  stripe: { kind: signed, preset: stripe, secret: "${file:secrets/some}" }
  shopify: { kind: signed, preset: shopify, secret: "${file:secrets/some}" }
`

// recipeShop is a folder as init writes it, with the accounts that stand in its config as comments, and moves there. The first
// rule is gone.
func recipeShop(t *testing.T) func(args ...string) (string, int) {
	t.Helper()
	t.Chdir(t.TempDir())
	run := func(args ...string) (string, int) {
		var out bytes.Buffer
		code := Main(args, strings.NewReader(""), &out, &out, os.LookupEnv)
		return out.String(), code
	}
	if out, code := run("init"); code != exitFine {
		t.Fatal(out)
	}
	conf := read(t, "shopbell.yaml")
	above, below, ok := strings.Cut(conf, "accounts: {}\n")
	if !ok {
		t.Fatal("init's config has other words for accounts now")
	}
	head, tail, ok := strings.Cut(above, "# Accounts hold")
	if !ok {
		t.Fatal("init's config has other words before accounts now")
	}
	accounts := "# Accounts hold" + tail + "accounts:\n" + regexp.MustCompile(`(?m)^#`).ReplaceAllString(below, "")
	for name, text := range map[string]string{"shopbell.yaml": head + accounts, "all.yaml": head + platforms + "\n" + accounts} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, named := range regexp.MustCompile(`file:(secrets/[a-z-]+)`).FindAllStringSubmatch(platforms+accounts, -1) {
		if err := os.WriteFile(named[1], []byte("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove("rules/first.yaml"); err != nil {
		t.Fatal(err)
	}
	return run
}

// configOf names the config of [recipeShop] for a recipe.
func configOf(r recipes.Recipe) string {
	if strings.Contains(r.Needs, "source") {
		return "all.yaml"
	}
	return "shopbell.yaml"
}

const inShadow = "    mode: shadow    # Nothing is sent yet. Look at what it would do, then delete this line.\n"

// TestRecipes holds that each recipe works in a folder as init writes it, as soon as the accounts are there: no problem, no
// warning, the schema takes it, its tests pass and leave no clause of a condition unseen, in shadow and live.
func TestRecipes(t *testing.T) {
	run := recipeShop(t)
	schemas, worlds := map[string]*jsonschema.Schema{}, map[string]rules.World{}
	for _, name := range []string{"shopbell.yaml", "all.yaml"} {
		c, problems := config.Load(name, kinds())
		if len(problems) > 0 {
			t.Fatal(document.Text(problems))
		}
		schemas[name], worlds[name] = schemaOf(t, run, name), worldOf(c, open(c, slog.New(slog.DiscardHandler)))
	}
	for _, r := range recipes.All() {
		if err := schemas[configOf(r)].Validate(valueOf(t, r)); err != nil {
			t.Errorf("%s does not fit the schema: %v", r.Name, err)
		}
		if out, code := run("init", "--recipe", r.Name); code != exitFine || !strings.Contains(out, r.Change) {
			t.Fatalf("%s: %d %s", r.Name, code, out)
		}
		path := filepath.Join("rules", r.Name+".yaml")
		text := read(t, path)
		if text != string(r.Text) || text != read(t, filepath.Join("recipes", r.Name+".yaml")) {
			t.Errorf("%s: another text was written", r.Name)
		}
		if out, code := run("check", "-c", configOf(r)); code != exitFine || !strings.Contains(out, "no problems, no warnings") {
			t.Errorf("%s: exit code %d\n%s", r.Name, code, out)
		}
		out, code := run("test", "-c", configOf(r))
		if code != exitFine || strings.Contains(out, " in no test") || strings.Contains(out, "has no test") || strings.HasPrefix(out, "no tests") {
			t.Errorf("%s: exit code %d\n%s", r.Name, code, out)
		}
		liveRecipe(t, r, worlds[configOf(r)])
		for name, want := range r.Files {
			if got := read(t, filepath.Join("rules", name)); got != want || got != read(t, filepath.Join("recipes", name)) {
				t.Errorf("%s: another %s was written", r.Name, name)
			}
			if err := os.Remove(filepath.Join("rules", name)); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// recipeFiles is a folder of rules with one recipe, and what it brings.
func recipeFiles(r recipes.Recipe) map[string]string {
	files := map[string]string{r.Name + ".yaml": string(r.Text)}
	maps.Copy(files, r.Files)
	return files
}

// liveRecipe does the same with the recipe out of shadow: there each action looks at its parameters, too.
func liveRecipe(t *testing.T, r recipes.Recipe, w rules.World) {
	t.Helper()
	if n := bytes.Count(r.Text, []byte(inShadow)); n != len(ruleNodes(t, r)) {
		t.Errorf("%s: %d rules are in shadow by the usual line", r.Name, n)
	}
	files := recipeFiles(r)
	files[r.Name+".yaml"] = strings.ReplaceAll(string(r.Text), inShadow, "")
	set := rules.Parse(files, w)
	suite := rules.ParseTrials(files, set)
	if problems := append(set.Problems(), suite.Problems()...); len(problems) > 0 {
		t.Errorf("%s: live:\n%s", r.Name, document.Text(problems))
	}
	if report := suite.Run(nil); report.Failed > 0 || report.Passed == 0 {
		t.Errorf("%s: live: %d tests pass, %d fail: %+v", r.Name, report.Passed, report.Failed, report.Results)
	}
}

// TestRecipesTogether holds that recipes can be used side by side: no name is taken twice, and none breaks another.
func TestRecipesTogether(t *testing.T) {
	run := recipeShop(t)
	for _, r := range recipes.All() {
		if configOf(r) == "all.yaml" { // with several platforms, "when" has to name them
			if err := os.Remove("recipes/" + r.Name + ".yaml"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if out, code := run("check", "recipes"); code != exitFine || !strings.Contains(out, "no problems") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}

// TestRecipesSayWhatTheyNeed holds that the words at the top of each recipe are there, and true.
func TestRecipesSayWhatTheyNeed(t *testing.T) {
	if n := len(recipes.All()); n < 25 {
		t.Errorf("only %d recipes", n)
	}
	for _, r := range recipes.All() {
		if r.Title == "" || r.About == "" || r.Needs == "" || r.Change == "" || len(r.Title) > 70 {
			t.Errorf("%s: want a title of at most 70 characters, what it is about, what it needs and what to change: %+v", r.Name, r)
		}
		writes := false
		for _, rule := range ruleNodes(t, r) {
			name, _ := rule["name"].(string)
			if !strings.HasPrefix(name, r.Name) {
				t.Errorf("%s: the rule %q has another name", r.Name, name)
			}
			if rule["description"] == nil || rule["tags"] == nil || rule["mode"] != "shadow" {
				t.Errorf("%s: want a description, tags and mode: shadow", r.Name)
			}
			tags := fmt.Sprint(rule["tags"])
			for _, step := range stepsOf(rule) {
				action, params := actionOf(step)
				if k := byName(kinds().Actions)[action]; k != nil && !k.NoAccount && !strings.Contains(r.Needs, action) {
					t.Errorf("%s: it does not say that it needs an account for %s", r.Name, action)
				}
				to := fmt.Sprint(params["to"], params["cc"], params["bcc"])
				if action == "email" && params["text"] == nil && params["template"] == nil {
					t.Errorf("%s: a mail has no text", r.Name)
				}
				to += fmt.Sprint(params["email"])
				if regexp.MustCompile(`(order|cart|customer)\.(customer\.)?email|Person\?\.phone`).MatchString(to) {
					writes = true
					if !strings.Contains(tags, "customer") {
						t.Errorf("%s: it writes to customers, and has no tag that says so", r.Name)
					}
				}
			}
			marketing := strings.Contains(tags, "marketing")
			if asks := strings.Contains(fmt.Sprint(rule["if"]), "acceptMarketing == true"); marketing != asks || marketing && !strings.Contains(r.Consent, "advertising") {
				t.Errorf("%s: marketing asks acceptMarketing, and says so under Consent", r.Name)
			}
		}
		if writes != (r.Consent != "") {
			t.Errorf("%s: writes to customers: %v, and says of consent: %q", r.Name, writes, r.Consent)
		}
	}
}

// schemaOf compiles the schema that editors get with a config.
func schemaOf(t *testing.T, run func(...string) (string, int), conf string) *jsonschema.Schema {
	t.Helper()
	out, code := run("schema", "-c", conf)
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(out))
	if err != nil || code != exitFine {
		t.Fatalf("exit code %d: %v\n%s", code, err, out)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("rules.schema.json", value); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("rules.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func valueOf(t *testing.T, r recipes.Recipe) any {
	t.Helper()
	file, problems := document.Parse(r.Name+".yaml", r.Text)
	if len(problems) > 0 {
		t.Fatal(document.Text(problems))
	}
	return document.Value(file.Root)
}

// ruleNodes gives the rules of a recipe as they are written.
func ruleNodes(t *testing.T, r recipes.Recipe) []map[string]any {
	t.Helper()
	var found []map[string]any
	whole, _ := valueOf(t, r).(map[string]any)
	list, _ := whole["rules"].([]any)
	for _, rule := range list {
		found = append(found, rule.(map[string]any))
	}
	return found
}

func stepsOf(rule map[string]any) (steps []map[string]any) {
	for _, key := range []string{"then", "else"} {
		list, _ := rule[key].([]any)
		for _, step := range list {
			steps = append(steps, step.(map[string]any))
		}
	}
	return steps
}

func actionOf(step map[string]any) (string, map[string]any) {
	for _, k := range kinds().Actions {
		if params, ok := step[k.Name].(map[string]any); ok {
			return k.Name, params
		}
	}
	return "", nil
}

// TestRecipesPage holds that docs/recipes.md lists what there is. With -update it is written anew.
func TestRecipesPage(t *testing.T) {
	var b strings.Builder
	b.WriteString(recipesHead)
	for _, r := range recipes.All() {
		var tags []string
		for _, rule := range ruleNodes(t, r) {
			for _, tag := range rule["tags"].([]any) {
				tags = append(tags, tag.(string))
			}
		}
		slices.Sort(tags)
		fmt.Fprintf(&b, "| [%s](../rules/recipes/%s.yaml) | **%s.** %s | %s | %s |\n", r.Name, r.Name, r.Title, r.About, strings.TrimSuffix(r.Needs, "."), strings.Join(slices.Compact(tags), ", "))
	}
	same(t, "../docs/recipes.md", b.String())
}

// TestRecipesRender holds that every condition of a recipe has an answer for what a store really has, and that every message can
// be made of it: orders of guests, products without stock, people without a name.
func TestRecipesRender(t *testing.T) {
	store := fullStore(t)
	rendered := map[string]int{}
	for _, r := range recipes.All() {
		set := rules.Parse(recipeFiles(r), defaultWorld())
		for _, rule := range set.Rules() {
			for _, in := range store.inputs(t, rule) {
				if d := rule.Decide(in); d.Verdict == rules.Errs {
					t.Errorf("%s on %v: %v", rule.Name, in.Entity["id"], d.Err)
				}
				rendered[r.Name] += renderAll(t, rule, in)
			}
		}
		if rendered[r.Name] == 0 && !strings.Contains(r.Needs, "source") {
			t.Errorf("%s: nothing was rendered", r.Name)
		}
	}
	if len(rendered) < 25 {
		t.Errorf("only %d recipes were rendered", len(rendered))
	}
}

const recipesHead = `# Recipes

Made from the files in [rules/recipes](../rules/recipes). Each is a rule file for something that stores want often: at its top stands what
it does, what it needs and what to change; below that the rules, and their tests.

` + "`shopbell init`" + ` writes all of them into the folder ` + "`recipes`" + `, beside the rules folder, where they do nothing. Copy one into the rules
folder, or let the program do it:

` + "```sh" + `
shopbell init --recipes                      # list them
shopbell init --recipe low-stock,shipped     # write these two into rules/
shopbell check && shopbell test
` + "```" + `

Each rule of a recipe is in ` + "`mode: shadow`" + `: it decides and makes its messages, which the dashboard shows, and sends nothing.
When you like what you see, delete that line.

A recipe that brings files of its own, such as the template of a mail, has them in the folder ` + "`templates`" + ` beside it: copy them, too. ` + "`init --recipe`" + `
does, and leaves alone what is there already.

They are for Ecwid, unless the name says otherwise. With several platforms in one config, write the source before the event types:
` + "`when: ecwid:order.created`" + `, in the tests too.

Where a recipe writes to customers, its file says why it may ("Consent"). What advertises goes only to those who have said yes.

| recipe | what it does | it needs | tags |
|---|---|---|---|
`
