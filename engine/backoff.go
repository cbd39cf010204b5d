package engine

import (
	"math"
	"math/rand/v2"
	"time"

	"shopbell/rules"
	"shopbell/sources"
)

// The default policy of a step: 12 tries over about a day.
const (
	defaultTries = 12
	defaultFirst = 10 * time.Second
	defaultMax   = 16 * time.Hour
	growth       = 2.34               // of the wait, from try to try
	mostAsked    = 7 * 24 * time.Hour // the longest wait that a provider is obeyed in
)

// The policy of reading an entity back: for a day, at least every minute or so, for a store's API that was away must not
// find its events asleep.
const (
	attestFirst  = time.Second
	attestMax    = time.Minute
	attestDenied = 10 * time.Minute // between tries with a token that the platform refuses
	attestFor    = 24 * time.Hour
)

// tries gives how often a step is tried at most.
func tries(p rules.RetryPolicy) int {
	if p.Tries > 0 {
		return p.Tries
	}
	return defaultTries
}

// backoff gives the wait after the given number of tries: growing, with a fifth of jitter either way, so that what failed
// together does not come back together; and never less than the provider asked for.
func backoff(p rules.RetryPolicy, tried int, asked time.Duration) time.Duration {
	first, most := p.First, p.Max
	if first <= 0 {
		first = defaultFirst
	}
	if most <= 0 {
		most = max(defaultMax, first)
	}
	wait := float64(first) * math.Pow(growth, float64(tried-1))
	wait = min(wait, float64(most)) * (0.8 + 0.4*rand.Float64())
	return max(time.Duration(wait), min(asked, mostAsked))
}

// attestWait gives the wait before an entity is read back again.
func attestWait(tried int, cause error) time.Duration {
	p := rules.RetryPolicy{First: attestFirst, Max: attestMax}
	if sources.IsDenied(cause) {
		p.First, p.Max = attestDenied, attestDenied
	}
	return backoff(p, min(tried, 20), sources.Wait(cause))
}
