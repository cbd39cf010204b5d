package plugin

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"shopbell/actions"
)

// lines keeps the program running, and has many requests under way in it at once. One that does not answer in time costs itself: the
// program gets no more requests, another is started, and it ends when the others under way have come to their end.
type lines struct {
	*program
	mu      sync.Mutex
	current *worker
	early   int       // programs in a row that ended before they answered anything
	rest    time.Time // none is started before this
}

// How long is waited before a program is started again that ends without an answer, at first and at most.
const (
	restFirst = 100 * time.Millisecond
	restMost  = 10 * time.Second
)

// A worker is one program that runs, with what is under way in it.
type worker struct {
	*process
	owner    *lines
	words    *scribe
	turn     chan struct{} // has an entry when nobody writes
	mu       sync.Mutex
	waiting  map[string]chan []byte
	retired  bool          // gets no more
	hangs    bool          // some request was not answered in time
	served   bool          // it has answered something
	rubbish  int           // bytes since the last answer that were none
	heard    chan struct{} // closed: it says no more, and has ended
	listened chan struct{} // closed: nor on its standard error
	over     sync.Once
}

// renew has a new program started for the next request.
func (l *lines) renew() {
	l.mu.Lock()
	w := l.current
	l.current, l.early, l.rest = nil, 0, time.Time{}
	l.mu.Unlock()
	if w != nil {
		w.retire(false)
	}
}

func (l *lines) close() {
	l.mu.Lock()
	w := l.current
	l.current = nil
	l.mu.Unlock()
	if w == nil {
		return
	}
	w.retire(false)
	select {
	case <-w.ended:
	case <-time.After(longestTimeout):
	}
}

// worker gives the program that runs, and starts one when there is none.
func (l *lines) worker(t trip) (*worker, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current != nil && l.current.takes() {
		return l.current, nil
	}
	if rest := time.Until(l.rest); rest > 0 {
		return nil, actions.RetryAfter(rest, fmt.Errorf("the plugin %s ends as soon as it is started; it is started again a little later", l.name))
	}
	p, err := l.start()
	if err != nil {
		return nil, err
	}
	w := &worker{process: p, owner: l, words: newScribe(t.env.Log, l.veil, l.name, ""), turn: make(chan struct{}, 1),
		waiting: map[string]chan []byte{}, heard: make(chan struct{}), listened: make(chan struct{})}
	w.turn <- struct{}{}
	go func() {
		w.words.listen(p.stderr)
		close(w.listened)
	}()
	go w.hear()
	l.current = w
	return w, nil
}

// exchange implements [way].
func (l *lines) exchange(t trip) ([]byte, error) {
	answer := make(chan []byte, 1)
	w, err := l.worker(t)
	for err == nil && !w.expect(t.id, answer) { // it was retired in between
		w, err = l.worker(t)
	}
	if err != nil {
		return nil, err
	}
	defer w.forget(t.id)
	if err := w.tell(t); err != nil {
		return nil, err
	}
	select {
	case said := <-answer:
		return said, nil
	case <-w.heard:
	case <-t.ctx.Done():
		select {
		case said := <-answer:
			return said, nil
		default:
		}
		w.retire(true)
		return nil, late(t, l.name)
	}
	select { // its last word may have been this answer
	case said := <-answer:
		return said, nil
	default:
	}
	return nil, w.lost()
}

// lost says what became of a request whose program ended without an answer. Many were under way, and its exit code speaks for none in
// particular, save those that say that nothing could be done.
func (w *worker) lost() error {
	<-w.ended
	name, last := w.owner.name, w.words.last()
	if last != "" {
		last = ": " + last
	}
	switch code := w.state.ExitCode(); {
	case code == exConfig:
		return w.exit(name, w.words.last())
	case code == exTemporary:
		return actions.RetryAfter(0, fmt.Errorf("%s: exit code %d%s", name, code, last))
	case code >= 0:
		return actions.Unknown(fmt.Errorf("%s ended with exit code %d before it answered, so that it may have been done%s", name, code, last))
	}
	return actions.Unknown(fmt.Errorf("%s was ended by a signal before it answered, so that it may have been done%s", name, last))
}

// exTemporary is the exit code of <sysexits.h> for what may work later.
const exTemporary = 75

// takes tells whether a program gets new requests.
func (w *worker) takes() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.retired
}

