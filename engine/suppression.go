package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"shopbell/actions"
)

// A Suppression is a person who is not to be written to: nothing goes there, whatever rules say, until it is lifted.
type Suppression struct {
	Source, Store string          // "" and "" for every store
	Channel       actions.Channel // how the person would be reached
	Address       string          // as actions.Recipient has it; "" once the person was forgotten, though it still holds
	Why           string          // such as "the mailbox is gone: …" or "asked by telephone"
	Since         time.Time
	// Marketing says that it holds for marketing only.
	Marketing bool
}

// suppressed is a suppression as it is kept.
type suppressed struct {
	Address string    `json:"address,omitempty"`
	Why     string    `json:"why"`
	Since   time.Time `json:"since"`
}

// name is the name of the memo that keeps it.
func (s *Suppression) name() string {
	sum := sha256.Sum256([]byte(s.Address))
	name := string(s.Channel) + "/" + hex.EncodeToString(sum[:16])
	if s.Marketing {
		name = marketingOnly + name
	}
	return memoSuppressed + name
}

// memoSuppressed begins the names of the memos of suppressions. A name holds a hash of the address in its place: forgetting the
// person takes the address away, and still nobody writes to it.
const (
	memoSuppressed = "suppressed/"
	marketingOnly  = "marketing/" // of what holds for marketing only, so that the two do not replace each other
)

// ErrRecipient says that a suppression does not name somebody who could be written to.
var ErrRecipient = errors.New("want an e-mail address, or a telephone number such as +31612345678")

// RecipientOf reads an address as people give it: one with an @, or a number with its country.
func RecipientOf(text string) (actions.Recipient, error) {
	text = strings.TrimSpace(text)
	name, host, isMail := strings.Cut(strings.ToLower(text), "@")
	if isMail && name != "" && host != "" && !strings.ContainsAny(text, " \t\r\n<>,") {
		return actions.MailTo(name + "@" + host), nil
	}
	digits := onlyDigits(text)
	if !isMail && strings.HasPrefix(text, "+") && len(digits) >= 7 && len(digits) <= 15 && strings.Trim(text, "+0123456789 ()-./") == "" {
		return actions.Recipient{Channel: actions.Phone, Address: "+" + digits}, nil
	}
	return actions.Recipient{}, ErrRecipient
}

// Suppress keeps one, in place of an earlier one of the same person and store.
func (e *Engine) Suppress(ctx context.Context, s Suppression) error {
	if s.Since.IsZero() {
		s.Since = time.Now()
	}
	value, err := json.Marshal(suppressed{Address: s.Address, Why: clip(s.Why, 500), Since: s.Since.UTC()})
	if err != nil {
		return err
	}
	return e.committer.commit(ctx, nil, &Put{Memo: Memo{Source: s.Source, Store: s.Store, Name: s.name(), Value: value}})
}

// Lift drops those of the same person and store, also of marketing, and tells whether there was one.
func (e *Engine) Lift(ctx context.Context, s Suppression) (bool, error) {
	var drop []Change
	for _, s.Marketing = range []bool{false, true} {
		_, err := e.o.Ledger.Memo(ctx, s.Source, s.Store, s.name())
		if errors.Is(err, ErrNone) {
			continue
		}
		if err != nil {
			return false, err
		}
		drop = append(drop, &Put{Memo: Memo{Source: s.Source, Store: s.Store, Name: s.name()}})
	}
	if len(drop) == 0 {
		return false, nil
	}
	return true, e.committer.commit(ctx, nil, drop...)
}

// Suppressions lists all, the oldest first.
func (e *Engine) Suppressions(ctx context.Context) ([]Suppression, error) {
	memos, err := e.o.Ledger.Memos(ctx, memoSuppressed, time.Time{}, true)
	if err != nil {
		return nil, err
	}
	var all []Suppression
	for _, m := range memos {
		s, err := suppressionOf(m)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func suppressionOf(m Memo) (Suppression, error) {
	var kept suppressed
	if err := json.Unmarshal(m.Value, &kept); err != nil {
		return Suppression{}, fmt.Errorf("the suppression %s cannot be read: %w", m.Name, err)
	}
	name, marketing := strings.CutPrefix(strings.TrimPrefix(m.Name, memoSuppressed), marketingOnly)
	channel, _, _ := strings.Cut(name, "/")
	return Suppression{Source: m.Source, Store: m.Store, Channel: actions.Channel(channel), Address: kept.Address, Why: kept.Why, Since: kept.Since, Marketing: marketing}, nil
}

// suppressionFor gives why a recipient is not to be written to for a store, with marketing or at all; ErrNone when nothing says so.
func (e *Engine) suppressionFor(ctx context.Context, source, store string, r actions.Recipient, marketing bool) (Suppression, error) {
	for _, at := range []Store{{source, store}, {}} {
		for _, only := range []bool{false, true} {
			if only && !marketing {
				continue
			}
			s := Suppression{Channel: r.Channel, Address: r.Address, Marketing: only}
			m, err := e.o.Ledger.Memo(ctx, at.Source, at.Store, s.name())
			if err == nil {
				return suppressionOf(m)
			}
			if !errors.Is(err, ErrNone) {
				return Suppression{}, err
			}
		}
	}
	return Suppression{}, ErrNone
}

// forgetSuppressed takes a person's address out of what is suppressed. That the person is not to be written to stays.
func (e *Engine) forgetSuppressed(ctx context.Context, f Forgetting) error {
	memos, err := e.o.Ledger.Memos(ctx, memoSuppressed, time.Time{}, true)
	if err != nil {
		return err
	}
	x := newEraser(f.Person)
	var changes []Change
	for _, m := range memos {
		if f.Source != "" && m.Source != f.Source || f.Store != "" && m.Store != f.Store {
			continue
		}
		s, err := suppressionOf(m)
		if err != nil {
			return err
		}
		if s.Address == "" || !x.in(s.Address) && !x.in(s.Why) {
			continue
		}
		if m.Value, err = json.Marshal(suppressed{Why: Forgotten, Since: s.Since}); err != nil {
			return err
		}
		changes = append(changes, &Put{Memo: m})
	}
	if len(changes) == 0 {
		return nil
	}
	return e.committer.commit(ctx, nil, changes...)
}
