package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"shopbell/rules"
	"shopbell/server"
)

// writePlugin writes a plugin that appends its text and its account's key to a file beside the config.
func writePlugin(t *testing.T, folder, name, account string) {
	t.Helper()
	write(t, folder, "plugins/"+name+"/action.yaml", `protocol: 1
name: `+name+`
summary: Write down
run: run
params: { properties: { text: { type: string, description: What. } } }
example: { text: x }
`+account)
	write(t, folder, "plugins/"+name+"/run", `#!/bin/sh
sed -nE 's/.*"secrets":(\{[^}]*\}).*"text":"([^"]*)".*/\2 \1/p' >> "`+folder+`/said"
echo '{"outcome":"ok"}'
`)
	if err := os.Chmod(filepath.Join(folder, "plugins", name, "run"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// TestPlugs is what becomes of accounts of plugins while a server runs: one of a plugin that is broken comes when that is mended, with
// what the config says then; one that does not fit its plugin any more stays as it was.
func TestPlugs(t *testing.T) {
	r := newReloading(t)
	config := read(t, filepath.Join(r.folder, "shopbell.yaml"))
	account := "account: { properties: { key: { type: string, description: Key. } } }\nsecrets: [key]\n"
	const with = "accounts:\n  note: { kind: note, key: \"${file:key}\" }\n"
	write(t, r.folder, "shopbell.yaml", config+with)
	write(t, r.folder, "key", "first-key")
	writePlugin(t, r.folder, "note", account+"nonsense: 1\n")
	write(t, r.folder, "rules/a.yaml", "rules:\n  - name: note\n    when: order.created\n    then: [{ note: { text: \"{{ order.id }}\" } }]\n")
	h := r.house // which was started before any of this
	wait := func(what string, is func() bool) {
		t.Helper()
		for range 1000 {
			if is() {
				return
			}
			time.Sleep(10 * time.Millisecond) // a page, the rules and a file of a real program: no one signal tells of all three
		}
		t.Fatal(what)
	}
	said := func(want string) {
		t.Helper()
		order := r.order()
		wait("nothing is written down for "+order, func() bool {
			text, _ := os.ReadFile(filepath.Join(r.folder, "said"))
			return strings.Contains(string(text), order+" "+want)
		})
	}
	wait("the broken one is not seen", func() bool { return len(h.plugs.shown()) == 1 })
	if list := h.plugs.accountsShown(); slices.ContainsFunc(list, func(a server.Account) bool { return a.Kind == "note" }) {
		t.Errorf("an account of a plugin that cannot be used is shown: %+v", list)
	}
	write(t, r.folder, "key", "second-key")
	writePlugin(t, r.folder, "note", account)
	wait("the plugin does not come", func() bool {
		return slices.ContainsFunc(h.engine.Rules().Rules(), func(r *rules.Rule) bool { return r.Name == "note" })
	})
	said(`{"key":"second-key"}`)
	if p := h.plugs.shown()[0]; p.Mode != "once" || p.Pinned {
		t.Errorf("the plugin is shown as %+v", p)
	}
	shown := func() server.Account {
		list := h.plugs.accountsShown()
		return list[slices.IndexFunc(list, func(a server.Account) bool { return a.Name == "note" })]
	}
	if a := shown(); a.Kind != "note" || a.Problem != "" {
		t.Errorf("the account is shown as %+v", a)
	}
	writePlugin(t, r.folder, "note", strings.ReplaceAll(account, "key", "token"))
	wait("the other one does not come", func() bool { return h.plugs.shown()[0].Kind.Account.Fields()[0].Name == "token" })
	wait("it is not said that the account does not fit it", func() bool { return strings.Contains(shown().Problem, "stays as it was") })
	said(`{"key":"second-key"}`)
}
