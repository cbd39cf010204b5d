//go:build race

package virtualtime

const raced = true
