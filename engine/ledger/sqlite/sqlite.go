// Package sqlite keeps the ledger in one SQLite file: pure Go, WAL, every commit on disk before it returns.
//
//	ledger, err := sqlite.Open(ctx, "shopbell.db", sqlite.Options{})
//
// One connection writes, in the transactions that the engine's committer gives it; a few others read and never wait for
// it. It does not decide anything: when an event is due, or what a state means, is the engine's.
package sqlite

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"shopbell/engine"
	"shopbell/engine/ledger/form"
)

//go:embed schema.sql
var schema string

//go:embed layout2.sql
var layout2 string

//go:embed claims.sql
var claims string

// layout is the number of the schema, kept in the file as user_version. Each number has a script that comes from the one
// before.
const layout = 3

func scripts() []string { return []string{schema, layout2, claims} }

// application marks the file as a Shopbell ledger: "SBEL".
const application = 0x5342454c

// Options says how a file is opened. The zero value is right for a server.
type Options struct {
	ReadOnly bool          // for looking at a ledger that another program may be writing; Commit fails
	Busy     time.Duration // how long a write waits for another program's lock; 0 means 2 s
}

// A ledger implements [engine.Ledger].
type ledger struct {
	path    string
	write   *sqlite.Conn // nil when read-only
	writing sync.Mutex   // held by Commit, and by Close
	readers *sqlitex.Pool
	names   *names
	pack    *form.Packer
	tally   map[tallyKey]int64
	closed  bool
	lock    *os.File // held by the one server that writes; nil for none
}

var _ engine.Ledger = (*ledger)(nil)

// Open opens the ledger in a file, and makes it when it is missing. A file that a newer program made, that is not a
// ledger, or that cannot be written is an error for the operator.
func Open(ctx context.Context, path string, o Options) (engine.Ledger, error) {
	if o.Busy == 0 {
		o.Busy = 2 * time.Second
	}
	pack, err := form.NewPacker()
	if err != nil {
		return nil, err
	}
	l := &ledger{path: path, pack: pack, tally: map[tallyKey]int64{}}
	if o.ReadOnly {
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("there is no ledger at %s: the server makes it at its first start", path)
		}
	} else if err := l.openWriter(o); err != nil {
		return nil, err
	}
	pool, err := sqlitex.NewPool(uri(path), sqlitex.PoolOptions{
		Flags: sqlite.OpenReadOnly | sqlite.OpenURI, PoolSize: 4,
		PrepareConn: func(c *sqlite.Conn) error {
			c.SetBusyTimeout(o.Busy)
			return sqlitex.ExecuteScript(c, "PRAGMA cache_size=-4096; PRAGMA query_only=1;", nil)
		},
	})
	if err != nil {
		return nil, errors.Join(explain(path, err), l.Close())
	}
	l.readers = pool
	if err := l.checkLayout(ctx); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	if l.names, err = loadNames(ctx, l); err != nil {
		return nil, errors.Join(explain(path, err), l.Close())
	}
	return l, nil
}

// checkLayout is for those who only look: they cannot bring a file to the layout that this program knows.
func (l *ledger) checkLayout(ctx context.Context) error {
	return l.reading(ctx, func(c *sqlite.Conn) error {
		version, err := sqlitex.ResultInt(c.Prep("PRAGMA user_version"))
		if err == nil && 0 < version && version < layout {
			return fmt.Errorf("an older Shopbell made it (layout %d, this program knows %d): start the server once with this version", version, layout)
		}
		return err
	})
}

func uri(path string) string {
	u := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path)}
	if !filepath.IsAbs(path) {
		u = url.URL{Scheme: "file", Opaque: url.PathEscape(filepath.ToSlash(path))}
	}
	return u.String()
}

func (l *ledger) openWriter(o Options) error {
	var err error
	if l.lock, err = lock(l.path); err != nil {
		return err
	}
	c, err := sqlite.OpenConn(uri(l.path), sqlite.OpenReadWrite|sqlite.OpenCreate|sqlite.OpenURI)
	if err != nil {
		return errors.Join(explain(l.path, err), l.Close())
	}
	l.write = c
	c.SetBusyTimeout(o.Busy)
	// Only the owner may read what customers ordered.
	if err := os.Chmod(l.path, 0o600); err != nil && !errors.Is(err, os.ErrPermission) {
		return errors.Join(err, l.Close())
	}
	for _, pragma := range []string{"journal_mode=WAL", "synchronous=FULL", "cache_size=-8192", "wal_autocheckpoint=4000",
		"journal_size_limit=67108864", "temp_store=MEMORY"} {
		if err := sqlitex.ExecuteTransient(c, "PRAGMA "+pragma, nil); err != nil {
			return errors.Join(explain(l.path, err), l.Close())
		}
	}
	if err := migrate(c); err != nil {
		return errors.Join(explain(l.path, err), l.Close())
	}
	return nil
}

