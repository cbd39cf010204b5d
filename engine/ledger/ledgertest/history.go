package ledgertest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"shopbell/engine"
)

// history holds that events are told whole and in order, of all stores or of one, and in bites that fit into memory.
func history(t *testing.T, b *bench) {
	tell := func(s engine.Store, after int64, limit int) (found []engine.Record, seqs string) {
		t.Helper()
		found, err := b.History(t.Context(), s, after, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range found {
			seqs += fmt.Sprint(" ", r.Seq)
		}
		return found, strings.TrimSpace(seqs)
	}
	_, none := tell(engine.Store{}, 0, 10)
	want(t, "nothing", none, "")
	for i := 1; i <= 5; i++ {
		r := anEvent(i, engine.EventUnmatched)
		switch i {
		case 2:
			r.Store = "1004"
		case 3:
			r.State, r.Entity = engine.EventSeen, json.RawMessage(`{"v":3}`)
		case 4:
			r.Source = "other"
		}
		b.accept(r)
	}
	for _, c := range []struct {
		of    engine.Store
		after int64
		limit int
		want  string
	}{
		{engine.Store{}, 0, 10, "1 2 3 4 5"}, {engine.Store{}, 0, 2, "1 2"}, {engine.Store{}, 2, 2, "3 4"}, {engine.Store{}, 5, 2, ""},
		{engine.Store{Store: "1003"}, 0, 10, "1 3 4 5"}, {engine.Store{Source: "ecwid"}, 1, 10, "2 3 5"},
		{engine.Store{Source: "ecwid", Store: "1004"}, 0, 10, "2"}, {engine.Store{Store: "9"}, 0, 10, ""},
	} {
		_, got := tell(c.of, c.after, c.limit)
		want(t, fmt.Sprint(c), got, c.want)
	}
	all, _ := tell(engine.Store{}, 0, 10)
	first := anEvent(1, engine.EventUnmatched)
	want(t, "an event", fmt.Sprint(string(all[0].Data), string(all[0].Body), all[0].ID, all[0].Type, all[0].Subject, all[0].Received.Equal(first.Received)),
		fmt.Sprint(string(first.Data), string(first.Body), first.ID, first.Type, first.Subject, true))
	want(t, "an entity", string(all[2].Entity), `{"v":3}`)

	big := json.RawMessage(`"` + strings.Repeat("x", 5<<20) + `"`)
	for i := 6; i <= 10; i++ {
		r := anEvent(i, engine.EventUnmatched)
		r.Body, r.Data = big, nil
		b.accept(r)
	}
	bite, _ := tell(engine.Store{}, 5, 10)
	if len(bite) == 0 || len(bite) > 4 {
		t.Errorf("%d events of 5 MB at once", len(bite))
	}
}
