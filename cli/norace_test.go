//go:build !race

package cli

// raceDetected says that everything is many times slower.
const raceDetected = false
