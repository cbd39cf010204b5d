package upkeep_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"shopbell/engine"
	"shopbell/engine/ledger/ledgertest"
	"shopbell/engine/ledger/postgres"
	"shopbell/engine/ledger/postgres/postgrestest"
	"shopbell/engine/ledger/sqlite"
	"shopbell/engine/ledger/upkeep"
)

func TestMain(m *testing.M) {
	code := m.Run()
	postgrestest.StopShared()
	os.Exit(code)
}

// TestMoving has both ledgers sit the exam of moving house, in all four directions.
func TestMoving(t *testing.T) {
	files := func(t *testing.T) ledgertest.House { return fileHouse(t) }
	servers := func(*testing.T) ledgertest.House { return databaseHouse() }
	for _, way := range []struct {
		name     string
		from, to func(*testing.T) ledgertest.House
	}{
		{"from a file into PostgreSQL", files, servers},
		{"from PostgreSQL into a file", servers, files},
		{"from a file into a file", files, files},
		{"from PostgreSQL into PostgreSQL", servers, servers},
	} {
		t.Run(way.name, func(t *testing.T) { ledgertest.RunMoving(t, way.from(t), way.to(t)) })
	}
}

func fileHouse(t *testing.T) ledgertest.House {
	root := t.TempDir()
	path := func(t *testing.T, name string) string {
		return filepath.Join(root, strings.NewReplacer("/", "_", " ", "_").Replace(t.Name()+"-"+name)+".db")
	}
	return ledgertest.House{
		Open: func(t *testing.T, name string) engine.Ledger {
			l, err := sqlite.Open(t.Context(), path(t, name), sqlite.Options{})
			if err != nil {
				t.Fatal(err)
			}
			return l
		},
		Hold: func(t *testing.T, name string, side upkeep.Side) (upkeep.Mover, error) {
			return sqlite.Hold(t.Context(), path(t, name), side)
		},
	}
}

func databaseHouse() ledgertest.House {
	var databases sync.Map
	url := func(t *testing.T, name string) string {
		if found, ok := databases.Load(t.Name() + "/" + name); ok {
			return found.(string)
		}
		made := postgrestest.Shared(t)
		databases.Store(t.Name()+"/"+name, made)
		return made
	}
	return ledgertest.House{
		Open: func(t *testing.T, name string) engine.Ledger {
			l, err := postgres.Open(t.Context(), url(t, name), postgres.Options{})
			if err != nil {
				t.Fatal(err)
			}
			return l
		},
		Hold: func(t *testing.T, name string, side upkeep.Side) (upkeep.Mover, error) {
			return postgres.Hold(t.Context(), url(t, name), side)
		},
	}
}
