// Shopbell is a rules-based automation engine for online stores. `shopbell help` tells what it can do; package cli holds
// the commands.
package main

import (
	"os"

	"shopbell/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.LookupEnv))
}
