package rules_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shopbell/document"
	"shopbell/rules"
)

// templated gives the files of one rule that sends a template, which is order.html.
func templated(files map[string]string) map[string]string {
	all := map[string]string{"r.yaml": "rules:\n  - name: r\n    when: [order.created, order.updated]\n    if: order.total != was?.total\n    then:\n      - email: { to: a@b.c, subject: x, template: order.html }\n"}
	maps.Copy(all, files)
	return all
}

// page gives what a template says of an order.
func page(t testing.TB, files map[string]string, entity map[string]any) (string, error) {
	t.Helper()
	s := rules.Parse(templated(files), world())
	if stop, _ := document.Split(s.Problems()); len(stop) > 0 {
		t.Fatal(document.Text(stop))
	}
	return shown(t, s.Rules()[0], entity)
}

func shown(t testing.TB, r *rules.Rule, entity map[string]any) (string, error) {
	t.Helper()
	out, err := r.Render(rules.Branch{}, 0, input("order.created", entity, nil), nil)
	if err != nil {
		return "", err
	}
	var params struct{ Template, HTML string }
	if err := json.Unmarshal(out.Params, &params); err != nil {
		t.Fatalf("%v: %s", err, out.Params)
	}
	if params.Template != "order.html" {
		t.Errorf("the name is gone: %s", out.Params)
	}
	return params.HTML, nil
}

