package openconnectors

import (
	"encoding/json"
	"time"

	"shopbell/sources"
)

// OpenAt is Kind().Open with a clock.
func OpenAt(name, config string, now func() time.Time) (sources.Source, error) {
	return open(name, json.RawMessage(config), now)
}
