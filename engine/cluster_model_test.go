package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"shopbell/actions"
	"shopbell/engine"
	"shopbell/engine/ledger/postgres"
	"shopbell/engine/ledger/upkeep"
	"shopbell/event"
	"shopbell/sources"
)

// clusterRules are modelRules with waits for which one can stay.
func clusterRules() string {
	return strings.NewReplacer("first: 5s", "first: 1s", "first: 1m", "first: 1s", "first: 1h", "first: 1s").Replace(modelRules)
}

// TestClusterModel is TestModel for three nodes on one PostgreSQL, in real time: everything that may fail does so, nodes are told to
// stop, are cut off, or lose the database for good while they send; then it is looked whether what the engine promises is true.
func TestClusterModel(t *testing.T) {
	t.Parallel()
	newCluster(t, rand.Uint64()).run()
}

// cluster is a model on several nodes, of which the first is never stopped.
type cluster struct {
	*model
	nodes []*clusterNode
}

type clusterNode struct {
	*bench
	away atomic.Bool // nothing that it writes arrives any more
}

func newCluster(t *testing.T, seed uint64) *cluster {
	t.Logf("seed %d", seed)
	c := &cluster{model: &model{rand: rand.New(rand.NewPCG(seed, 11)), accepted: map[string]bool{}, retried: map[int64]bool{}}}
	first := &clusterNode{}
	c.bench = newNode(t, clusterRules(), c.moody(first))
	first.bench, c.nodes = c.bench, []*clusterNode{first}
	c.source.failing(c.attestingSoon)
	c.provider.answering(c.sendingSoon)
	for range 2 {
		c.nodes = append(c.nodes, c.join())
	}
	return c
}

// join starts another node.
func (c *cluster) join() *clusterNode {
	n := &clusterNode{}
	n.bench = c.another(clusterRules(), c.moody(n))
	return n
}

// moody gives a node a ledger whose commits fail now and then.
func (c *cluster) moody(n *clusterNode) func(*engine.Options) {
	return func(o *engine.Options) {
		o.Timeout = 2 * time.Second
		o.Ledger = writing(o.Ledger, func(ctx context.Context, changes []engine.Change, commit committing) error {
			switch d := c.dice(100); {
			case n.away.Load():
				return engine.ErrAway
			case d >= 8 || c.quiet():
				return commit(ctx, changes)
			case d < 2:
				return engine.ErrAway
			case d < 4: // the answer is lost, and it was made
				_ = commit(ctx, changes)
				return engine.ErrAway
			}
			return commit(ctx, append(changes[:len(changes):len(changes)], spoilt{}))
		})
	}
}

func (c *cluster) attestingSoon(*event.Event) error {
	switch n := c.dice(100); {
	case c.quiet() || n < 85:
		return nil
	case n < 90:
		return sources.Later(time.Duration(c.dice(1500))*time.Millisecond, errors.New("429"))
	case n < 95:
		return errors.New("502")
	case n < 97:
		panic("a platform's answer that nobody thought of")
	default:
		return sources.Unconfirmed("404")
	}
}

func (c *cluster) sendingSoon(ctx context.Context, _ call) error {
	switch n := c.dice(100); {
	case c.quiet() || n < 60:
		return nil
	case n < 70:
		return errors.New("busy")
	case n < 73:
		return actions.RetryAfter(time.Duration(c.dice(2000))*time.Millisecond, errors.New("429"))
	case n < 79:
		return actions.Unknown(errors.New("no answer"))
	case n < 82:
		return actions.Permanent(actions.BlameRecipient, errors.New("no such mailbox"))
	case n < 84:
		panic("an action that nobody thought of")
	case n < 86:
		return actions.Skip("opted out")
	}
	select { // hangs for up to two and a half seconds, half a second more than it may
	case <-time.After(time.Duration(c.dice(2500)) * time.Millisecond):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// replace ends a node in one of three ways, and has another come.
func (c *cluster) replace() {
	i := 1 + c.dice(len(c.nodes)-1)
	old := c.nodes[i]
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(c.dice(3))*time.Second)
	old.away.Store(c.dice(3) == 0)
	c.old.Go(func() {
		defer cancel()
		_ = old.Stop(ctx)
		old.ledger.Close() // as the end of its process would, or the nodes of the past used up the server's connections
	})
	c.nodes[i] = c.join()
}

func (c *cluster) run() {
	const events, subjects = 200, 20
	pace := time.NewTicker(70 * time.Millisecond)
	defer pace.Stop()
	for i := range events {
		<-pace.C
		subject := fmt.Sprintf("S%d", c.dice(subjects))
		id, typ := fmt.Sprintf("e%d", i), []string{"order.created", "order.updated", "order.updated"}[c.dice(3)]
		c.source.set(subject, i)
		var posts sync.WaitGroup
		var took atomic.Bool
		for range 1 + c.dice(3) { // several nodes may have it at once
			n := c.nodes[c.dice(len(c.nodes))]
			posts.Go(func() {
				if n.notify(id, typ, subject) == nil {
					took.Store(true)
				}
			})
		}
		posts.Wait()
		c.accepted[id] = took.Load()
		switch n := c.dice(40); n {
		case 0, 1:
			c.replace()
		case 2:
			c.retrySome()
		}
	}
	for id, took := range c.accepted {
		if !took {
			delete(c.accepted, id)
		}
	}
	c.mu.Lock()
	c.calm = true
	c.mu.Unlock()
	c.old.Wait()
	c.until("all is settled", func() bool {
		return c.count("SELECT count(*) FROM shopbell.events WHERE state = 1")+c.count(openRuns) == 0
	})
	c.check()
	c.checkNothingIsLeft()
}

const openRuns = "SELECT count(*) FROM shopbell.runs WHERE state IN (1, 2)"

// count asks the database itself.
func (c *cluster) count(query string) (n int) {
	conn, err := pgx.Connect(context.Background(), c.where)
	c.must(err)
	defer conn.Close(context.Background())
	c.must(conn.QueryRow(context.Background(), query).Scan(&n))
	return n
}

// checkNothingIsLeft stops all nodes, and looks whether the ledger is in order and has no job for anybody.
func (c *cluster) checkNothingIsLeft() {
	for _, n := range c.nodes {
		n.stop()
	}
	for what, query := range map[string]string{
		"jobs":   "SELECT count(*) FROM shopbell.river_job WHERE kind IN ('event', 'run') AND state NOT IN ('completed', 'cancelled', 'discarded')",
		"lanes":  "SELECT count(*) FROM shopbell.runs WHERE lane > 0 AND state NOT IN (1, 2)",
		"nodes":  "SELECT count(*) FROM shopbell.nodes",
		"leases": "SELECT count(*) FROM shopbell.leases",
	} {
		if n := c.count(query); n != 0 {
			c.Errorf("%d %s are left", n, what)
		}
	}
	l, err := postgres.Open(context.Background(), c.where, postgres.Options{ReadOnly: true})
	c.must(err)
	defer l.Close()
	_, err = l.(upkeep.Checker).Check(context.Background(), func(f upkeep.Fault) { c.Errorf("the check of the ledger says: %s", f.Words) })
	c.must(err)
}
