package cli

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"shopbell/actions"
	licensekey "shopbell/actions/license_key"
	"shopbell/config"
)

// things lists what a step may name of what the operator keeps beside the config.
func things(c *config.Config) func(sort string) []string {
	return func(sort string) []string {
		if sort == licensekey.Thing {
			return licensekey.Pools(c.Pools)
		}
		return nil
	}
}

// poolsEvery is how often the folder of pools is looked at.
const poolsEvery = time.Second

// watchPools has the rules read again when a pool has come or gone, until ctx ends: a rule may name it. What is in a pool is looked at
// by who claims from it.
func (h *house) watchPools(ctx context.Context) {
	tick := time.NewTicker(poolsEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if now := licensekey.Pools(h.config.Pools); !slices.Equal(now, h.pools) {
			h.pools = now
			h.keeper.refresh(nil)
		}
	}
}

// claim has the engine's ledger keep who has what of a pool.
func (c *changes) claim(ctx context.Context, pool, key string, offers []string) (actions.Claimed, error) {
	if e := c.engine.Load(); e != nil {
		return e.Claim(ctx, pool, key, offers)
	}
	return actions.Claimed{}, errors.New("the engine has not started")
}

// maxStock is of how many pools a metric tells; names may come from events.
const maxStock = 256

// stock tells how many keys pools have left, as a metric.
type stock struct {
	left  *prometheus.GaugeVec
	mu    sync.Mutex
	pools map[string]bool
}

func newStock() *stock {
	return &stock{pools: map[string]bool{}, left: prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: "shopbell", Name: "pool_keys_left", Help: "Keys that a pool had left when one was last asked for on this node.",
	}, []string{"pool"})}
}

func (s *stock) set(pool string, left int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.pools[pool] && len(s.pools) == maxStock {
		return
	}
	s.pools[pool] = true
	s.left.WithLabelValues(pool).Set(float64(left))
}
