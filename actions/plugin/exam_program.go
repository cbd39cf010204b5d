package plugin

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"shopbell/actions"
	"shopbell/actions/web"
)

// A talk is a conversation with a program, with nothing in between.
type talk struct {
	*process
	lines bool
	out   *bufio.Reader
	words chan []byte // what it said on its standard error, when it has ended
}

// program gives the executable of a plugin.
func (c *Candidate) program() (g *program, lasting bool) {
	switch w := c.Plugin.way.(type) {
	case *once:
		g = w.program
	case *lines:
		g, lasting = w.program, true
	}
	return &program{name: g.name, dir: g.dir, argv: g.argv, pin: g.pin, veil: g.veil, census: true}, lasting
}

// talk starts the program, and ends it when ctx ends.
func (c *Candidate) talk(ctx context.Context) (*talk, error) {
	g, lasting := c.program()
	p, err := g.start()
	if err != nil {
		return nil, err
	}
	t := &talk{process: p, lines: lasting, out: bufio.NewReaderSize(p.stdout, maxStdout), words: make(chan []byte, 1)}
	_ = p.stdout.SetReadDeadline(time.Now().Add(c.Plugin.manifest.timeout()))
	context.AfterFunc(ctx, func() { p.end(false) })
	go func() {
		said, _ := readCapped(p.stderr, maxStdout)
		t.words <- said
		_, _ = io.Copy(io.Discard, p.stderr)
	}()
	return t, nil
}

// tell writes text, in pieces of so many bytes with a pause after each; 0 means in one.
func (t *talk) tell(text []byte, piece int, pause time.Duration) {
	if piece == 0 {
		piece = len(text)
	}
	for len(text) > 0 {
		n := min(piece, len(text))
		if _, err := t.stdin.Write(text[:n]); err != nil {
			return // whoever does not read may still answer
		}
		text = text[n:]
		time.Sleep(pause)
	}
	if !t.lines {
		_ = t.stdin.Close()
	}
}

// answer reads what is said: to the end, or one line.
func (t *talk) answer() (*Answer, []byte, error) {
	var said []byte
	if t.lines {
		said, _ = t.out.ReadBytes('\n')
	} else {
		said, _ = io.ReadAll(io.LimitReader(t.out, maxStdout+1))
	}
	a, err := readAnswer(said)
	return a, said, err
}

// close ends the program, and gives what it said on its standard error.
func (t *talk) close() []byte {
	t.end(false)
	said := <-t.words
	t.clean()
	return said
}

// heard judges the answer to a good request.
func heard(a *Answer, err error) error {
	if err != nil {
		return err
	}
	return did(a.err("it"))
}

func (c *Candidate) drip(ctx context.Context) error {
	t, err := c.talk(ctx)
	if err != nil {
		return err
	}
	defer t.close()
	text := c.request(c.key(), nil)
	t.tell(text, len(text)/40+1, 10*time.Millisecond)
	a, _, err := t.answer()
	return heard(a, err)
}

// rubbish is what no plugin may take for a request.
func (c *Candidate) rubbish(ctx context.Context) error {
	good := c.request(c.key(), nil)
	for name, text := range map[string][]byte{
		"what is not JSON": []byte("hello\n"), "a list": []byte("[]\n"), "an empty object": []byte("{}\n"), "an empty line": []byte("\n"),
		"half a request":   append(bytes.Clone(good[:len(good)/2]), '\n'),
		"protocol 99":      bytes.Replace(good, []byte(`"protocol":1,`), []byte(`"protocol":99,`), 1),
		"bytes of no text": {0xff, 0xfe, 0, 1, '\n'},
	} {
		t, err := c.talk(ctx)
		if err != nil {
			return err
		}
		t.tell(text, 0, 0)
		_ = t.stdin.Close()
		a, _, err := t.answer()
		t.close()
		if err == nil && a.Outcome == actions.OutcomeOK {
			return fmt.Errorf("it answers ok to %s", name)
		}
	}
	return nil
}

