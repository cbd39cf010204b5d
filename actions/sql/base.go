package sql

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite"

	"shopbell/actions"
)

// The bounds of a connection.
const (
	connecting  = 10 * time.Second
	idle        = time.Minute
	lifetime    = 30 * time.Minute
	connections = 4
	maxMessage  = 4 << 20 // of a server, in bytes
	lockWaits   = 20      // of a quarter of a second each, for a SQLite file
)

// A base is the database of an account. It is safe for use by many goroutines at once.
type base struct {
	*dialect
	db   *sql.DB
	mask actions.Mask
	name string // of the host or file, for errors
}

// openBase looks at an account. It does not call the server yet.
func openBase(a Account) (*base, error) {
	known := dialects()
	i := slices.IndexFunc(known, func(d *dialect) bool { return d.driver == a.Driver })
	if i < 0 {
		return nil, fmt.Errorf("there is no driver %q", a.Driver)
	}
	b := &base{dialect: known[i]}
	if a.Driver == "sqlite" {
		return b, b.openFile(a)
	}
	if a.File != "" {
		return nil, fmt.Errorf("file is for sqlite; %s wants a url", a.Driver)
	}
	u, err := url.Parse(a.URL.Reveal())
	if err != nil || u.Hostname() == "" || !slices.Contains(schemes[a.Driver], u.Scheme) || strings.Trim(u.Path, "/") == "" {
		return nil, fmt.Errorf("url is not as %s://USER@HOST:PORT/DATABASE; in names and passwords, characters like @ / ? # %% are written as %%40 and so on", schemes[a.Driver][0])
	}
	password := a.Password
	if inside, ok := u.User.Password(); ok {
		if password != "" {
			return nil, errors.New("the url holds a password, and password is given, too")
		}
		password = actions.Secret(inside)
	}
	u.User = url.UserPassword(u.User.Username(), password.Reveal())
	b.name, b.mask = u.Host, actions.NewMask(a.URL, password)
	if a.Driver == "postgres" {
		return b, b.openPostgres(a, u)
	}
	return b, b.openMySQL(a, u)
}

// schemes are how a URL may begin.
var schemes = map[string][]string{"postgres": {"postgres", "postgresql"}, "mysql": {"mysql", "mariadb"}}

// pool bounds the connections.
func (b *base) pool(db *sql.DB, most int) {
	if most == 0 {
		most = connections
	}
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(most)
	db.SetConnMaxIdleTime(idle)
	db.SetConnMaxLifetime(lifetime)
	b.db = db
}

func (b *base) openFile(a Account) error {
	if a.File == "" || a.URL != "" || a.Password != "" || a.TLS != "" || a.CA != "" {
		return errors.New("sqlite wants file, and nothing else that says where the database is or who signs in")
	}
	path, err := filepath.Abs(a.File)
	if err != nil {
		return fmt.Errorf("file: %w", err)
	}
	// rw makes no new file: one that is not there is a mistake.
	address := url.URL{Scheme: "file", Path: path, RawQuery: "mode=rw&_pragma=busy_timeout(250)&_pragma=foreign_keys(1)"}
	connector, err := sqlite.NewConnector(address.String())
	if err != nil {
		return errors.New("file cannot be opened as a SQLite database")
	}
	b.name = filepath.Base(path)
	b.pool(sql.OpenDB(connector), 1)
	return nil
}

func (b *base) openPostgres(a Account, u *url.URL) error {
	query := u.Query()
	if a.TLS != "" || a.CA != "" || !query.Has("sslmode") {
		if query.Has("sslmode") {
			return errors.New("the url says sslmode, and tls or ca is given, too")
		}
		mode := map[string]string{verified: "verify-full", unverified: "require", unencrypted: "disable"}[encryption(a.TLS, u.Hostname())]
		query.Set("sslmode", mode)
		if a.CA != "" {
			query.Set("sslrootcert", a.CA)
		}
	}
	u.RawQuery = query.Encode()
	config, err := pgx.ParseConfig(u.String())
	if err != nil {
		return errors.New(b.mask.Text("url or ca cannot be used: " + reasonOf(err)))
	}
	config.ConnectTimeout = connecting
	// So that a statement and what it needs go together, which also poolers of transactions understand.
	config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	config.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		f := pgproto3.NewFrontend(r, w)
		f.SetMaxBodyLen(maxMessage)
		return f
	}
	b.pool(stdlib.OpenDB(*config), a.Connections)
	return nil
}