func (w *worker) expect(id string, answer chan []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.retired {
		return false
	}
	w.waiting[id] = answer
	return true
}

// forget lets go of a request, and of the program when it was the last of one that gets no more.
func (w *worker) forget(id string) {
	w.mu.Lock()
	delete(w.waiting, id)
	idle := w.retired && len(w.waiting) == 0
	w.mu.Unlock()
	if idle {
		w.finish()
	}
}

// tell writes a request. A program that does not read in time is a program that hangs.
func (w *worker) tell(t trip) error {
	select {
	case <-w.turn:
	case <-w.heard:
		return actions.RetryAfter(0, fmt.Errorf("the plugin %s has just ended", w.owner.name))
	case <-t.ctx.Done():
		w.retire(true)
		return actions.RetryAfter(0, fmt.Errorf("the plugin %s does not read what it is sent", w.owner.name))
	}
	deadline, _ := t.ctx.Deadline()
	_ = w.stdin.SetWriteDeadline(deadline)
	_, err := w.stdin.Write(t.request)
	if err == nil {
		w.turn <- struct{}{}
		return nil
	}
	w.retire(true)
	w.finish() // half a request may be written: nobody writes after it
	return actions.RetryAfter(0, fmt.Errorf("the plugin %s does not read what it is sent", w.owner.name))
}

// retire gives a program no more requests. It ends when none is under way.
func (w *worker) retire(hangs bool) {
	w.mu.Lock()
	w.retired = true
	w.hangs = w.hangs || hangs
	idle := len(w.waiting) == 0
	w.mu.Unlock()
	if idle {
		w.finish()
	}
}

// finish ends a program: one that does not hang is told by the end of its input.
func (w *worker) finish() {
	w.over.Do(func() {
		go func() {
			_ = w.stdin.Close()
			w.mu.Lock()
			hangs := w.hangs
			w.mu.Unlock()
			if !hangs {
				select {
				case <-w.ended:
				case <-time.After(grace):
				}
			}
			w.end(true)
		}()
	})
}

// hear takes in answers until the program says no more, and then ends it.
func (w *worker) hear() {
	in := bufio.NewReaderSize(w.stdout, 64<<10)
	var long []byte
	for {
		part, err := in.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			long = append(long, part...)
			if len(long) <= maxStdout {
				continue
			}
			w.owner.tellRubbish(w, long)
			err = io.ErrShortBuffer
		case len(long) > 0:
			part = append(long, part...)
			long = nil
			fallthrough
		default:
			if !w.take(part) {
				err = io.ErrShortBuffer
			}
		}
		if err != nil {
			break
		}
	}
	w.mu.Lock()
	w.retired = true
	w.mu.Unlock()
	w.owner.ends(w)
	w.end(true)
	<-w.listened
	close(w.heard)
	w.clean()
}

// take gives a line to who waits for it. What is no answer is passed over, for a library may print a word of warning; too much of it is
// not. It is false for that.
func (w *worker) take(line []byte) bool {
	var head struct {
		ID string `json:"id"`
	}
	if len(bytes.TrimSpace(line)) == 0 {
		return true
	}
	known := json.Unmarshal(line, &head) == nil
	w.mu.Lock()
	answer := w.waiting[head.ID]
	if known && answer != nil {
		delete(w.waiting, head.ID)
		w.served, w.rubbish = true, 0
	}
	late := known && answer == nil && head.ID != "" // for one that was given up
	if !late && answer == nil {
		w.rubbish += len(line)
	}
	rubbish := w.rubbish
	w.mu.Unlock()
	switch {
	case known && answer != nil:
		answer <- bytes.Clone(line)
	case !late:
		w.owner.tellRubbish(w, line)
	}
	return rubbish <= maxStdout
}

func (l *lines) tellRubbish(w *worker, line []byte) {
	w.words.say(append([]byte("on standard output, where only answers belong: "), line[:min(len(line), 200)]...))
}

// ends takes note of a program that says no more.
func (l *lines) ends(w *worker) {
	l.mu.Lock()
	defer l.mu.Unlock()
	w.mu.Lock()
	served := w.served
	w.mu.Unlock()
	if l.current != w {
		return
	}
	l.current = nil
	if served {
		l.early = 0
		return
	}
	l.rest = time.Now().Add(min(restFirst<<min(l.early, 10), restMost))
	l.early++
}
