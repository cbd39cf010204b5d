package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// Backup writes a ledger as it is at one moment into a new file, beside a server that works on it, and checks what it has
// written. It gives the size in bytes. A file that is there is never touched, and what could not be finished is removed. The
// server's log file grows while it works, by what the server writes meanwhile.
func Backup(ctx context.Context, from, to string) (size int64, err error) {
	if _, err := os.Stat(from); err != nil {
		return 0, fmt.Errorf("there is no ledger at %s: the server makes it at its first start", from)
	}
	c, err := sqlite.OpenConn(uri(from), sqlite.OpenReadOnly|sqlite.OpenURI)
	if err != nil {
		return 0, explain(from, err)
	}
	defer c.Close()
	c.SetInterrupt(ctx.Done())
	c.SetBusyTimeout(10 * time.Second)
	if err := isWhole(from, c); err != nil {
		return 0, err
	}
	// Made before SQLite writes to it, so that nobody else may read it at any moment.
	f, err := os.OpenFile(to, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return 0, fmt.Errorf("%s is there already: a backup never overwrites a file", to)
	}
	if err != nil {
		return 0, fmt.Errorf("the backup cannot be written: %w", err)
	}
	defer f.Close()
	if size, err = fill(ctx, c, f); err != nil {
		return 0, errors.Join(fmt.Errorf("the backup was not made: %w", explain(from, err)), os.Remove(to))
	}
	return size, nil
}

// isWhole refuses what is no ledger, or half a copy of one.
func isWhole(path string, c *sqlite.Conn) error {
	mark, err := sqlitex.ResultInt(c.Prep("PRAGMA application_id"))
	if err != nil {
		return explain(path, err)
	}
	version, err := sqlitex.ResultInt(c.Prep("PRAGMA user_version"))
	switch {
	case err != nil:
		return explain(path, err)
	case mark != application:
		return fmt.Errorf("%s is no ledger", path)
	case version == half:
		return fmt.Errorf("%s is half a copy: go on with shopbell ledger copy first", path)
	}
	return nil
}

// fill has SQLite write into an empty file, and the disk keep it.
func fill(ctx context.Context, c *sqlite.Conn, f *os.File) (int64, error) {
	if err := sqlitex.Execute(c, "VACUUM INTO ?", &sqlitex.ExecOptions{Args: []any{f.Name()}}); err != nil {
		return 0, err
	}
	if err := f.Sync(); err != nil {
		return 0, err
	}
	if dir, err := os.Open(filepath.Dir(f.Name())); err == nil {
		_ = dir.Sync() // some file systems have no such thing
		dir.Close()
	}
	if err := intact(ctx, f.Name()); err != nil {
		return 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// intact reads a new backup from end to end.
func intact(ctx context.Context, path string) error {
	c, err := sqlite.OpenConn(uri(path), sqlite.OpenReadOnly|sqlite.OpenURI)
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetInterrupt(ctx.Done())
	if err := isWhole(path, c); err != nil {
		return err
	}
	text, err := sqlitex.ResultText(c.Prep("PRAGMA integrity_check(1)"))
	if err == nil && text != "ok" {
		return fmt.Errorf("what was written is damaged (%s): check the disk", text)
	}
	return err
}
