package cli

import (
	"io"
	"log"
)

// quietLibraries keeps what libraries write to the log of the process from everybody. The client of net/http repeats there what a
// provider sent without being asked, up to 4 KB of it, and that may hold a secret. What is ours, and what net/http's server has to
// say, has a log of its own.
func quietLibraries() { log.SetOutput(io.Discard) }
