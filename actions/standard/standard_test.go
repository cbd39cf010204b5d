package standard_test

import (
	"slices"
	"testing"

	"shopbell/actions/standard"
)

func TestKinds(t *testing.T) {
	var names []string
	for _, k := range standard.Kinds() {
		names = append(names, k.Name)
	}
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("the kinds are not ordered by name, or one is there twice: %q", names)
	}
}