func TestPage(t *testing.T) {
	nasty := `<script>alert("x")</script> & 'y'`
	entity := order(map[string]any{"orderComments": nasty, "shippingPerson": nil, "extraFields": map[string]any{"b": "2", "a": "1"}, "paid": map[string]any{"at": 1e6}})
	for name, test := range map[string]struct{ text, want string }{
		"a field":           {`{{ .order.id }}`, `K8XTQ`},
		"a number":          {`{{ .order.total }} {{ .event.data.total }}`, `250.5 250`},
		"escaped":           {`<p>{{ .order.orderComments }}</p>`, `<p>&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt; &amp; &#39;y&#39;</p>`},
		"escaped attribute": {`<p title="{{ .order.orderComments }}">`, `<p title="&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt; &amp; &#39;y&#39;">`},
		"escaped address":   {`<a href="/?q={{ .order.orderComments }}">`, `<a href="/?q=%3cscript%3ealert%28%22x%22%29%3c%2fscript%3e%20%26%20%27y%27">`},
		"no script address": {`<a href="{{ "javascript:x" }}">`, `<a href="#ZgotmplZ">`},
		"line breaks":       {`{{ lineBreaks "<a\nb" }}`, "&lt;a<br>\nb"},
		"safe":              {`{{ safe "<b>x</b>" }}{{ html .order.orderComments }}`, `<b>x</b>&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt; &amp; &#39;y&#39;`},
		"money":             {`{{ money .order.total }} {{ .order.total | money }} {{ money 5 "USD" }}`, `€250.50 €250.50 $5.00`},
		"day and phone":     {`{{ day .order.createDate }} {{ phone "030 1234567" "DE" }}`, `21 November 2026 &#43;49301234567`},
		"plural":            {`{{ plural (len .order.items) "item" "items" }}`, `items`},
		"missing":           {`{{ or .order.shippingPerson.name .order.email }}`, `ann@example.com`},
		"if":                {`{{ if .order.shippingPerson }}a{{ else if eq .order.total 250.5 }}b{{ end }}`, `b`},
		"a missing branch":  {`{{ if .order.nobody.name }}a{{ else }}b{{ end }}`, `b`},
		"whole and not":     {`{{ if gt .order.total 250 }}a{{ end }}{{ if lt .order.total 251 }}b{{ end }}{{ if eq .event.data.total 250.0 }}c{{ end }}`, `abc`},
		"with":              {`{{ with index .order.items 1 }}{{ .name }} {{ $.order.id }}{{ end }}`, `Pot &lt;large&gt; K8XTQ`},
		"range":             {`{{ range .order.items }}{{ .sku }},{{ end }}`, `SW-1,HW-2,`},
		"range with place":  {`{{ range $i, $x := .order.items }}{{ $i }}{{ $x.sku }},{{ end }}`, `0SW-1,1HW-2,`},
		"range of a table":  {`{{ range $k, $v := .order.extraFields }}{{ $k }}{{ $v }},{{ end }}`, `a1,b2,`},
		"range of nothing":  {`{{ range .order.shippingPerson.x }}a{{ else }}none{{ end }}`, `none`},
		"break":             {`{{ range .order.items }}{{ .sku }}{{ break }}{{ end }}`, `SW-1`},
		"a variable":        {`{{ $n := 0 }}{{ range .order.items }}{{ $n = .sku }}{{ end }}{{ $n }}`, `HW-2`},
		"names of ours":     {`{{ $in := 1 }}{{ $len := "x" }}{{ $env := 2 }}{{ $add := 3 }}{{ $in }}{{ $len }}{{ $env }}{{ $add }}`, `1x23`},
		"a block":           {`{{ block "x" .order }}{{ .id }}{{ end }}`, `K8XTQ`},
		"a piece":           {`{{ define "x" }}{{ . }}{{ end }}{{ range .order.items }}{{ template "x" .name }}{{ end }}`, `TeaPot &lt;large&gt;`},
		"nested":            {`{{ money (or .order.nothing 3) }} {{ upper (trim " a ") }}`, `€3.00 A`},
		"spaces":            {"a {{- /* no */ -}} b {{ `c` }}", `ab c`},
		"a large number":    {`{{ .order.paid.at }}`, `1000000`},
		"words between":     {`{{ if and (contains .order.email "@") (startsWith .order.id "K8") (endsWith .order.id "TQ") (matches .order.id "^[A-Z0-9]+$") (in .order.customerGroup (split "VIP,X" ",")) }}yes{{ end }}`, `yes`},
		"a time":            {`{{ .event.created }}`, `2026-11-20T23:30:00Z`},
		"a layout":          {`{{ template "l" . }}{{ define "content" }}{{ .order.id }}{{ end }}`, `<body>K8XTQ Tea &amp; Co</body>`},
	} {
		t.Run(name, func(t *testing.T) {
			w := map[string]string{"order.html": test.text, "templates/layouts/l.html": `<body>{{ block "content" . }}nothing{{ end }} {{ .store.name }}</body>`}
			if strings.Contains(test.text, "nobody") || strings.Contains(test.text, "nothing") || strings.Contains(test.text, "paid") || strings.Contains(test.text, "shippingPerson.x") {
				w["order.html"] = strings.NewReplacer(".order.nobody", ".event.data.nobody", ".order.nothing", ".event.data.nothing", ".order.paid", ".event.data.paid", ".order.shippingPerson.x", ".event.data.nobody.x").Replace(test.text)
			}
			s := rules.Parse(templated(w), world())
			if stop, _ := document.Split(s.Problems()); len(stop) > 0 {
				t.Fatal(document.Text(stop))
			}
			for range 2 { // a press that was used says the same
				in := input("order.created", entity, nil)
				in.Data = map[string]any{"total": 250, "paid": map[string]any{"at": 1e6}}
				out, err := s.Rules()[0].Render(rules.Branch{}, 0, in, nil)
				var params struct{ HTML string }
				if err != nil || json.Unmarshal(out.Params, &params) != nil || params.HTML != test.want {
					t.Errorf("got %s (%v), want %s", params.HTML, err, test.want)
				}
			}
		})
	}
}

