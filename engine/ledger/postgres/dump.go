package postgres

import (
	"net/url"
	"strings"
)

// WithoutPassword gives the address of a database as PostgreSQL's own programs take it, and as it may be shown.
func WithoutPassword(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "postgres://USER@HOST:5432/DATABASE"
	}
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	q := u.Query()
	for name := range q {
		if strings.HasPrefix(name, "pool_") || strings.HasSuffix(name, "password") || strings.Contains(name, "_cache_") || name == "default_query_exec_mode" {
			q.Del(name) // secrets, and what only this program understands
		}
	}
	u.RawQuery = q.Encode()
	return u.String()
}
