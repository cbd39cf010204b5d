package cli

import (
	"os"
	"slices"
	"strings"
	"testing"

	"shopbell/rules"
)

// mailing is a rule file whose one rule sends a template.
const mailing = "rules:\n  - name: mail\n    when: order.created\n    then:\n      - email: { to: a@example.com, subject: x, template: order.html }\n"

// TestTemplatesAreWatched holds that a template counts as rules do: wherever it lies, and whenever its folder came to be.
func TestTemplatesAreWatched(t *testing.T) {
	t.Parallel()
	f := watching(t, map[string]string{"top.yaml": mailing, "1003/own.yaml": mailing, "order.html": `{{ template "l" . }}`, "templates/layouts/l.html": "first"}, nil)
	says := func(words string, want ...string) {
		f.Helper()
		f.until(words, func(s *rules.Set) bool {
			var found []string
			for _, r := range s.Rules() {
				if strings.Contains(r.Text, words) {
					found = append(found, r.ID())
				}
			}
			slices.Sort(found)
			return slices.Equal(found, want)
		})
	}
	f.write(f.path("templates/layouts/l.html"), "second")
	says("second", "1003/mail", "mail")
	f.write(f.path("1003/templates/layouts/l.html"), "own")
	says("own", "1003/mail")
	f.write(f.path("1003/templates/layouts/l.html"), "newer")
	says("newer", "1003/mail")
	f.write(f.path("templates/layouts/l.html"), "{{ .order.totl }}")
	f.until("a problem", func(s *rules.Set) bool { return len(s.Problems()) == 1 })
	if got := f.set().Rules()[0].Text; !strings.Contains(got, "second") {
		t.Errorf("a broken template has taken the place of the last good one: %s", got)
	}
	f.must(os.RemoveAll(f.path("1003/templates")))
	f.until("two broken folders", func(s *rules.Set) bool {
		return !slices.ContainsFunc(s.Directories(), func(d rules.Directory) bool { return !d.Broken })
	})
	f.write(f.path("templates/layouts/l.html"), "third")
	says("third", "1003/mail", "mail")
}

// TestStampOfTemplates holds that a look sees what nobody told of.
func TestStampOfTemplates(t *testing.T) {
	f := &watched{T: t, keeper: &keeper{dir: t.TempDir()}}
	seen := stampOf(f.dir)
	for _, name := range []string{"templates/a.html", "templates/deep/er/a.html", "1003/templates/a.html", "1003/templates/deep/a.html"} {
		for _, text := range []string{"x", "other"} {
			f.write(f.path(name), text)
			if now := stampOf(f.dir); now == seen {
				t.Errorf("%s has changed, and the stamp is the same", name)
			} else {
				seen = now
			}
		}
	}
}
