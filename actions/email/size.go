package email

import (
	"fmt"

	gomail "github.com/wneessen/go-mail"

	"shopbell/actions"
)

// defaultSize is how large a message may be, in MB.
const defaultSize = 10

// fits makes sure that a message is not larger than the account allows, as it is sent: a file grows by a third in it.
func (s *sender) fits(m *gomail.Msg) error {
	w := &scale{most: s.most}
	if _, err := m.WriteTo(w); err != nil && !w.over {
		return actions.Permanent(actions.BlameRequest, fmt.Errorf("the message cannot be written: %w", err))
	}
	if w.over {
		return s.tooLarge()
	}
	return nil
}

func (s *sender) tooLarge() error {
	return actions.Permanent(actions.BlameRequest, fmt.Errorf("the message is larger than %d MB with what it carries; see the account's max_size", s.most>>20))
}

// scale weighs what is written to it, up to a bound.
type scale struct {
	most int64
	over bool
}

// Write implements [io.Writer].
func (w *scale) Write(p []byte) (int, error) {
	if w.most -= int64(len(p)); w.most < 0 {
		w.over = true
		return 0, fmt.Errorf("too large")
	}
	return len(p), nil
}
