package postgres_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"shopbell/engine"
	"shopbell/engine/ledger/ledgertest"
	"shopbell/engine/ledger/postgres/postgrestest"
)

// TestDatabaseWithoutClaims holds that a ledger which was made before there were claims gets room for them.
func TestDatabaseWithoutClaims(t *testing.T) {
	t.Parallel()
	url := postgrestest.Shared(t)
	l := open(t, url)
	ledgertest.Fill(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	if _, err := c.Exec(t.Context(), "DROP TABLE shopbell.claims; UPDATE shopbell.layout SET version = 2"); err != nil {
		t.Fatal(err)
	}
	l = open(t, url)
	defer l.Close()
	claim := &engine.Claim{Pool: "games", Key: "k", Offers: pins(0, 1)}
	if err := l.Commit(t.Context(), []engine.Change{claim}); err != nil || string(claim.Value) != "PIN 0" || claim.Taken != 1 {
		t.Errorf("%+v, %v", claim, err)
	}
}

// pins makes numbered offers.
func pins(from, n int) (offers []engine.Offer) {
	for i := from; i < from+n; i++ {
		offers = append(offers, engine.Offer{Mark: fmt.Append(nil, i), Value: fmt.Append(nil, "PIN ", i)})
	}
	return offers
}

// TestClaimsOfManyNodes has nodes claim the same few values at the same time, in commits of several pools that name them in another
// order each: nobody waits for ever, no value goes to two keys, and each answer is what the ledger keeps.
func TestClaimsOfManyNodes(t *testing.T) {
	t.Parallel()
	const nodes, commits, pools = 4, 40, 3
	url := postgrestest.Shared(t)
	var group sync.WaitGroup
	var mu sync.Mutex
	owner := map[string]string{}
	free := 0
	for n := range nodes {
		l := open(t, url)
		t.Cleanup(func() { l.Close() })
		group.Go(func() {
			for i := range commits {
				var claims []*engine.Claim
				var changes []engine.Change
				for p := range pools {
					pool := fmt.Sprint("pool", (p*(n%2+1)+n)%pools)
					c := &engine.Claim{Pool: pool, Key: fmt.Sprint("node ", n, " commit ", i), Offers: pins(0, nodes*commits-10)}
					claims, changes = append(claims, c), append(changes, c)
				}
				if err := l.Commit(t.Context(), changes); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				for _, c := range claims {
					if c.Value == nil {
						free++
						continue
					}
					name := c.Pool + " " + string(c.Value)
					if before := owner[name]; before != "" {
						t.Errorf("%s goes to %s and to %s", name, before, c.Key)
					}
					owner[name] = c.Key
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if want := pools * (nodes*commits - 10); len(owner) != want || free != pools*10 {
		t.Errorf("%d values went to keys, want %d; %d keys got none, want %d", len(owner), want, free, pools*10)
	}
}

// BenchmarkClaim makes 64 claims in a commit, each with 64 offers, as when a pool is asked by many at once.
func BenchmarkClaim(b *testing.B) {
	l := open(b, postgrestest.Start(b).Database(b))
	defer l.Close()
	for i := 0; b.Loop(); i++ {
		changes := make([]engine.Change, 64)
		for j := range changes {
			changes[j] = &engine.Claim{Pool: "games", Key: fmt.Sprint("k", i*64+j), Offers: pins(i*64, 64)}
		}
		commit(b, l, changes)
	}
	b.ReportMetric(float64(b.N)*64/b.Elapsed().Seconds(), "claims/s")
}
