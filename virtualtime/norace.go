//go:build !race

package virtualtime

const raced = false