// reasonOf gives the last part of an error of pgx, which repeats the URL before it.
func reasonOf(err error) string {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return actions.Excerpt([]byte(err.Error()))
}

// strict is how MySQL is asked to take what it is given: what does not fit is refused, and not cut to fit.
const strict = "'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"

func (b *base) openMySQL(a Account, u *url.URL) error {
	if u.RawQuery != "" {
		return errors.New("the url has something after a ?; of MySQL, what there is to say is said by tls and ca")
	}
	c := mysql.NewConfig()
	c.User, c.DBName = u.User.Username(), strings.Trim(u.Path, "/")
	c.Passwd, _ = u.User.Password()
	c.Net, c.Addr = "tcp", u.Host
	if u.Port() == "" {
		c.Addr = net.JoinHostPort(u.Hostname(), "3306")
	}
	c.Timeout, c.ReadTimeout, c.WriteTimeout = connecting, whole, whole
	c.ClientFoundRows = true // a row that is there counts, also when nothing in it changes
	c.Logger = &mysql.NopLogger{}
	c.Params = map[string]string{"autocommit": "1", "time_zone": "'+00:00'", "sql_mode": strict}
	var err error
	if c.TLS, err = tlsConfig(a, u.Hostname()); err != nil {
		return err
	}
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return errors.New("url cannot be used")
	}
	b.pool(sql.OpenDB(connector), a.Connections)
	return nil
}

// The ways to encrypt, as an account names them.
const (
	verified    = "verify"
	unverified  = "skip-verify"
	unencrypted = "none"
)

// encryption is what an account says, or else what is right for the host.
func encryption(said, host string) string {
	if said != "" {
		return said
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return unencrypted
	}
	return verified
}

func tlsConfig(a Account, host string) (*tls.Config, error) {
	c := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	switch encryption(a.TLS, host) {
	case unencrypted:
		if a.CA != "" {
			return nil, errors.New("ca is given, and tls is none")
		}
		return nil, nil
	case unverified:
		c.InsecureSkipVerify = true
	}
	if a.CA == "" {
		return c, nil
	}
	text, err := os.ReadFile(a.CA)
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(text) {
		return nil, errors.New("ca holds no certificate in PEM")
	}
	return c, nil
}

// A conn is one connection. The errors of its methods are sorted.
type conn struct {
	*sql.Conn
	base *base
}

// errStale says that a kept connection has ended meanwhile, and nothing was sent.
var errStale = errors.New("the connection has ended")

// with does something with a connection. Errors of f that are not of a connection are passed on.
func (b *base) with(ctx context.Context, f func(*conn) error) error {
	var err error
	for range connections + 1 { // each kept connection may have ended
		var c *sql.Conn
		if c, err = b.db.Conn(ctx); err != nil {
			return b.sorted(ctx, err, false)
		}
		err = f(&conn{c, b})
		_ = c.Close()
		if !errors.Is(err, errStale) {
			return err
		}
	}
	return err
}

func (c *conn) failure(ctx context.Context, err error) error {
	if errors.Is(err, driver.ErrBadConn) {
		return actions.RetryAfter(0, fmt.Errorf("%s: %w", c.base.name, errStale))
	}
	return c.base.sorted(ctx, err, true)
}

// exec runs a statement that changes at most one row, and tells how many it was.
func (c *conn) exec(ctx context.Context, text string, args ...any) (int64, error) {
	result, err := c.ExecContext(ctx, text, args...)
	// SQLite does not hear of the end of a context while it waits for a lock, so it waits many times for a little.
	for i := 0; i < lockWaits && isLocked(err) && ctx.Err() == nil; i++ {
		result, err = c.ExecContext(ctx, text, args...)
	}
	if err != nil {
		return 0, c.failure(ctx, err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return 0, c.failure(ctx, err)
	}
	return n, nil
}

// each gives every row of a query's answer to f.
func (c *conn) each(ctx context.Context, text string, args []any, f func(scan func(...any) error) error) (err error) {
	rows, err := c.QueryContext(ctx, text, args...)
	if err != nil {
		return c.asked(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return c.asked(ctx, err)
		}
	}
	return c.asked(ctx, rows.Err())
}

// asked sorts what went wrong with a query: it changes nothing, so that it can be repeated whatever became of it.
func (c *conn) asked(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, driver.ErrBadConn) {
		return c.failure(ctx, err)
	}
	return c.base.sorted(ctx, err, false)
}
