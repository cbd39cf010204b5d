package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"gopkg.in/yaml.v3"

	"shopbell/actions"
	"shopbell/document"
	"shopbell/shape"
)

// topKeys declares the keys of the file. What is below a source and an account is declared by its kind.
type topKeys struct {
	Listen   string                    `json:"listen,omitempty" jsonschema:"default=127.0.0.1:8080" jsonschema_description:"Address and port to listen on."`
	URL      string                    `json:"url,omitempty" jsonschema_description:"Address under which platforms and browsers reach this server, such as https://bell.example.com."`
	Database string                    `json:"database,omitempty" jsonschema:"default=shopbell.db" jsonschema_description:"File that keeps events and runs, or postgres://… for one that many nodes share."`
	Rules    string                    `json:"rules,omitempty" jsonschema:"default=rules" jsonschema_description:"Folder of rule files."`
	Plugins  string                    `json:"plugins,omitempty" jsonschema:"default=plugins" jsonschema_description:"Folder of action plugins."`
	Pools    string                    `json:"pools,omitempty" jsonschema:"default=pools" jsonschema_description:"Folder of pools of licence keys, which the action license_key gives out."`
	Retain   string                    `json:"retention,omitempty" jsonschema_description:"How long events and runs are kept, such as 90d; for ever without it. Counts are always kept."`
	People   peopleKeys                `json:"recipients,omitempty" jsonschema_description:"How many messages a person gets."`
	Admin    adminKeys                 `json:"admin,omitempty" jsonschema_description:"Who may use the dashboard and the API."`
	Encrypt  encryptionKeys            `json:"encryption,omitempty" jsonschema_description:"How tokens of stores that merchants connect are kept."`
	HTTP     httpKeys                  `json:"http,omitempty" jsonschema_description:"What requests of rules may reach."`
	Sources  map[string]map[string]any `json:"sources,omitempty" jsonschema_description:"Platforms that send webhooks, by the name in /webhooks/NAME."`
	Accounts map[string]map[string]any `json:"accounts,omitempty" jsonschema_description:"Accounts that steps send through, by name."`
}

type adminKeys struct {
	Token actions.Secret `json:"token,omitempty" jsonschema_description:"Bearer token of the API and sign-in of the dashboard; take 16 characters or more."`
}

type peopleKeys struct {
	PerDay int      `json:"per_day,omitempty" jsonschema:"minimum=1,maximum=1000" jsonschema_description:"The most messages that one person gets of one store within 24 hours, whatever rules send them; any number without it."`
	Except []string `json:"except,omitempty" jsonschema_description:"Addresses that may get any number, such as your own; @example.com is a whole domain."`
}

type encryptionKeys struct {
	Key      actions.Secret `json:"key,omitempty" jsonschema_description:"Seals the tokens of connected stores in the ledger; 16 characters or more, such as the output of: openssl rand -base64 32"`
	Previous actions.Secret `json:"previous_key,omitempty" jsonschema_description:"The key before, while it is changed: what was sealed with it is still read."`
}

type httpKeys struct {
	Allow []string `json:"allow,omitempty" jsonschema_description:"Private networks that requests of rules may reach, such as 10.0.0.0/8."`
}

// topShape is made once: compiling a schema takes longer than reading a file.
var topShape = sync.OnceValue(func() *shape.Shape { return shape.Of(new(topKeys)) })

// minToken is the shortest admin token in characters: 16 of them are out of reach of guessing over a network.
const minToken = 16

// top fills everything but sources and accounts.
func (r *reader) top(root *yaml.Node) {
	c := r.config
	c.Listen = r.text(root, "listen", "127.0.0.1:8080")
	if n := r.node(root, "listen"); n != nil {
		if message, hint := badAddress(c.Listen); message != "" {
			r.problem(n, message, hint)
		}
	}
	c.URL = r.publicURL(root)
	c.Database = r.database(root)
	c.Rules = joined(r.dir, r.text(root, "rules", "rules"))
	c.Plugins = joined(r.dir, r.text(root, "plugins", "plugins"))
	c.Pools = joined(r.dir, r.text(root, "pools", "pools"))
	r.plugins()
	c.Retention = r.retention(root)
	if n := r.node(root, "admin", "token"); n != nil {
		c.Admin.Token = actions.Secret(n.Value)
		if len(n.Value) < minToken {
			r.warn(n, fmt.Sprintf("the admin token is shorter than %d characters", minToken), "Make one with: openssl rand -hex 24")
		}
	}
	r.encryption(root)
	r.allow(root)
	c.Cap = r.cap(root)
}

// publicURL reads where the server is reached from outside.
func (r *reader) publicURL(root *yaml.Node) string {
	n := r.node(root, "url")
	if n == nil {
		return ""
	}
	if u, err := url.Parse(n.Value); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.User != nil {
		r.problem(n, "this is not an address under which a server can be reached", "Write it as https://bell.example.com.")
		return ""
	}
	return strings.TrimRight(n.Value, "/")
}