// What cannot be shown is an error with its place, in the words of templates.
func TestPageErrors(t *testing.T) {
	for text, want := range map[string]string{
		"a\n {{ .order.shippingPerson.name }}":                                        `order.html:2:5: .order.shippingPerson.name is empty; write {{ or .order.shippingPerson.name "…" }} to say what to put there, or {{ with … }} around it`,
		"{{ range .event.data.total }}{{ end }}":                                      `order.html:1:10: .event.data.total is a number, and range wants a list`,
		"{{ money .event.data.nothing }}":                                             `order.html:1:4: event.data.nothing is empty; write (or .event.data.nothing "…") to say what to take then`,
		"{{ range .order.items }}{{ (index $.event.data.list 5).x }}{{ end }}":        `order.html:1:28: (index $.event.data.list 5).x is empty; write {{ or ((index $.event.data.list 5).x) "…" }} to say what to put there, or {{ with … }} around it`,
		"{{ define \"x\" }}\n{{ .nothing }}{{ end }}{{ template \"x\" .event.data }}": `order.html:2:4: .nothing is empty; write {{ or .nothing "…" }} to say what to put there, or {{ with … }} around it`,
	} {
		if _, err := page(t, map[string]string{"order.html": text}, order(map[string]any{"shippingPerson": nil})); err == nil || err.Error() != want {
			t.Errorf("%s:\ngot  %v\nwant %s", text, err, want)
		}
	}
}