// migrate makes the tables in a new file, and refuses a file of another kind or of a newer program.
func migrate(c *sqlite.Conn) (err error) {
	end, err := sqlitex.ImmediateTransaction(c)
	if err != nil {
		return err
	}
	defer end(&err)
	version, err := sqlitex.ResultInt(c.Prep("PRAGMA user_version"))
	if err != nil {
		return err
	}
	mark, err := sqlitex.ResultInt(c.Prep("PRAGMA application_id"))
	if err != nil {
		return err
	}
	tables, err := sqlitex.ResultInt(c.Prep("SELECT count(*) FROM sqlite_schema"))
	switch {
	case err != nil:
		return err
	case tables > 0 && mark != application:
		return errors.New("the file is a database of another program")
	case version == half:
		return errors.New("the file is half a copy of another ledger: go on with shopbell ledger copy")
	case version > layout:
		return fmt.Errorf("the ledger has layout %d, this program knows %d: a newer Shopbell made it; use that one", version, layout)
	case version == layout:
		return nil
	}
	for _, script := range scripts()[version:] {
		if err := sqlitex.ExecuteScript(c, script, nil); err != nil {
			return err
		}
	}
	return sqlitex.ExecuteScript(c, fmt.Sprintf("PRAGMA user_version=%d; PRAGMA application_id=%d;", layout, application), nil)
}

// explain says in an operator's words why the file cannot be used.
func explain(path string, err error) error {
	switch code := sqlite.ErrCode(err); code.ToPrimary() {
	case sqlite.ResultBusy, sqlite.ResultLocked:
		return fmt.Errorf("ledger %s: %w", path, engine.ErrBusy)
	case sqlite.ResultFull:
		return fmt.Errorf("ledger %s: %w", path, engine.ErrFull)
	case sqlite.ResultCantOpen:
		return fmt.Errorf("ledger %s cannot be opened: does the folder exist, and may this program write there? (%v)", path, code)
	case sqlite.ResultNotADB:
		return fmt.Errorf("ledger %s is not a SQLite file", path)
	case sqlite.ResultReadOnly, sqlite.ResultPerm:
		return fmt.Errorf("ledger %s cannot be written: check the rights on the file and its folder", path)
	}
	return fmt.Errorf("ledger %s: %w", path, err)
}

// Ready implements [engine.Ledger]. It writes what is there already: a full disk refuses even that.
func (l *ledger) Ready(ctx context.Context) error {
	if err := l.reading(ctx, func(c *sqlite.Conn) error {
		_, err := sqlitex.ResultInt(c.Prep("SELECT count(*) FROM places"))
		return err
	}); err != nil {
		return err
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	if l.closed {
		return errors.New("the ledger is closed")
	}
	if l.write == nil {
		return nil
	}
	if err := l.touch(); err != nil {
		return explain(l.path, err)
	}
	return nil
}

func (l *ledger) touch() (err error) {
	end, err := sqlitex.ImmediateTransaction(l.write)
	if err != nil {
		return err
	}
	defer end(&err)
	return sqlitex.ExecuteTransient(l.write, fmt.Sprintf("PRAGMA user_version=%d", layout), nil)
}

// Close implements [engine.Ledger].
func (l *ledger) Close() error {
	l.writing.Lock()
	defer l.writing.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	var errs []error
	if l.readers != nil {
		errs = append(errs, l.readers.Close())
	}
	if l.write != nil {
		errs = append(errs, l.write.Close())
	}
	if l.lock != nil {
		errs = append(errs, l.lock.Close())
	}
	return errors.Join(errs...)
}

// reading lends f a connection that sees what the last commit left.
func (l *ledger) reading(ctx context.Context, f func(*sqlite.Conn) error) error {
	c, err := l.readers.Take(ctx)
	if err != nil {
		return explain(l.path, err)
	}
	defer l.readers.Put(c)
	if err := f(c); err != nil {
		if errors.Is(err, engine.ErrNone) {
			return err
		}
		return explain(l.path, err)
	}
	return nil
}
