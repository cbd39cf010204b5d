package upkeep

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// Same reads two ledgers from end to end and tells the first piece in which they differ; nil for none. Text that only a
// hostile notification holds, which PostgreSQL has no form for, is compared as PostgreSQL writes it.
func Same(ctx context.Context, a, b Mover) error {
	left, right := walk{of: a}, walk{of: b}
	for {
		x, err := left.next(ctx)
		if err != nil {
			return err
		}
		y, err := right.next(ctx)
		if err != nil {
			return err
		}
		if x != y {
			return fmt.Errorf("%s and %s differ:\n%s\n%s", a.Name(), b.Name(), x, y)
		}
		if x == "" {
			return nil
		}
	}
}

// A walk reads a ledger piece by piece.
type walk struct {
	of     Mover
	at     Cursor
	pieces []string
	end    bool
}

// next gives a piece as text, "" after the last.
func (w *walk) next(ctx context.Context) (string, error) {
	for len(w.pieces) == 0 {
		if w.end {
			return "", nil
		}
		s, err := w.of.Export(ctx, w.at, stretch)
		if err != nil {
			return "", err
		}
		if w.pieces, err = s.pieces(); err != nil {
			return "", err
		}
		w.at, w.end = s.Next, s.End
	}
	piece := w.pieces[0]
	w.pieces = w.pieces[1:]
	return piece, nil
}

// pieces writes a stretch down. Bytes are written as such: a body may be what is no JSON.
func (s *Stretch) pieces() (list []string, err error) {
	add := func(what string, v any) {
		text, wrong := json.Marshal(v)
		if wrong != nil {
			err = wrong
		}
		list = append(list, what+" "+string(text))
	}
	for _, r := range s.Revisions {
		add("revision", r)
	}
	for _, c := range s.Counts {
		add("count", c)
	}
	for _, m := range s.Memos {
		add("memo", m)
	}
	for _, c := range s.Claims {
		c.Pool, c.Key = asPostgreSQL(c.Pool), asPostgreSQL(c.Key)
		add("claim", c)
	}
	for _, e := range s.Events {
		bytes := fmt.Sprintf("body %q data %q entity %q", e.Body, e.Data, e.Entity)
		e.Body, e.Data, e.Entity = nil, nil, nil
		for _, text := range []*string{&e.Source, &e.Store, &e.Type, &e.ID, &e.Subject, &e.Note} {
			*text = asPostgreSQL(*text)
		}
		add("event "+bytes, e)
	}
	for _, u := range s.Runs {
		for _, text := range []*string{&u.Source, &u.Store, &u.Type, &u.EventID, &u.Subject} {
			*text = asPostgreSQL(*text)
		}
		add("run", u)
	}
	return list, err
}

// asPostgreSQL writes text as that ledger has to.
func asPostgreSQL(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\u2400")
}