// However a template is written, it ends soon, and with a bounded text.
func TestPageBounds(t *testing.T) {
	items := make([]any, 1000)
	for i := range items {
		items[i] = map[string]any{"sku": strings.Repeat("x", 2000), "name": "y", "quantity": 1, "price": 1}
	}
	entity := order(map[string]any{"items": items})
	each := `{{ range $.order.items }}`
	double := "{{ define \"p0\" }}{{ end }}"
	for i := range 8 {
		double += fmt.Sprintf("{{ define \"p%d\" }}{{ template \"p%d\" . }}{{ template \"p%d\" . }}{{ end }}", i+1, i, i)
	}
	for name, test := range map[string]struct{ text, want string }{
		"rounds in rounds":    {strings.Repeat(each, 4) + "{{ .name }}" + strings.Repeat("{{ end }}", 4), "it takes too long"},
		"rounds of nothing":   {strings.Repeat(each, 4) + strings.Repeat("{{ end }}", 4), "it takes too long"},
		"pieces in rounds":    {double + strings.Repeat(each, 3) + `{{ template "p7" . }}` + strings.Repeat("{{ end }}", 3), "it takes too long"},
		"a long text":         {each + "{{ .sku }}{{ end }}", "larger than 1 MB"},
		"a long text of ours": {each + strings.Repeat("0123456789", 150) + "{{ end }}", "larger than 1 MB"},
		"dear functions":      {each + each + `{{ if contains (upper .sku) (lower .sku) }}{{ end }}{{ end }}{{ end }}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := rules.Parse(templated(map[string]string{"order.html": test.text}), world())
			if stop, _ := document.Split(s.Problems()); len(stop) > 0 {
				if test.want == "" {
					return
				}
				t.Fatal(document.Text(stop))
			}
			begun := time.Now()
			_, err := shown(t, s.Rules()[0], entity)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
			if took := time.Since(begun); took > 4*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// A run that waits keeps the templates that it began with, whatever becomes of the files.
func TestPagePinned(t *testing.T) {
	files := templated(map[string]string{"order.html": "{{ template \"l\" . }}{{ define \"content\" }}\t{{ .order.id }}\r\n: \"é\" {{ with .order.shippingPerson }}{{ .name }}{{ end }}{{ end }}", "templates/layouts/l.html": "<b>{{ template \"content\" . }}</b>"})
	s := rules.Parse(files, world())
	before := s.Rules()[0]
	want, err := shown(t, before, order(nil))
	if err != nil {
		t.Fatal(err)
	}
	again, err := rules.Compile(before.Text, before.Directory, world())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := shown(t, again, order(nil)); err != nil || got != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
	if again.Revision != before.Revision || again.Need() != before.Need() {
		t.Errorf("got %s %+v, want %s %+v", again.Revision, again.Need(), before.Revision, before.Need())
	}
	files["templates/layouts/l.html"] += "!"
	if now := rules.Parse(files, world()).Rules()[0]; now.Revision == before.Revision {
		t.Error("a rule with another layout is the same revision")
	}
}

// What a rule reads only in a template is asked for.
func TestPageNeeds(t *testing.T) {
	s := rules.Parse(map[string]string{"order.html": "{{ .store.name }} {{ money .event.data.total }}",
		"r.yaml": "rules: [ { name: r, when: order.created, then: [ email: { to: a@b.c, subject: x, template: order.html } ] } ]"}, world())
	if need := s.Need("ecwid", "1003", "order.created"); !need.Profile || !need.Data || need.Entity {
		t.Errorf("got %+v", need)
	}
}

// A template counts as a part of each directory whose rules use it: it is read again when it changes, when another one comes
// before it, and when it goes; what is broken keeps what was.
func TestPageReload(t *testing.T) {
	dir := t.TempDir()
	for _, folder := range []string{"templates", "1003/templates", "1004"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	rule := "rules: [ { name: r, when: order.created, then: [ email: { to: a@b.c, subject: x, template: order.html } ] } ]"
	writeFile(t, filepath.Join(dir, "r.yaml"), rule)
	writeFile(t, filepath.Join(dir, "1003", "r.yaml"), rule)
	writeFile(t, filepath.Join(dir, "1004", "r.yaml"), "rules: [ { name: r, when: order.created, then: [ log: { message: x } ] } ]")
	writeFile(t, filepath.Join(dir, "templates", "order.html"), "one")
	set := rules.Load(dir, world(), nil)
	all := func() []string {
		var said []string
		for _, r := range set.Rules()[:2] {
			text, err := shown(t, r, order(nil))
			if err != nil {
				t.Fatal(err)
			}
			said = append(said, text)
		}
		return said
	}
	for _, step := range []struct {
		do      func()
		changed []string
		says    []string
		broken  []string
	}{
		{func() {}, []string{}, []string{"one", "one"}, nil},
		{func() { writeFile(t, filepath.Join(dir, "templates", "order.html"), "two") }, []string{"templates"}, []string{"two", "two"}, nil},
		{func() { writeFile(t, filepath.Join(dir, "1003", "templates", "order.html"), "own") }, []string{"1003"}, []string{"two", "own"}, nil},
		{func() { writeFile(t, filepath.Join(dir, "templates", "order.html"), "{{ .order.totl }}") }, []string{"templates"}, []string{"two", "own"}, []string{""}},
		{func() { _ = os.RemoveAll(filepath.Join(dir, "1003", "templates")) }, []string{"1003"}, []string{"two", "own"}, []string{"", "1003"}},
		{func() { writeFile(t, filepath.Join(dir, "templates", "order.html"), "three") }, []string{"templates"}, []string{"three", "three"}, nil},
		{func() { writeFile(t, filepath.Join(dir, "order.html"), "beside") }, []string{"", "order.html"}, []string{"beside", "beside"}, nil},
	} {
		step.do()
		before := map[string]string{}
		for _, d := range set.Directories() {
			before[d.Name] = d.Revision
		}
		set = rules.LoadFolders(dir, world(), set, step.changed)
		if got := all(); !slices.Equal(got, step.says) {
			t.Errorf("after %v: got %v, want %v", step.changed, got, step.says)
		}
		var broken []string
		for _, d := range set.Directories() {
			if d.Broken {
				broken = append(broken, d.Name)
			}
			if d.Name == "1004" && d.Revision != before["1004"] {
				t.Error("a directory without templates has changed")
			}
			if d.Name == "" && len(step.changed) > 0 && step.changed[0] != "1003" && d.Revision == before[""] {
				t.Errorf("after %v, the directory is said to be the same", step.changed)
			}
		}
		if !slices.Equal(broken, step.broken) {
			t.Errorf("after %v: broken are %v, want %v", step.changed, broken, step.broken)
		}
	}
}

// A link that leads out of the rules directory is not followed.
func TestPageLink(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	writeFile(t, filepath.Join(out, "secret.html"), "secret")
	for name, text := range templated(nil) {
		writeFile(t, filepath.Join(dir, name), text)
	}
	if err := os.Symlink(filepath.Join(out, "secret.html"), filepath.Join(dir, "order.html")); err != nil {
		if os.Getenv("SHOPBELL_REQUIRE_ALL") != "" {
			t.Fatalf("SHOPBELL_REQUIRE_ALL is set, and no link can be made: %v", err)
		}
		t.Skipf("no link can be made on this machine: %v", err)
	}
	if got := document.Text(rules.Load(dir, world(), nil).Problems()); !strings.Contains(got, `"order.html" cannot be read: it is a link that leads out of the rules directory`) {
		t.Errorf("got %s", got)
	}
}

// Many messages are made of one page at once, each of its own order.
func TestPageAtOnce(t *testing.T) {
	s := rules.Parse(templated(map[string]string{"order.html": benchPage, "templates/layouts/l.html": `<body>{{ template "content" . }} {{ .store.name }}</body>`}), world())
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 20 {
				id := fmt.Sprintf("A%d-%d", i, j)
				if got, err := shown(t, s.Rules()[0], order(map[string]any{"id": id})); err != nil || !strings.Contains(got, "?id="+id+`"`) {
					t.Errorf("%s: got %s (%v)", id, got, err)
				}
			}
		})
	}
	all.Wait()
}

