package ecwid

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"shopbell/sources"
	"shopbell/virtualtime"
)

// A canned API gives one answer to everything but latest-stats.
type canned struct {
	stats, answer string
	calls         int
}

func (c *canned) RoundTrip(r *http.Request) (*http.Response, error) {
	c.calls++
	body := c.answer
	if strings.HasSuffix(r.URL.Path, "/latest-stats") {
		body = c.stats
	}
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// check holds what must be so of any batch, whatever the API said.
func checkBatch(t *testing.T, b sources.Batch, calls int) {
	if calls > pollCalls {
		t.Fatalf("one Poll made %d calls", calls)
	}
	if !json.Valid(b.Cursor) {
		t.Fatalf("the cursor is %q", b.Cursor)
	}
	for _, f := range b.Found {
		e := f.Event
		if e.ID == "" || len(e.ID) > maxEventID || e.Subject == "" || !e.Polled || e.Created.IsZero() || f.Seen && f.Entity == nil {
			t.Fatalf("found %+v", f)
		}
		if !json.Valid(e.Body) || e.Data != nil && !json.Valid(e.Data) || f.Entity != nil && !json.Valid(f.Entity) {
			t.Fatalf("found what is not JSON: %+v", f)
		}
	}
}

func FuzzPoll(f *testing.F) {
	const stats = `{"ordersUpdated":"2025-01-01 00:00:00 +0000"}`
	for _, cursor := range []string{"", `{}`, `{"form":1,"kinds":{"orders":{"synced":true,"until":1735689600,"since":1,"seen":{"K":5}}}}`,
		`{"form":1,"kinds":{"categories":{"synced":true,"known":{"7":"x"}},"application":{"synced":true,"known":{"application":"TRIAL"}}}}`,
		`{"form":1,"kinds":{},"round":{"began":1,"due":["orders","x"]}}`, `{"form":1,"kinds":{"orders":{"step":{"stage":"deletions","offset":9,"total":90,"pages":3}}},"round":{"began":1,"due":["orders"]}}`} {
		for _, answer := range []string{`{"total":1,"count":1,"items":[{"id":"K","internalId":5,"createTimestamp":1735689601,"updateTimestamp":1735689700,"invoices":[{"internalId":3}]}]}`,
			`[{"id":7,"name":"x"}]`, `{"items":[{}]}`, `{"total":"9","items":[{"id":9,"date":"2025-01-01 00:00:00 +0000","cartId":"C"},5,null]}`,
			`{"subscriptionStatus":"ACTIVE","items":[]}`, `{"total":-1,"items":[[]]}`, `null`, `{"items":[{"id":"` + strings.Repeat("x", 300) + `","updated":1}]}`} {
			f.Add(cursor, stats, answer)
		}
	}
	f.Fuzz(func(t *testing.T, cursor, stats, answer string) {
		virtualtime.Test(t, func(t *testing.T) {
			s, err := open("ecwid", json.RawMessage(`{"client_secret":"s","stores":{"1003":{"token":"secret_test"}}}`))
			if err != nil {
				t.Fatal(err)
			}
			wire := &canned{stats: stats, answer: answer}
			s.api.client.Transport = wire
			round := sources.Round{Store: "1003", Cursor: json.RawMessage(cursor), Wants: func(string) bool { return true }}
			for range 4 {
				wire.calls = 0
				batch, err := s.Poll(t.Context(), round)
				if err != nil {
					return
				}
				checkBatch(t, batch, wire.calls)
				round.Cursor = batch.Cursor
				time.Sleep(time.Minute)
			}
		})
	})
}

func FuzzPollCursor(f *testing.F) {
	for _, text := range []string{``, `{"form":1}`, `{"form":1,"kinds":{"orders":{"seen":null}}}`, `[]`, `{"form":1,"kinds":{"a":{"until":9e99}}}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c := parseCursor(text)
		for name := range c.Kinds {
			c.state(name).trim()
		}
		again, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		third, _ := json.Marshal(parseCursor(again))
		if string(third) != string(again) {
			t.Fatalf("%s became %s", again, third)
		}
	})
}

func FuzzListPage(f *testing.F) {
	for _, text := range []string{`[]`, `{"items":[]}`, `{"total":5,"items":[{"id":1}]}`, `{"total":1e9,"items":[1]}`, `{"total":"7","items":[{}]}`, `"x"`, ``} {
		f.Add([]byte(text), 0)
	}
	f.Fuzz(func(t *testing.T, text []byte, offset int) {
		page, err := parsePage(text, max(offset, 0)%1000, pollPage)
		if err == nil && page.total < 0 {
			t.Fatalf("%q has a total of %d", text, page.total)
		}
	})
}

func FuzzVersion(f *testing.F) {
	for _, text := range []string{`{"updateTimestamp":1735693200}`, `{"updateTimestamp":"1735693200000"}`, `{"updated":"2025-01-01 00:00:00 +0000"}`, `[]`, `{"updateTimestamp":1e400}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		at := new(source).Version("order", text)
		if !at.IsZero() && (at.Unix() <= 0 || at.Location() != time.UTC) {
			t.Fatalf("%s is of %v", text, at)
		}
	})
}

func TestVersion(t *testing.T) {
	for text, want := range map[string]int64{
		`{"updateTimestamp":1735693200,"updateDate":"2020-01-01 00:00:00 +0000"}`: 1735693200,
		`{"updateTimestamp":1735693200000}`:                                       1735693200,
		`{"updateTimestamp":"1735693200"}`:                                        1735693200,
		`{"updateTimestamp":null,"updateDate":"2025-01-01 02:00:00 +0100"}`:       1735693200,
		`{"updated":"2025-01-01 01:00:00 +0000"}`:                                 1735693200,
		`{"updated":"soon"}`:                                                      0,
		`{"createTimestamp":1735693200}`:                                          0,
		`{}`:                                                                      0,
		``:                                                                        0,
		`[1]`:                                                                     0,
	} {
		if got := unix(new(source).Version("order", json.RawMessage(text))); got != want {
			t.Errorf("%s is of %d, want %d", text, got, want)
		}
	}
}

func TestTheCursorIsBounded(t *testing.T) {
	p := parseCursor(nil).state("orders")
	for i := range int64(3 * maxSeen) {
		p.Seen[seconds(i)], p.Gone[seconds(i)], p.Invoiced[seconds(i)] = i, i, invoices{At: i}
	}
	p.trim()
	if len(p.Seen) != maxSeen || len(p.Gone) != maxSeen || len(p.Invoiced) != maxInvoiced || p.Seen[seconds(3*maxSeen-1)] == 0 || p.Seen["1"] != 0 {
		t.Errorf("holds %d, %d, %d", len(p.Seen), len(p.Gone), len(p.Invoiced))
	}
	if id := pollID("order.updated", "order/"+strings.Repeat("x", 300), "1735693200"); len(id) > maxEventID {
		t.Errorf("an id of %d bytes", len(id))
	}
}
