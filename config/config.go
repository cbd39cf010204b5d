// Package config reads shopbell.yaml, the operator's file: where to listen, where to keep data, which stores to hear
// and which accounts to send through.
//
//	c, problems := config.Load("shopbell.yaml", config.Kinds{Sources: sources, Actions: actions})
//	if stop, _ := document.Split(problems); len(stop) > 0 {
//		fmt.Print(document.Text(problems)) // every one of them, with line, column and caret
//	}
//
// A value may hold ${env:NAME} and ${file:PATH}. What they stand for is text and stays text: it can neither add a key
// nor end a quote. No secret is ever part of a problem, also not of the line that a problem shows.
//
// It opens nothing: that a password is right, or a host is there, is found out by whoever connects.
package config

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	"shopbell/actions"
	"shopbell/actions/plugin"
	"shopbell/document"
	"shopbell/sources"
)

// A Config is a checked shopbell.yaml. Paths are as the process can open them: a relative one in the file has been
// joined to the file's folder.
type Config struct {
	File     string // as given to [Load]
	Listen   string // host:port
	URL      string // where the server is reached from outside, without a slash at its end; "" when the file does not say
	Database string // the ledger's file, or the address of a PostgreSQL
	Rules    string // folder of rule files
	Plugins  string // folder of plugins
	Cap      Cap
	Pools    string // folder of pools of licence keys
	// Retention is how long events and runs are kept; 0 means for ever.
	Retention time.Duration
	Admin     Admin
	// Encryption seals the tokens of stores that merchants connect.
	Encryption Encryption
	HTTP       HTTP
	Sources    []Source  // in the order of the file
	Accounts   []Account // in the order of the file
	// Kinds are all kinds of action that there are, those of plugins too, and Plugged is the plugins, as they were read. What is wrong
	// with a plugin is no problem of the file.
	Kinds   []*actions.Kind
	Plugged *plugin.Set
}

// Shared tells whether the ledger is in a PostgreSQL, which many nodes may share.
func (c *Config) Shared() bool { return isPostgres(c.Database) }

// Admin says who may use the API and the dashboard.
type Admin struct {
	Token actions.Secret // "" when the file gives none
}

// Encryption is what tokens are sealed with; both are "" when the file gives none.
type Encryption struct{ Key, Previous actions.Secret }

// HTTP bounds what the requests of rules may reach.
type HTTP struct {
	Allow []netip.Prefix // private networks that are reachable all the same
}

// A Source is one configured platform.
type Source struct {
	Name   string
	Kind   *sources.Kind
	Config json.RawMessage // fits Kind.Config; holds secrets
	Stores []string        // ids of its stores, in the order of the file
	place  place
}

// String names the source and tells nothing of its config.
func (s Source) String() string { return fmt.Sprintf("source %s of kind %s", s.Name, s.Kind.Name) }

// At makes a problem at the source's place in the file.
func (s Source) At(message, hint string) document.Problem { return s.place.at(message, hint) }

// An Account is the configured credentials of one kind of action.
type Account struct {
	Name   string
	Kind   *actions.Kind
	Config json.RawMessage // fits Kind.Account; holds secrets
	Stores []string        // ids of the stores that may use it; empty means all
	// Rate is how many calls a second may go through it, and Concurrency how many at once; 0 means no limit.
	Rate        float64
	Concurrency int
	// Budget is how much of it each store may use up on a day; 0 means any.
	Budget int
	place  place
}

// String names the account and tells nothing of its config.
func (a Account) String() string { return fmt.Sprintf("account %s of kind %s", a.Name, a.Kind.Name) }

// At makes a problem at the account's place in the file.
func (a Account) At(message, hint string) document.Problem { return a.place.at(message, hint) }

// Kinds are the kinds that a file may name.
type Kinds struct {
	Sources []*sources.Kind
	Actions []*actions.Kind
	// Plugins reads a folder of plugins; nil means to read it as it is.
	Plugins func(dir string) *plugin.Set
}

func (k Kinds) source(name string) *sources.Kind {
	for _, kind := range k.Sources {
		if kind.Name == name {
			return kind
		}
	}
	return nil
}

func (k Kinds) action(name string) *actions.Kind {
	for _, kind := range k.Actions {
		if kind.Name == name {
			return kind
		}
	}
	return nil
}

// SourceNames lists the names of the source kinds.
func (k Kinds) SourceNames() []string {
	names := make([]string, len(k.Sources))
	for i, kind := range k.Sources {
		names[i] = kind.Name
	}
	return names
}

// ActionNames lists the names of the action kinds.
func (k Kinds) ActionNames() []string {
	names := make([]string, len(k.Actions))
	for i, kind := range k.Actions {
		names[i] = kind.Name
	}
	return names
}

// Find gives the source of a name.
func (c *Config) Find(name string) (Source, bool) {
	for _, s := range c.Sources {
		if s.Name == name {
			return s, true
		}
	}
	return Source{}, false
}

// A place is a line of the file as it may be shown.
type place struct {
	file, source string
	line, column int
}

func (p *place) mask(m *masker) { p.source = m.line(p.line) }

func (p place) at(message, hint string) document.Problem {
	return document.Problem{File: p.file, Line: p.line, Column: p.column, Source: p.source, Message: message, Hint: hint}
}