// discreet holds that nothing that is said tells a secret. We would hide it, and others may not.
func (c *Candidate) discreet(ctx context.Context) error {
	t, err := c.talk(ctx)
	if err != nil {
		return err
	}
	t.tell(c.request(c.key(), nil), 0, 0)
	_, said, _ := t.answer()
	said = append(said, t.close()...)
	for _, s := range c.secrets {
		if bytes.Contains(said, []byte(s)) {
			return errors.New("it prints a secret of its account")
		}
	}
	return nil
}

// killed holds that a program which was killed with half a request leaves nothing that is in the way of the next try.
func (c *Candidate) killed(ctx context.Context) error {
	key := c.key()
	text := c.request(key, nil)
	for _, after := range []int{len(text) / 2, len(text)} {
		t, err := c.talk(ctx)
		if err != nil {
			return err
		}
		_, _ = t.stdin.Write(text[:after])
		t.close()
	}
	_, err := c.outlet.send(ctx, c.call(key, 3), c.Plugin.manifest.DryRun)
	return did(err)
}

// ends holds that a program which waits for the rest of its request ends when it is told to.
func (c *Candidate) ends(ctx context.Context) error {
	t, err := c.talk(ctx)
	if err != nil {
		return err
	}
	defer t.close()
	text := c.request(c.key(), nil)
	_, _ = t.stdin.Write(text[:len(text)/2])
	time.Sleep(100 * time.Millisecond) // it has begun to wait
	begun := time.Now()
	t.end(true)
	if took := time.Since(begun); took >= grace {
		return fmt.Errorf("it does not end within %s of SIGTERM, and has to be killed", grace)
	}
	return nil
}

// tidy holds that nothing is left of a program that has answered and ended.
func (c *Candidate) tidy(ctx context.Context) error {
	t, err := c.talk(ctx)
	if err != nil {
		return err
	}
	defer t.close()
	t.tell(c.request(c.key(), nil), 0, 0)
	_, _, err = t.answer()
	_ = t.stdin.Close()
	select {
	case <-t.ended:
	case <-time.After(c.Plugin.manifest.timeout()):
		return errors.New("it does not end when its input does")
	}
	if err == nil && t.left > 0 {
		return fmt.Errorf("it has ended, and %d processes that it started go on: they are killed", t.left)
	}
	return err
}

// signedRubbish holds that a service takes no rubbish, though it is signed.
func (c *Candidate) signedRubbish(ctx context.Context) error {
	for _, text := range []string{"hello", "{}", `{"protocol":99}`} {
		if err := c.exchange(ctx, c.key(), []byte(text)); actions.OutcomeOf(err).Outcome == actions.OutcomeOK {
			return fmt.Errorf("it answers ok to %s", text)
		}
	}
	return nil
}

func (c *Candidate) forged(ctx context.Context) error {
	other := *c.outlet
	wrong, err := web.SecretSigner(actions.Secret("whsec_" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{1}, 32))))
	if err != nil {
		return err
	}
	other.signers = []web.Signer{wrong}
	_, err = other.send(ctx, c.call(c.key(), 1), c.Plugin.manifest.DryRun)
	if actions.OutcomeOf(err).Outcome == actions.OutcomeOK {
		return errors.New("it answers ok to a request that is not signed with its secret")
	}
	return nil
}

func (c *Candidate) replayed(ctx context.Context) error {
	s, ok := c.Plugin.way.(*service)
	if !ok {
		return nil
	}
	key := c.key()
	ctx, cancel := context.WithTimeout(ctx, c.Plugin.manifest.timeout())
	defer cancel()
	request := s.request(trip{ctx: ctx, key: key, request: c.request(key, nil), signers: c.outlet.signers}, time.Now().Add(-time.Hour))
	answer, err := s.web.DoWithin(request, c.Plugin.manifest.timeout())
	if err != nil || answer.Err() != nil {
		return nil
	}
	var a Answer
	if json.Unmarshal(answer.Body, &a) == nil && a.Outcome == actions.OutcomeOK {
		return errors.New("it answers ok to a request that was signed an hour ago")
	}
	return nil
}
