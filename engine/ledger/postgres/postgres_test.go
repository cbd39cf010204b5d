package postgres_test

import (
	"os"
	"sync"
	"testing"

	"shopbell/engine"
	"shopbell/engine/ledger/ledgertest"
	"shopbell/engine/ledger/postgres"
	"shopbell/engine/ledger/postgres/postgrestest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	postgrestest.StopShared()
	os.Exit(code)
}

// TestLedger sits the exam of all ledgers.
func TestLedger(t *testing.T) {
	var databases sync.Map // by the test's name and the ledger's
	ledgertest.Run(t, func(t *testing.T, name string) engine.Ledger {
		url, ok := databases.Load(t.Name() + name)
		if !ok {
			url = postgrestest.Shared(t)
			databases.Store(t.Name()+name, url)
		}
		return open(t, url.(string))
	})
}

func open(t testing.TB, url string) engine.Shared {
	t.Helper()
	l, err := postgres.Open(t.Context(), url, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}
