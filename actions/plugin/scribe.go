package plugin

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"shopbell/actions"
)

// A veil hides the secrets of all accounts of one plugin: a program that is kept running has seen them all.
type veil struct {
	mu   sync.Mutex
	all  []actions.Secret
	mask atomic.Pointer[actions.Mask]
}

func (v *veil) add(secrets []actions.Secret) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.all = append(v.all, secrets...)
	mask := actions.NewMask(v.all...)
	v.mask.Store(&mask)
}

func (v *veil) bytes(text []byte) []byte {
	if mask := v.mask.Load(); mask != nil {
		return mask.Bytes(text)
	}
	return text
}

// A scribe writes what a program says on its standard error into the log: so many bytes for one request, or in so much time. It reads
// the rest, too, for a program must not stand still because nobody listens.
type scribe struct {
	log       *slog.Logger
	veil      *veil
	name, key string
	mu        sync.Mutex
	left      int
	until     time.Time // when there is room again; zero for never
	words     string    // the last line
}

// maxLine is how much of a line is kept, in bytes: more than is written down, so that no secret is cut in two before it is found.
const maxLine = 2 * maxStderr

// scribeEvery is in what time a program that is kept running may say so much.
const scribeEvery = 10 * time.Second

func newScribe(log *slog.Logger, v *veil, name, key string) *scribe {
	return &scribe{log: log, veil: v, name: name, key: key, left: maxStderr}
}

// listen reads to the end.
func (s *scribe) listen(r io.Reader) {
	chunk := make([]byte, 4096)
	var line []byte
	for {
		n, err := r.Read(chunk)
		for rest := chunk[:n]; len(rest) > 0; {
			i := bytes.IndexByte(rest, '\n')
			if i < 0 {
				line = append(line, rest[:min(len(rest), maxLine-len(line))]...)
				break
			}
			s.say(append(line, rest[:min(i, maxLine-len(line))]...))
			line, rest = line[:0], rest[i+1:]
		}
		if err != nil {
			s.say(line)
			return
		}
	}
}

func (s *scribe) say(line []byte) {
	text := strings.TrimSpace(strings.ToValidUTF8(string(s.veil.bytes(line)), "\uFFFD"))
	if text == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.words = text
	if s.key == "" && time.Now().After(s.until) {
		s.left, s.until = maxStderr, time.Now().Add(scribeEvery)
	}
	if s.left <= 0 {
		return
	}
	short := text[:min(len(text), s.left)]
	if s.left -= len(text); s.left <= 0 {
		s.log.Warn("a plugin says more than is written down", "plugin", s.name, "says", strings.ToValidUTF8(short, ""))
		return
	}
	if s.key != "" {
		s.log.Info("a plugin says", "plugin", s.name, "says", short, "key", s.key)
		return
	}
	s.log.Info("a plugin says", "plugin", s.name, "says", short)
}

// last gives the beginning of the last line, for why a program ended.
func (s *scribe) last() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return actions.Excerpt([]byte(s.words))
}
