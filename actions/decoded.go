package actions

import "encoding/json"

// Decoded keeps the parameters of a call that had to be decoded before its Send, to find the provider that they name, so that Send need
// not decode them once more. It is for one goroutine at a time.
type Decoded struct {
	from json.RawMessage
	to   any
}

// keep keeps what parameters were decoded to.
func (d *Decoded) keep(from json.RawMessage, to any) {
	if d != nil {
		d.from, d.to = from, to
	}
}

// take gives what the same parameters were decoded to, once: a Send may change what it gets. It gives nil for others.
func (d *Decoded) take(from json.RawMessage) (to any) {
	if d == nil || len(from) == 0 || len(from) != len(d.from) || &from[0] != &d.from[0] {
		return nil
	}
	to, *d = d.to, Decoded{}
	return to
}
