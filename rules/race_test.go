//go:build race

package rules_test

const slow = 20 // times, with the race detector
