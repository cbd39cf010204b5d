package server

import "fmt"

// bar is one bar of the plot, in units of its picture: 100 high, 40 wide a day.
type bar struct {
	Class      string
	X, Y, W, H float64
	Tip        string
}

// Bars gives the plot of an overview: for each day what came in, and beside it what went out.
func (o *overview) Bars() []bar {
	peak := float64(max(o.Peak, 1))
	var bars []bar
	for i, d := range o.Days {
		tip := fmt.Sprintf("%s: %s came in, %s went out", d.Date.Format("2 January"), count(d.Received), count(d.Sent))
		for j, n := range []int64{d.Received, d.Sent} {
			h := 96 * float64(n) / peak
			if n > 0 {
				h = max(h, 1.5) // one event among thousands still shows
			}
			bars = append(bars, bar{
				Class: []string{"in", "out"}[j], X: float64(i*40 + 5 + j*16), Y: 100 - h, W: 14, H: h, Tip: tip,
			})
		}
	}
	return bars
}

// Width is the plot's width in the units of its bars.
func (o *overview) Width() int { return len(o.Days) * 40 }
