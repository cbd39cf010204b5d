package cli

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"shopbell/actions"
	"shopbell/actions/plugin"
	"shopbell/actions/plugin/examples"
	"shopbell/config"
	"shopbell/document"
)

func (p *program) plugin() *cobra.Command {
	c := &cobra.Command{
		Use:   "plugin",
		Short: "Make, list and test action plugins",
		Long: `Plugins are actions that you add, in any language: each is a folder in the folder of plugins, with an action.yaml and a program or the
address of a service. What they are sent and what they answer is in docs/plugins.md.`,
		Example: "  shopbell plugin new hello --lang python\n  shopbell plugin test hello\n  shopbell plugin list",
		Args:    none,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(p.newPlugin(), p.listPlugins(), p.testPlugin(), p.pluginSchema())
	return c
}

// plugged gives the plugins of the config, or, where there is none or it cannot be read, of the folder beside it. conf is nil then.
func (p *program) plugged() (*plugin.Set, *config.Config) {
	if _, err := os.Stat(p.config); err == nil {
		if c, _ := config.Load(p.config, kinds()); c != nil {
			return c.Plugged, c
		}
	}
	return plugin.Load(filepath.Join(filepath.Dir(p.config), "plugins"), nil, kinds().Actions), nil
}

// pluginsDir is the folder of plugins.
func (p *program) pluginsDir() string {
	if _, c := p.plugged(); c != nil {
		return c.Plugins
	}
	return filepath.Join(filepath.Dir(p.config), "plugins")
}

func (p *program) newPlugin() *cobra.Command {
	var language string
	c := &cobra.Command{
		Use:   "new NAME",
		Short: "Write a new plugin",
		Long: `Write a whole plugin into a folder of its own in the folder of plugins: an action.yaml and a program that passes the exam. A running
server knows it a moment later. A plugin in Go is built, when Go is there.`,
		Example: "  shopbell plugin new hello --lang sh\n  shopbell plugin new parcels --lang python",
		Args:    between(1, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			if slices.Contains(config.Kinds{Actions: kinds().Actions}.ActionNames(), args[0]) {
				return failed("there is an action %q already, which comes with Shopbell", args[0])
			}
			if !slices.Contains(examples.Languages(), language) {
				return fmt.Errorf("--lang %q: want one of %s", language, strings.Join(examples.Languages(), ", "))
			}
			made, err := examples.Write(p.pluginsDir(), args[0], language)
			if err != nil {
				return &failure{err}
			}
			for _, file := range made.Files {
				fmt.Fprintf(p.stdout, "wrote %s\n", filepath.Join(made.Dir, file))
			}
			if made.Next != "" {
				fmt.Fprintf(p.stdout, "Build it: %s\n", made.Next)
			}
			fmt.Fprintf(p.stdout, "Test it: shopbell plugin test %s\n", args[0])
			return nil
		},
	}
	c.Flags().StringVar(&language, "lang", "sh", "language: "+strings.Join(examples.Languages(), ", "))
	return c
}

func (p *program) listPlugins() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the plugins and what is wrong with them",
		Long: `List the plugins, and all that is wrong with their files, each with its place. What a running server uses is told by: shopbell status

Exit code: 0 fine (warnings too), 1 problems.`,
		Example: "  shopbell plugin list",
		Args:    none,
		RunE: func(*cobra.Command, []string) error {
			set, _ := p.plugged()
			if len(set.States()) == 0 {
				fmt.Fprintf(p.stdout, "There are no plugins in %s.\n", p.pluginsDir())
				return nil
			}
			t := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(t, "PLUGIN\tREVISION\tSTATE\tSUMMARY")
			for _, s := range set.States() {
				state := "fine"
				if s.Broken() {
					state = "broken"
				}
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", s.Name, s.Revision, state, s.Summary)
			}
			t.Flush()
			problems := set.Problems()
			if len(problems) > 0 {
				fmt.Fprintf(p.stdout, "\n%s", document.Text(problems))
			}
			if stop, _ := document.Split(problems); len(stop) > 0 {
				return &failure{}
			}
			return nil
		},
	}
}

