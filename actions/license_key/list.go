package licensekey

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"hash/maphash"
	"io"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"shopbell/actions"
)

// The bounds of a pool's file.
const (
	maxFile = 256 << 20 // bytes of a file
	maxKeys = 5_000_000 // lines with a key
	maxLine = 1 << 10   // bytes of a line; a longer one is no key
)

// rest is how long a file must have been left alone before its last line counts though it has no end: somebody may be writing it.
const rest = 5 * time.Second

var (
	errTooBig  = errors.New("its file has more than 5,000,000 keys or 256 MB: make several pools of it")
	errChanged = errors.New("its file is being written")
)

// A list knows where the keys of one state of a pool's file stand, each key once, in the order of the file. The keys themselves stay
// there: a million of them take 4 MB of memory.
//
// Keys are claimed from a place called begin on, then from the top up to there. Before begin, keys are most likely given.
type list struct {
	info       os.FileInfo
	at         []uint32 // where the lines begin
	unfinished bool     // the last line is left out, for it may not be whole
	bad        int      // lines that are no keys
	firstBad   int      // the first of them, from 1
	begin      int
	free       int64 // how many keys were free when the file was read, and how many of the pool were given then
	taken      int64

	done     atomic.Int64 // how many are known to be given, from begin on
	walking  sync.Mutex   // held by who looks for free ones far ahead
	toldLow  atomic.Bool
	toldNone atomic.Bool
}

// is tells whether the list is of the file as it is now.
func (l *list) is(info os.FileInfo) bool {
	return os.SameFile(l.info, info) && l.info.Size() == info.Size() && l.info.ModTime().Equal(info.ModTime()) && (!l.unfinished || isFresh(info))
}

// isFresh tells whether a file was written just now. A clock that is ahead of ours is no reason to wait for long.
func isFresh(info os.FileInfo) bool { return time.Since(info.ModTime()).Abs() < rest }

// A found is a key in a file.
type found struct {
	sum uint64
	at  uint32
}

// readList goes through a file once.
func readList(f *os.File) (*list, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, errTooBig
	}
	l := &list{info: info}
	keys, err := l.read(bufio.NewReaderSize(io.LimitReader(f, info.Size()), 64<<10))
	if err != nil {
		return nil, err
	}
	if now, err := f.Stat(); err != nil || now.Size() != info.Size() || !now.ModTime().Equal(info.ModTime()) {
		return nil, cmp.Or(err, errChanged)
	}
	l.at = distinct(keys)
	return l, nil
}

func (l *list) read(r *bufio.Reader) (keys []found, err error) {
	seed := maphash.MakeSeed()
	for at, n := 0, 1; ; n++ {
		line, size, err := readLine(r)
		if err != nil && err != io.EOF {
			return nil, err
		}
		ended := err == nil
		key, ok := keyOf(line, at == 0)
		switch {
		case !ended && len(line) > 0 && isFresh(l.info):
			l.unfinished = true
		case !ok || size > maxLine:
			if l.bad++; l.bad == 1 {
				l.firstBad = n
			}
		case len(key) > 0:
			if len(keys) == maxKeys {
				return nil, errTooBig
			}
			keys = append(keys, found{maphash.Bytes(seed, key), uint32(at)})
		}
		if at += size; !ended {
			return keys, nil
		}
	}
}

// readLine gives the beginning of a line, with its end, and how long the line is. io.EOF comes with a line that has no end.
func readLine(r *bufio.Reader) (line []byte, size int, err error) {
	line, err = r.ReadSlice('\n')
	size = len(line)
	for more := line; errors.Is(err, bufio.ErrBufferFull); size += len(more) {
		line = nil // too long by far
		more, err = r.ReadSlice('\n')
	}
	return line, size, err
}

// keyOf gives the key of a line, empty for a line that has none. It is not ok for what cannot be a key.
func keyOf(line []byte, first bool) (key []byte, ok bool) {
	if first {
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
	}
	key = bytes.TrimSpace(line)
	if len(key) == 0 || key[0] == '#' {
		return nil, true
	}
	return key, utf8.Valid(key) && !bytes.ContainsFunc(key, func(r rune) bool { return unicode.IsControl(r) && r != '\t' })
}

// distinct gives where keys stand, the first of each.
func distinct(keys []found) []uint32 {
	slices.SortFunc(keys, func(a, b found) int { return cmp.Or(cmp.Compare(a.sum, b.sum), cmp.Compare(a.at, b.at)) })
	keys = slices.CompactFunc(keys, func(a, b found) bool { return a.sum == b.sum })
	at := make([]uint32, len(keys))
	for i, k := range keys {
		at[i] = k.at
	}
	slices.Sort(at)
	return at
}

// keys reads some keys, counted from the top of the list. What does not begin and end as a line is not what was there.
func (l *list) keys(f *os.File, from, to int) ([]string, error) {
	var keys []string
	buffer := make([]byte, 1+maxLine)
	for _, at := range l.at[from:to] {
		before := min(1, int64(at))
		n, err := f.ReadAt(buffer, int64(at)-before)
		if err != nil && err != io.EOF {
			return nil, err
		}
		line, _, ended := bytes.Cut(buffer[min(int(before), n):n], []byte{'\n'})
		key, ok := keyOf(line, at == 0)
		if !ok || len(key) == 0 || before > 0 && buffer[0] != '\n' || !ended && n == len(buffer) {
			return nil, errChanged
		}
		keys = append(keys, string(key))
	}
	return keys, nil
}

// window reads the keys from one place to another, counted from begin on, and round.
func (l *list) window(f *os.File, from, to int) ([]string, error) {
	from, to = from+l.begin, to+l.begin
	if all := len(l.at); from >= all {
		from, to = from-all, to-all
	} else if to > all {
		keys, err := l.keys(f, from, all)
		if err != nil {
			return nil, err
		}
		more, err := l.keys(f, 0, to-all)
		return append(keys, more...), err
	}
	return l.keys(f, from, to)
}

// left tells how many keys are free after a claim.
func (l *list) left(c actions.Claimed) int64 { return max(int64(c.Free), l.free-(c.Taken-l.taken)) }

// given notes that the first keys, counted from begin on, are given.
func (l *list) given(n int) {
	for {
		known := l.done.Load()
		if int64(n) <= known || l.done.CompareAndSwap(known, int64(n)) {
			return
		}
	}
}
