package cli

import (
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// TestStock holds that the metric tells of each pool what was told last, and of no more pools than it may.
func TestStock(t *testing.T) {
	s := newStock()
	registry := prometheus.NewRegistry()
	registry.MustRegister(s.left)
	for i := range maxStock + 50 {
		s.set(fmt.Sprint("pool", i), 100)
	}
	s.set("pool7", 7)
	families, err := registry.Gather()
	if err != nil || len(families) != 1 || families[0].GetName() != "shopbell_pool_keys_left" {
		t.Fatal(families, err)
	}
	told := map[string]float64{}
	for _, m := range families[0].GetMetric() {
		told[m.GetLabel()[0].GetValue()] = m.GetGauge().GetValue()
	}
	if len(told) != maxStock || told["pool7"] != 7 || told["pool8"] != 100 {
		t.Errorf("%d pools are told of; of pool7 and pool8 %v and %v are left", len(told), told["pool7"], told["pool8"])
	}
}
