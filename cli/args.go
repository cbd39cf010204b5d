package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"shopbell/document"
)

// none refuses every argument.
func none(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if c.HasParent() {
		return fmt.Errorf("%s takes nothing after its name, and got %q", c.CommandPath(), args[0])
	}
	var names []string
	for _, sub := range c.Commands() {
		names = append(names, sub.Name())
	}
	return errors.New(strings.TrimSuffix(fmt.Sprintf("there is no command %q. %s", args[0], document.DidYouMean(args[0], names)), ". "))
}

// between wants so many arguments, at least and at most. The command's usage line tells what they are.
func between(least, most int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch _, names, _ := strings.Cut(c.Use, " "); {
		case len(args) < least:
			return fmt.Errorf("%s wants %s", c.CommandPath(), names)
		case len(args) > most:
			return fmt.Errorf("%s wants %s, and got %q too", c.CommandPath(), names, args[most])
		}
		return nil
	}
}
