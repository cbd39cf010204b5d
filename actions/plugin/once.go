package plugin

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"shopbell/actions"
)

// once runs the program for each request.
type once struct{ *program }

func (o *once) renew() {}
func (o *once) close() {}

// exchange implements [way].
func (o *once) exchange(t trip) ([]byte, error) {
	p, err := o.start()
	if err != nil {
		return nil, err
	}
	defer p.clean()
	go func() {
		_, _ = p.stdin.Write(t.request) // one that does not read what it is sent may still answer
		_ = p.stdin.Close()
	}()
	words := newScribe(t.env.Log, o.veil, o.name, t.key)
	listened := make(chan struct{})
	go func() {
		words.listen(p.stderr)
		close(listened)
	}()
	var said []byte
	over := false
	read := make(chan struct{})
	go func() {
		said, over = readCapped(p.stdout, maxStdout)
		close(read)
		if over {
			p.end(false)
		}
	}()
	cut := false
	select {
	case <-p.ended:
	case <-t.ctx.Done():
		cut = true
		p.end(true)
	}
	<-read
	<-listened
	return o.said(t, p, said, words.last(), over, cut)
}

// said sorts what came of one run. A whole answer counts however the program ended: it knows best.
func (o *once) said(t trip, p *process, said []byte, last string, over, cut bool) ([]byte, error) {
	if over {
		return nil, broken(o.name, errors.New("it printed more than 1 MiB"))
	}
	_, err := readAnswer(said)
	switch {
	case err == nil:
		return said, nil
	case cut:
		return nil, late(t, o.name)
	}
	if why := p.exit(o.name, last); why != nil {
		return nil, why
	}
	return bytes.TrimSpace(said), nil // what is wrong with it is told by who reads it
}

// late says that a plugin had not answered when its time was over, or the try was stopped.
func late(t trip, name string) error {
	if errors.Is(t.ctx.Err(), context.Canceled) {
		return actions.Unknown(fmt.Errorf("%s had not answered when the try was stopped, so that it may have been done", name))
	}
	return actions.Unknown(fmt.Errorf("%s did not answer within %s, so that it may have been done", name, t.timeout))
}