// FuzzPage holds that no template makes a load or a rendering panic, and that what a customer wrote never becomes markup.
func FuzzPage(f *testing.F) {
	for _, seed := range []string{
		`{{ .order.id }}`, `{{ range $i, $x := .order.items }}{{ $x.name }}{{ end }}`, `{{ with .order }}{{ .id }}{{ end }}`, `{{ define "x" }}{{ . }}{{ end }}{{ template "x" $.order.id }}`,
		`{{ if or (not .order.id) (and .order.total 5) }}{{ index .order.items 0 }}{{ end }}`, `{{ $x := . }}{{ $x.order.id }}`, `{{ (money 5) }}{{ "a" | upper }}{{ .. }}`, `{{ block "x" . }}{{ break }}{{ end }}`,
		`{{ $ }}{{ $x.y }}{{ nil }}{{ . }}`, `{{ range 5 }}{{ . }}{{ end }}`, `{{ template "order.html" }}`, `<a href='{{ .order.orderComments }}'`, `{{ 'x' }}{{ 1i }}{{ 0x10 }}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "<evil") || strings.Contains(text, "safe") {
			return
		}
		s := rules.Parse(templated(map[string]string{"order.html": text}), world())
		if len(s.Rules()) == 0 {
			return
		}
		got, err := shown(t, s.Rules()[0], order(map[string]any{"orderComments": "<evil>"}))
		if err == nil && strings.Contains(got, "<evil>") {
			t.Errorf("%s shows %s", text, got)
		}
		again, err := rules.Compile(s.Rules()[0].Text, "", world())
		if err != nil {
			t.Fatalf("%q cannot be made again: %v", text, err)
		}
		if second, err2 := shown(t, again, order(map[string]any{"orderComments": "<evil>"})); err == nil && (err2 != nil || second != got) && got != "" {
			t.Errorf("%q: got %q (%v), want %q", text, second, err2, got)
		}
	})
}

// What a directory defines means in a template what it means in its rules, also for a run that waits.
func TestPageDefined(t *testing.T) {
	s := rules.Parse(templated(map[string]string{
		"define.yaml": "define:\n  conditions:\n    large: order.total > 200\n  lists:\n    mine: [SW-1]\n",
		"order.html":  `{{ if .large }}large{{ end }}{{ range $.order.items }}{{ if in .sku $.mine }} {{ .sku }}{{ end }}{{ end }}`,
	}), world())
	if stop, _ := document.Split(s.Problems()); len(stop) > 0 {
		t.Fatal(document.Text(stop))
	}
	again, err := rules.Compile(s.Rules()[0].Text, "", world())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []*rules.Rule{s.Rules()[0], again} {
		if got, err := shown(t, r, order(nil)); err != nil || got != "large SW-1" {
			t.Errorf("got %q, %v", got, err)
		}
	}
}
