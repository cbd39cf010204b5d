package ledgertest

import (
	"fmt"
	"testing"
	"time"

	"shopbell/engine"
)

// offers makes offers of texts: the mark of each is the text itself.
func offers(texts ...string) (list []engine.Offer) {
	for _, text := range texts {
		list = append(list, engine.Offer{Mark: []byte(text), Value: []byte("value of " + text)})
	}
	return list
}

func claims(t *testing.T, b *bench) {
	claim := func(pool, key string, texts ...string) string {
		t.Helper()
		c := &engine.Claim{Pool: pool, Key: key, Offers: offers(texts...), Value: []byte("rubbish"), At: 77, Free: 77, Taken: 77}
		b.commit(c)
		return fmt.Sprintf("%s at %d, %d free, %d taken", c.Value, c.At, c.Free, c.Taken)
	}
	for _, step := range []struct{ what, got, want string }{
		{"a look into nothing", claim("games", "", "a", "b"), " at -1, 2 free, 0 taken"},
		{"the first", claim("games", "k1", "a", "b", "c"), "value of a at 0, 2 free, 1 taken"},
		{"the same key again", claim("games", "k1", "b", "c"), "value of a at -1, 2 free, 1 taken"},
		{"the same key, and no offer", claim("games", "k1"), "value of a at -1, 0 free, 1 taken"},
		{"another key", claim("games", "k2", "a", "b", "c"), "value of b at 1, 1 free, 2 taken"},
		{"an offer twice", claim("games", "k3", "b", "c", "c", "d", "d", "d"), "value of c at 1, 1 free, 3 taken"},
		{"none is free", claim("games", "k4", "c", "b", "a"), " at -1, 0 free, 3 taken"},
		{"the same key when one is", claim("games", "k4", "a", "d"), "value of d at 1, 0 free, 4 taken"},
		{"no offer", claim("games", "k5"), " at -1, 0 free, 4 taken"},
		{"the same offers of another pool", claim("Games", "k1", "a"), "value of a at 0, 0 free, 1 taken"},
		{"a pool without a name", claim("", "k1", "b", "a"), "value of b at 0, 1 free, 1 taken"},
		{"any letters", claim("игры — 没有 \U0001F511", "k1", "ключ", "鍵"), "value of ключ at 0, 1 free, 1 taken"},
		{"a look", claim("games", "", "a", "x", "x", "y"), " at -1, 2 free, 4 taken"},
		{"a key that nobody offers", claim("games", "k6", "\x00\xff"), "value of \x00\xff at 0, 0 free, 5 taken"},
	} {
		want(t, step.what, step.got, step.want)
	}
	b.reopen()
	want(t, "after a restart", claim("games", "k2", "x"), "value of b at -1, 1 free, 5 taken")
	want(t, "after a restart, in any letters", claim("игры — 没有 \U0001F511", "k1"), "value of ключ at -1, 0 free, 1 taken")
}

// claimsTogether holds that claims of one commit see each other, whatever else is in it, and that all go with it.
func claimsTogether(t *testing.T, b *bench) {
	var all []*engine.Claim
	var changes []engine.Change
	for i := range 20 {
		c := &engine.Claim{Pool: "games", Key: fmt.Sprint("k", i/2), Offers: offers("a", "b", "c", "d", "e", "f", "g")}
		all = append(all, c)
		changes = append(changes, &engine.Accept{Record: anEvent(i, engine.EventUnmatched)}, c)
	}
	if err := b.Commit(t.Context(), append(changes[:len(changes):len(changes)], strange{&engine.Tally{}})); err == nil {
		t.Fatal("a change that nobody knows was made")
	}
	b.commit(changes...)
	for i, c := range all {
		value, at, free, taken := "", -1, max(0, 6-i/2), int64(min(7, i/2+1))
		if i/2 < 7 {
			value = "value of " + string(rune('a'+i/2))
			if i%2 == 0 {
				at = i / 2
			}
		}
		want(t, fmt.Sprint("claim ", i), []any{string(c.Value), c.At, c.Free, c.Taken}, []any{value, at, free, taken})
	}
	want(t, "events", len(b.list(engine.EventFilter{})), 20)
}

// strange is a change that no ledger knows.
type strange struct{ *engine.Tally }

// claimsOfMany goes through a pool of many values, with many offers at once.
func claimsOfMany(t *testing.T, b *bench) {
	const many = 1200
	texts := make([]string, many)
	for i := range texts {
		texts[i] = fmt.Sprintf("%05d-Ü", i)
	}
	list := offers(texts...)
	changes := make([]engine.Change, many)
	for i := range changes {
		changes[i] = &engine.Claim{Pool: "big", Key: fmt.Sprint("k", i), Offers: list[i:min(i+3, many)]}
	}
	b.commit(changes[:many-2]...)
	last := &engine.Claim{Pool: "big", Key: "last", Offers: list}
	began := time.Now()
	b.commit(last)
	t.Logf("one claim, %d offers of which two are free: %v", many, time.Since(began))
	want(t, "the last but one", []any{string(last.Value), last.At, last.Free, last.Taken}, []any{"value of " + texts[many-2], many - 2, 1, many - 1})
}

// claimsStay holds that neither time nor forgetting takes a claim away.
func claimsStay(t *testing.T, b *bench) {
	r, n := anEvent(1, engine.EventPlanned), aRun("a")
	n.Run.State = engine.RunDone
	b.accept(r, n)
	b.commit(&engine.Claim{Pool: "games", Key: "k1", Offers: offers("a")})
	u := b.run(n.Run.ID)
	b.commit(&engine.Rewrite{Record: r, Runs: []*engine.Run{&u}})
	p := &engine.Purge{Before: time.Now().Add(time.Hour)}
	b.commit(p)
	want(t, "gone", p.Gone, 1)
	c := &engine.Claim{Pool: "games", Key: "k2", Offers: offers("a")}
	b.commit(c)
	want(t, "it stays taken", []any{c.Value == nil, c.Taken}, []any{true, 1})
}
