package licensekey

import (
	"io"

	"shopbell/actions"
)

// NewSender is what Open makes, with another source of chance.
func NewSender(env actions.Env, random io.Reader) actions.Sender[Params] {
	return newSender(env, random)
}

// Draw is draw.
func Draw(random io.Reader, base int) (int, error) { return draw(random, base) }

// Make makes a key of a pattern.
func Make(text string, random io.Reader) (string, error) {
	p, err := readPattern(text)
	if err != nil {
		return "", err
	}
	return p.make(random)
}
