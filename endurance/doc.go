// Package endurance holds the tests that treat the real program badly: it is killed, its disk is filled, its ledger is
// locked, and it is given a million events. It has no code of its own.
//
//	go test ./endurance                       # as CI runs it: 20 kills, 20,000 events
//	go test ./endurance -run Kill -kills 200  # any number
//	go test ./endurance -run Million -million # the million
package endurance
