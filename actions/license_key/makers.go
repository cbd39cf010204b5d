package licensekey

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"

	"shopbell/actions"
)

// makers make keys of patterns.
type makers struct {
	claim  actions.Claim
	log    *slog.Logger
	random io.Reader // must be safe for many goroutines
	told   sync.Map  // by pool, whether the log knows that it runs low
}

func newMakers(claim actions.Claim, log *slog.Logger, random io.Reader) *makers {
	return &makers{claim: claim, log: log, random: random}
}

// take makes keys until one is new, and gives it to a step; or the one that it has already.
func (m *makers) take(ctx context.Context, ask request, text string) (given, error) {
	p, err := readPattern(text)
	if err != nil {
		return given{}, actions.Permanent(actions.BlameRequest, err)
	}
	random := bufio.NewReaderSize(m.random, 256)
	for offers := 2; offers <= mostOffers; offers *= 8 {
		keys := make([]string, offers)
		for i := range keys {
			if keys[i], err = p.make(random); err != nil {
				return given{}, err
			}
		}
		c, err := m.claim(ctx, ask.pool, ask.key, keys)
		if err != nil {
			return given{}, err
		}
		if c.Value != "" {
			left := p.left(c.Taken)
			told, _ := m.told.LoadOrStore(ask.pool, &atomic.Bool{})
			running(ctx, m.log, told.(*atomic.Bool), ask, left)
			return given{c.Value, left}, nil
		}
	}
	return given{}, actions.Permanent(actions.BlameRequest, errors.New("nearly all keys that the pattern can give are given: make it longer, and replay the event"))
}
