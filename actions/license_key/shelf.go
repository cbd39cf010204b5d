package licensekey

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"

	"shopbell/actions"
)

// How many keys are offered in one claim: few, for the first that is not known to be given is free, unless others claim at the same
// time; and more and more when nobody knows where the free ones begin.
const (
	fewOffers  = 16
	manyOffers = 1024 // from here on, one looks for all
	mostOffers = 4096
)

// A shelf is a folder of pools. Many goroutines may use it.
type shelf struct {
	folder string
	claim  actions.Claim
	log    *slog.Logger
	mu     sync.Mutex
	pools  map[string]*pool
}

// A pool is a file of a shelf.
type pool struct {
	mu   sync.Mutex // held while the file is read
	list *list      // of the file as it was last read; nil for not yet
}

func newShelf(folder string, claim actions.Claim, log *slog.Logger) *shelf {
	return &shelf{folder: folder, claim: claim, log: log, pools: map[string]*pool{}}
}

// take gives a step the first free key of its pool.
func (s *shelf) take(ctx context.Context, ask request) (given, error) {
	var err error
	for range 5 { // times that the file has changed meanwhile
		var got given
		if got, err = s.tryTake(ctx, ask); !errors.Is(err, errChanged) {
			return got, err
		}
		s.drop(ask.pool)
	}
	return given{}, actions.RetryAfter(rest, fmt.Errorf("the pool %q: %w", ask.pool, err))
}

func (s *shelf) tryTake(ctx context.Context, ask request) (given, error) {
	f, err := s.open(ask.pool)
	if err != nil {
		return s.anyway(ctx, ask, err)
	}
	defer f.Close()
	l, err := s.listOf(ctx, f, ask.pool)
	if err != nil {
		return s.anyway(ctx, ask, err)
	}
	got, err := s.takeOf(ctx, ask, f, l)
	if err != nil {
		return given{}, err
	}
	running(ctx, s.log, &l.toldLow, ask, got.left)
	return got, nil
}

// anyway gives a step the key that it has already, though its pool cannot be read any more.
func (s *shelf) anyway(ctx context.Context, ask request, why error) (given, error) {
	if errors.Is(why, errChanged) {
		return given{}, why
	}
	c, err := s.claim(ctx, ask.pool, ask.key, nil)
	if err == nil && c.Value == "" {
		err = s.explain(ask.pool, why)
	}
	return given{value: c.Value}, err
}

// explain sorts why a pool cannot be read.
func (s *shelf) explain(name string, err error) error {
	switch {
	case s.folder == "":
		err = errors.New("there is no folder of pools")
	case errors.Is(err, fs.ErrNotExist):
		hint := ""
		if like := slices.IndexFunc(Pools(s.folder), func(known string) bool { return strings.EqualFold(known, name) }); like >= 0 {
			hint = fmt.Sprintf(" (there is one named %q)", Pools(s.folder)[like])
		}
		err = fmt.Errorf("there is no pool %q%s: put its keys into the file %s in the folder of pools, one a line, and retry the run", name, hint, name+ending)
	case errors.Is(err, fs.ErrPermission):
		err = fmt.Errorf("the file of the pool %q may not be read by this program", name)
	case errors.Is(err, errTooBig), errors.Is(err, errNoFile):
		err = fmt.Errorf("the pool %q cannot be used: %w", name, err)
	case strings.Contains(err.Error(), "escapes"):
		err = fmt.Errorf("the file of the pool %q is a link that leads out of the folder of pools", name)
	default: // of the disk, or of the ledger: it may pass
		return err
	}
	return actions.Permanent(actions.BlameRequest, err)
}

var errNoFile = errors.New("it is not a file")

// open opens the file of a pool. Links that lead out of the folder are not followed.
func (s *shelf) open(name string) (*os.File, error) {
	if s.folder == "" {
		return nil, fs.ErrNotExist
	}
	root, err := os.OpenRoot(s.folder)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	info, err := root.Stat(name + ending)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait for ever
		return nil, errNoFile
	}
	return root.Open(name + ending)
}

func (s *shelf) pool(name string) *pool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pools[name]
	if p == nil {
		p = &pool{}
		s.pools[name] = p
	}
	return p
}

