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

	"shopbell/engine/ledger/form"
	"shopbell/engine/ledger/upkeep"
)

// half is the layout that a file has while it is half a copy: no server takes it for a ledger, and makes none in its place.
const half = layout + 1<<20

// A mover implements [upkeep.Mover] with the one connection that holds the file.
type mover struct{ *ledger }

var _ upkeep.Mover = (*mover)(nil)

// Hold opens a ledger for moving house. Nobody else has the file meanwhile, and a server that has it, even an idle one, is found
// out: every open ledger keeps a lock on its file. What cannot be found out is a server on another machine, on a network file
// system whose locks do not reach that far.
func Hold(_ context.Context, path string, side upkeep.Side) (upkeep.Mover, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(path); side == upkeep.From && (err != nil || info.Size() == 0) {
		return nil, fmt.Errorf("there is no ledger at %s", path)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	pack, err := form.NewPacker()
	if err != nil {
		return nil, err
	}
	l := &ledger{path: path, pack: pack, tally: map[tallyKey]int64{}}
	flags := sqlite.OpenReadWrite | sqlite.OpenURI
	if side == upkeep.To {
		flags |= sqlite.OpenCreate
	}
	if l.write, err = sqlite.OpenConn(uri(path), flags); err != nil {
		return nil, explain(path, err)
	}
	if err := l.seize(side); err != nil {
		return nil, errors.Join(held(path, err), l.Close())
	}
	return &mover{l}, nil
}

// seize takes the only lock, and checks what is in the file.
func (l *ledger) seize(side upkeep.Side) error {
	l.write.SetBusyTimeout(2 * time.Second)
	if side == upkeep.To { // only the owner may read what customers ordered
		if err := os.Chmod(l.path, 0o600); err != nil && !errors.Is(err, os.ErrPermission) {
			return err
		}
	}
	for _, pragma := range []string{"locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=FULL", "cache_size=-65536", "wal_autocheckpoint=4000"} {
		if err := sqlitex.ExecuteTransient(l.write, "PRAGMA "+pragma, nil); err != nil {
			return err
		}
	}
	version, err := sqlitex.ResultInt(l.write.Prep("PRAGMA user_version"))
	switch {
	case err != nil:
		return err
	case version == half && side == upkeep.From:
		return errors.New("it is half a copy: go on with the copy into it first")
	case version == 0 && side == upkeep.From:
		return errors.New("it is no ledger")
	case version != half:
		if err := migrate(l.write); err != nil {
			return err
		}
	}
	l.names = emptyNames()
	return l.names.load(l.write)
}

func emptyNames() *names {
	n := &names{places: map[place]int64{}, place: map[int64]place{}, revisions: map[string]int64{}, hash: map[int64]string{}}
	for _, t := range []*table{&n.types, &n.rules, &n.outlets} {
		*t = table{map[string]int64{}, map[int64]string{}}
	}
	return n
}

// held says why a file could not be taken.
func held(path string, err error) error {
	if code := sqlite.ErrCode(err).ToPrimary(); code == sqlite.ResultBusy || code == sqlite.ResultLocked {
		return fmt.Errorf("another program works on the ledger %s: stop the server first (shopbell status tells whether one runs)", path)
	}
	return explain(path, err)
}

// Name implements [upkeep.Mover].
func (m *mover) Name() string { return m.path }

// transact does f in a transaction.
func (m *mover) transact(f func() error) (err error) {
	m.writing.Lock()
	defer m.writing.Unlock()
	end, err := sqlitex.ImmediateTransaction(m.write)
	if err != nil {
		return explain(m.path, err)
	}
	defer func() {
		m.names.settle(err == nil)
		if err != nil {
			err = explain(m.path, err)
		}
	}()
	defer end(&err)
	return f()
}

// Progress implements [upkeep.Mover].
func (m *mover) Progress(context.Context) (p upkeep.Progress, err error) {
	version, err := m.number("PRAGMA user_version")
	if err == nil && version == half {
		err = query(m.write, "SELECT mark FROM moving", nil, func(s *sqlite.Stmt) error {
			p.Mark = s.ColumnText(0)
			return nil
		})
	}
	if err != nil {
		return p, explain(m.path, err)
	}
	if p.Events, err = m.number("SELECT coalesce(max(seq), 0) FROM events"); err != nil {
		return p, err
	}
	if p.Runs, err = m.number("SELECT coalesce(max(id), 0) FROM runs"); err != nil {
		return p, err
	}
	something, err := m.number("SELECT EXISTS (SELECT 1 FROM events) OR EXISTS (SELECT 1 FROM runs) OR EXISTS (SELECT 1 FROM counts) OR EXISTS (SELECT 1 FROM revisions) OR EXISTS (SELECT 1 FROM memos) OR EXISTS (SELECT 1 FROM claims)")
	p.Empty = something == 0
	return p, err
}

func (m *mover) number(text string) (int64, error) {
	s, err := m.write.Prepare(text)
	if err != nil {
		return 0, explain(m.path, err)
	}
	n, err := sqlitex.ResultInt64(s)
	if err != nil {
		return 0, explain(m.path, err)
	}
	return n, nil
}

// Begin implements [upkeep.Mover].
func (m *mover) Begin(_ context.Context, mark string) error {
	return m.transact(func() error {
		if err := sqlitex.ExecuteScript(m.write, fmt.Sprintf("CREATE TABLE moving (mark TEXT NOT NULL) STRICT; PRAGMA user_version=%d;", half), nil); err != nil {
			return err
		}
		return sqlitex.Execute(m.write, "INSERT INTO moving VALUES (?)", &sqlitex.ExecOptions{Args: []any{mark}})
	})
}

// Finish implements [upkeep.Mover]. What is due is found by the engine at its start, and numbers go on after the highest.
func (m *mover) Finish(context.Context) error {
	return m.transact(func() error {
		return sqlitex.ExecuteScript(m.write, fmt.Sprintf("DROP TABLE moving; PRAGMA user_version=%d;", layout), nil)
	})
}
