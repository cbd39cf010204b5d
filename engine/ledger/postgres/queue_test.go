package postgres

import (
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

// TestQueuesOfAllNames holds that River takes a queue for every account that a config may name, each a queue of its own.
func TestQueuesOfAllNames(t *testing.T) {
	seen := map[string]string{}
	for _, outlet := range []string{"", "http", "slack-1003", "mail-", "a__b", "a--b", "a-_b", "0", "x", "xa", "x6d61696c2d", strings.Repeat("z", 40), strings.Repeat("-z_", 13) + "a"} {
		queue := queueOf(outlet)
		if before, ok := seen[queue]; ok {
			t.Errorf("%q and %q share the queue %s", outlet, before, queue)
		}
		seen[queue] = outlet
		workers := river.NewWorkers()
		river.AddWorker(workers, &runWorker{})
		_, err := river.NewClient(riverpgxv5.New(nil), &river.Config{Workers: workers, Queues: map[string]river.QueueConfig{queue: {MaxWorkers: 1}}})
		if err == nil || !strings.Contains(err.Error(), "pool") { // it has none; all else must be right
			t.Errorf("River does not take the queue %s of %q: %v", queue, outlet, err)
		}
	}
}

// TestAlarmsThatStop holds that an alarm which goes off while its node stops wakes nobody.
func TestAlarmsThatStop(t *testing.T) {
	var a alarms
	a.begin(func(string) { t.Error("an alarm rang after the end") })
	a.set("q", time.Now().Add(time.Second))
	set := a.timers["q"]
	a.stop()
	a.rung("q", set)
}