// encryption reads the keys that seal tokens.
func (r *reader) encryption(root *yaml.Node) {
	for key, into := range map[string]*actions.Secret{"key": &r.config.Encryption.Key, "previous_key": &r.config.Encryption.Previous} {
		n := r.node(root, "encryption", key)
		if n == nil {
			continue
		}
		*into = actions.Secret(n.Value)
		if len(n.Value) < minToken {
			r.problem(n, fmt.Sprintf("the key is shorter than %d characters", minToken), "Make one with: openssl rand -base64 32")
		}
	}
}

// node gives the value of a path of keys when it is text of its own and not the place of another problem.
func (r *reader) node(root *yaml.Node, path ...string) *yaml.Node {
	n := root
	for _, key := range path {
		if _, n = document.Find(n, key); n == nil {
			return nil
		}
	}
	if !isText(n) || r.exp.failed[n] {
		return nil
	}
	return n
}

// isText tells whether a value counts as text. Beside those that YAML calls so, these are dates, and numbers too large
// for one.
func isText(n *yaml.Node) bool {
	if n.Kind != yaml.ScalarNode {
		return false
	}
	_, ok := document.Value(n).(string)
	return ok
}

var length = regexp.MustCompile(`^([1-9][0-9]{0,5})(h|d)$`)

// retention reads how long events are kept. Less than an hour would take from retries what they need.
func (r *reader) retention(root *yaml.Node) time.Duration {
	n := r.node(root, "retention")
	if n == nil {
		return 0
	}
	m := length.FindStringSubmatch(n.Value)
	if m == nil {
		r.problem(n, fmt.Sprintf("%q is not a length of time", n.Value), "Write a number of days or hours, such as 90d or 48h.")
		return 0
	}
	count, _ := strconv.Atoi(m[1])
	if m[2] == "d" {
		count *= 24
	}
	return time.Duration(count) * time.Hour
}

func (r *reader) text(root *yaml.Node, key, otherwise string) string {
	n := r.node(root, key)
	if n == nil {
		return otherwise
	}
	if n.Value == "" {
		r.problem(n, fmt.Sprintf("%q is empty", key), fmt.Sprintf("Remove the line to get %s.", otherwise))
		return otherwise
	}
	return n.Value
}

// BadAddress says what is wrong with an address to listen on, and what would be right; "" for nothing.
func BadAddress(address string) string {
	message, hint := badAddress(address)
	if message == "" {
		return ""
	}
	return message + ". " + hint
}

// badAddress says what is wrong with a listen address; "" for nothing.
func badAddress(address string) (message, hint string) {
	host, port, err := net.SplitHostPort(address)
	hint = "Write 127.0.0.1:8080, or :8080 for every address of this machine."
	if err != nil {
		if _, err := strconv.Atoi(address); err == nil {
			return "a port alone is not an address", fmt.Sprintf("Write 127.0.0.1:%s, or :%s for every address of this machine.", address, address)
		}
		return "want an address and a port", hint
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return "the port must be a number from 0 to 65535", hint
	}
	if host != "" && host != "localhost" {
		if _, err := netip.ParseAddr(host); err != nil {
			return "the host must be an IP address or localhost", hint
		}
	}
	return "", ""
}

// database reads where the ledger is: the address of a PostgreSQL, or the path of a file.
func (r *reader) database(root *yaml.Node) string {
	text := r.text(root, "database", "shopbell.db")
	scheme, _, ok := strings.Cut(text, "://")
	if !ok {
		return joined(r.dir, text)
	}
	if !isPostgres(text) {
		r.problem(r.node(root, "database"), fmt.Sprintf("%s:// is not a database that works", scheme),
			"Write the path of a file, such as shopbell.db, or postgres://USER:PASSWORD@HOST:5432/DATABASE.")
		return text
	}
	if u, err := url.Parse(text); err != nil || u.Host == "" || strings.Trim(u.Path, "/") == "" {
		r.problem(r.node(root, "database"), "the address of the database cannot be read",
			"Write postgres://USER:PASSWORD@HOST:5432/DATABASE, with characters such as @ and / in the password as %40 and %2F.")
	}
	return text
}

func isPostgres(database string) bool {
	return strings.HasPrefix(database, "postgres://") || strings.HasPrefix(database, "postgresql://")
}

func (r *reader) allow(root *yaml.Node) {
	_, http := document.Find(root, "http")
	_, list := document.Find(http, "allow")
	if list == nil || list.Kind != yaml.SequenceNode {
		return
	}
	for _, n := range list.Content {
		if !isText(n) || r.exp.failed[n] {
			continue
		}
		prefix, err := netip.ParsePrefix(n.Value)
		if err != nil {
			r.problem(n, "want a network such as 10.0.0.0/8", cidrHint(n.Value))
			continue
		}
		r.config.HTTP.Allow = append(r.config.HTTP.Allow, prefix.Masked())
	}
}

func cidrHint(text string) string {
	if a, err := netip.ParseAddr(text); err == nil {
		return fmt.Sprintf("For this one address write %s/%d.", text, a.BitLen())
	}
	return ""
}
