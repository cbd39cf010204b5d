// Package endurance holds the tests that treat the real program badly: it is killed, its disk is filled, its ledger is
// locked, its database goes away, and it is given a million events. It has no code of its own.
//
//	go test ./endurance                       # as CI runs it: 20 kills, 20,000 events
//	go test ./endurance -run Kill -kills 200  # any number
//	go test ./endurance -run Million -million # the million
//
// Many nodes on one PostgreSQL:
//
//	go test ./endurance -run Cluster -cluster-kills 100 -outages 10 -outage 60s
//	go test ./endurance -run Order -subjects 10000 -updates 50
//	go test ./endurance -run RateOfThePaused -paused 50s
//	go test ./endurance -run Idle -idle 10m -v
//
// With -program a program that is built already is tested. All of it wants Linux, whose signals, limits and filters it uses.
package endurance