// drop has the file of a pool read again.
func (s *shelf) drop(name string) {
	p := s.pool(name)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = nil
}

// listOf gives the list of a file that is open, which is read when it has changed since.
func (s *shelf) listOf(ctx context.Context, f *os.File, name string) (*list, error) {
	p := s.pool(name)
	p.mu.Lock()
	defer p.mu.Unlock()
	info, err := f.Stat()
	if err != nil || p.list != nil && p.list.is(info) {
		return p.list, err
	}
	// Where small and large letters are one to the file system, a second name would give all keys once more.
	if !slices.Contains(Pools(s.folder), name) {
		return nil, fs.ErrNotExist
	}
	l, err := readList(f)
	if err != nil {
		return nil, err
	}
	if err := s.measure(ctx, f, l, name); err != nil {
		return nil, err
	}
	if l.bad > 0 {
		s.log.WarnContext(ctx, "some lines of a pool are left out: a key is text in UTF-8, of at most 1,024 bytes", "pool", name, "lines", l.bad, "first", l.firstBad)
	}
	p.list = l
	return l, nil
}

// maxMeasured is how many keys are looked at to tell how many are left, where given and free ones are mixed.
const maxMeasured = 16 * mostOffers

// measure finds where the free keys begin, and how many they are: behind as many as are given, if those are the ones at the top.
func (s *shelf) measure(ctx context.Context, f *os.File, l *list, name string) error {
	c, err := s.claim(ctx, name, "", nil)
	if err != nil {
		return err
	}
	all, taken := len(l.at), int(min(c.Taken, int64(len(l.at))))
	l.taken, l.free, l.begin = c.Taken, int64(all-taken), taken
	top, err := s.look(ctx, f, l, name, 0, min(taken, fewOffers))
	if err != nil {
		return err
	}
	last, err := s.look(ctx, f, l, name, max(0, taken-fewOffers), taken)
	if err != nil || top+last == 0 {
		return err
	}
	l.begin = 0
	if all > maxMeasured {
		return nil
	}
	l.free = 0
	for from := 0; from < all; from += mostOffers {
		free, err := s.look(ctx, f, l, name, from, min(from+mostOffers, all))
		if err != nil {
			return err
		}
		l.free += int64(free)
	}
	return nil
}

// look tells how many of some keys are free.
func (s *shelf) look(ctx context.Context, f *os.File, l *list, name string, from, to int) (int, error) {
	if from == to {
		return 0, nil
	}
	keys, err := l.keys(f, from, to)
	if err != nil {
		return 0, err
	}
	c, err := s.claim(ctx, name, "", keys)
	return c.Free, err
}

// takeOf claims the first key of a list that is free.
func (s *shelf) takeOf(ctx context.Context, ask request, f *os.File, l *list) (given, error) {
	for offers := fewOffers; ; offers = min(4*offers, mostOffers) {
		from := int(l.done.Load())
		to := min(from+offers, len(l.at))
		keys, err := l.window(f, from, to)
		if err != nil {
			return given{}, err
		}
		if now, err := f.Stat(); err != nil || !l.is(now) {
			return given{}, errChanged // what was read may be half of the one and half of the other
		}
		c, err := s.claim(ctx, ask.pool, ask.key, keys)
		switch {
		case err != nil:
			return given{}, err
		case c.Value != "":
			if c.At >= 0 {
				l.given(from + c.At + 1)
			}
			return given{c.Value, l.left(c)}, nil
		case from == len(l.at):
			return given{}, s.none(ctx, ask.pool, l)
		}
		if l.given(to); 4*offers == manyOffers {
			l.walking.Lock()
			defer l.walking.Unlock()
		}
	}
}

// none says that a pool is empty.
func (s *shelf) none(ctx context.Context, name string, l *list) error {
	if l.unfinished {
		return actions.RetryAfter(rest, fmt.Errorf("the pool %q: its last line has no end, so it may still be written", name))
	}
	if l.toldNone.CompareAndSwap(false, true) {
		s.log.ErrorContext(ctx, "a pool of keys is empty: steps that need one stop until there are more, and can be retried then", "pool", name)
	}
	return actions.Permanent(actions.BlameRequest, fmt.Errorf("%w: add keys to the file %s in the folder of pools, and retry the run", errEmpty, name+ending))
}