func (p *program) testPlugin() *cobra.Command {
	var account string
	var really bool
	c := &cobra.Command{
		Use:   "test NAME",
		Short: "Put a plugin through its exam",
		Long: `Put a plugin through its exam: good requests, the same key again, keys of a later version, a long request, many at once, a request that
drips in, rubbish, a kill and the next try, the order to end, and what it leaves behind. A service is asked with other and old
signatures, too.

It is asked with its example. A plugin that declares dry_run does everything but the effect; one that does not would really carry it out
some 30 times, which wants --really. Its account is made up from what it declares, or is the one of the config that --account names.

Exit code: 0 it passes, 1 it does not, 2 misuse.`,
		Example: "  shopbell plugin test hello\n  shopbell plugin test parcels --account parcels",
		Args:    between(1, 1),
	}
	c.Flags().StringVar(&account, "account", "", "the account of the config to ask with")
	c.Flags().BoolVar(&really, "really", false, "carry out the example although the plugin does not heed dry_run")
	c.RunE = func(c *cobra.Command, args []string) error {
		plugin.Adopt() // nothing else is started here
		set, conf := p.plugged()
		one := set.Find(args[0])
		if one == nil {
			return p.noPlugin(set, args[0])
		}
		if !one.DryRun() && !really {
			return failed("%s does not declare dry_run, so that its exam would really carry out its example some 30 times; say --really if that does no harm", args[0])
		}
		candidate := &plugin.Candidate{Plugin: one, Env: actions.Env{Log: slog.New(slog.DiscardHandler)}}
		if conf != nil {
			candidate.Env.Allow = conf.HTTP.Allow
		}
		if account != "" {
			text, err := pluginAccount(conf, account, args[0])
			if err != nil {
				return err
			}
			candidate.Account = text
		}
		bad := 0
		err := candidate.Examine(c.Context(), func(m plugin.Mark) {
			switch {
			case m.Err != nil:
				bad++
				fmt.Fprintf(p.stdout, "FAIL  %s: %v\n", m.Part, m.Err)
			case m.Skip != "":
				fmt.Fprintf(p.stdout, "skip  %s: %s\n", m.Part, m.Skip)
			default:
				fmt.Fprintf(p.stdout, "ok    %s\n", m.Part)
			}
		})
		if err != nil {
			return &failure{err}
		}
		if bad > 0 {
			return failed("%s does not pass: %s", args[0], counted(bad, "part")+" of the exam failed")
		}
		fmt.Fprintf(p.stdout, "%s passes.\n", args[0])
		return nil
	}
	return c
}

// noPlugin says why a plugin cannot be tested.
func (p *program) noPlugin(set *plugin.Set, name string) error {
	var names []string
	for _, s := range set.States() {
		if s.Name == name {
			fmt.Fprint(p.stdout, document.Text(s.Problems))
			return failed("%s is broken", name)
		}
		names = append(names, s.Name)
	}
	return hinted(fmt.Sprintf("there is no plugin %q in %s", name, p.pluginsDir()), document.DidYouMean(name, names))
}

// pluginAccount gives an account of the config.
func pluginAccount(conf *config.Config, name, kind string) (json.RawMessage, error) {
	if conf == nil {
		return nil, failed("there is no config whose account could be used")
	}
	for _, a := range conf.Accounts {
		if a.Name == name && a.Kind.Name == kind {
			return a.Config, nil
		}
	}
	return nil, fmt.Errorf("the config has no account %q of kind %s", name, kind)
}

func (p *program) pluginSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema request|answer|action",
		Short: "Print a JSON Schema of the protocol",
		Long: `Print the JSON Schema (draft 2020-12) of what a plugin is sent, of what it answers, or of its action.yaml. An action.yaml points to it with
its first line:

  # yaml-language-server: $schema=./action.schema.json`,
		Example: "  shopbell plugin schema answer\n  shopbell plugin schema action",
		Args:    between(1, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			text := plugin.Schema(args[0])
			if text == nil {
				return fmt.Errorf("there is no schema %q: want request, answer or action", args[0])
			}
			_, err := p.stdout.Write(text)
			return err
		},
	}
}
