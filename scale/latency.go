package main

import (
	"math"
	"math/rand/v2"
	"time"
)

// A latency is how long somebody outside takes to answer: lognormal, as the answers of web services roughly are. A p99
// of 0 is 4 times the median; one that is the median makes every answer take the same time.
type latency struct {
	median, p99 time.Duration
	// exponential makes it so instead, with the median as its mean. Only with it does theory know the result.
	exponential bool
}

// z99 is how many standard deviations of a normal distribution are above 99 of 100.
const z99 = 2.3263478740408408

// wrong tells of what cannot be.
func (l latency) wrong() bool { return l.median < 0 || l.p99 != 0 && l.p99 < l.median }

// sigma is the shape of the lognormal distribution.
func (l latency) sigma() float64 {
	p99 := l.p99
	if p99 == 0 {
		p99 = 4 * l.median
	}
	if l.median <= 0 || p99 <= l.median {
		return 0
	}
	return math.Log(float64(p99)/float64(l.median)) / z99
}

// mean is what answers take on average; it is what counts for how many workers are busy.
func (l latency) mean() time.Duration {
	if l.exponential {
		return l.median
	}
	s := l.sigma()
	return time.Duration(float64(l.median) * math.Exp(s*s/2))
}

// draw gives the time of one answer.
func (l latency) draw(r *rand.Rand) time.Duration {
	switch s := l.sigma(); {
	case l.exponential:
		return time.Duration(r.ExpFloat64() * float64(l.median))
	case s == 0:
		return l.median
	default:
		return time.Duration(float64(l.median) * math.Exp(s*r.NormFloat64()))
	}
}
