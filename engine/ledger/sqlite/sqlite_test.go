package sqlite_test

import (
	"path/filepath"
	"strings"
	"testing"

	"shopbell/engine"
	"shopbell/engine/ledger/ledgertest"
	"shopbell/engine/ledger/sqlite"
)

func TestLedger(t *testing.T) {
	root := t.TempDir()
	ledgertest.Run(t, func(t *testing.T, name string) engine.Ledger {
		return open(t, filepath.Join(root, strings.ReplaceAll(t.Name(), "/", "_")+"-"+name+".db"))
	})
}

func open(t testing.TB, path string) engine.Ledger {
	t.Helper()
	l, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}
