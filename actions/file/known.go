package file

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"shopbell/actions"
)

// maxFile is how large a file may grow, in bytes: it is read whole when somebody else has written to it.
const maxFile = 64 << 20

// keptFiles is of how many files it is remembered what is in them.
const keptFiles = 8

// known is what is known of a file that was read: as long as it is as it was left here.
type known struct {
	form    form
	columns []string // the heading of a table, nil when there is none yet
	keys    map[[16]byte]struct{}
	open    bool // the last row is whole, but its line is not ended

	info os.FileInfo
	at   time.Time
	size int64
}

func short(key string) [16]byte {
	sum := sha256.Sum256([]byte(key))
	return [16]byte(sum[:])
}

func (k *known) has(key string) bool {
	_, ok := k.keys[short(key)]
	return ok
}

func (k *known) keep(key string) { k.keys[short(key)] = struct{}{} }

// seen notes how the file is left.
func (k *known) seen(f *held) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	k.info, k.at, k.size = info, info.ModTime(), info.Size()
	return nil
}

// isStill tells whether nobody else has written to the file.
func (k *known) isStill(info os.FileInfo) bool {
	return os.SameFile(k.info, info) && k.size == info.Size() && k.at.Equal(info.ModTime())
}

// A form is a way in which rows are written.
type form interface {
	// read takes in what a file holds, and gives how much of it is whole rows.
	read(k *known, text []byte) (whole int, err error)
	// row gives the text that adds a row.
	row(k *known, p *Params, key string) ([]byte, error)
}

// know reads a file that is held, unless it is as it was left. What is not a whole row at its end is put aside.
func (s *sender) know(f *held) (*known, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if k := s.readers[f.name]; k != nil && k.isStill(info) {
		return k, nil
	}
	delete(s.readers, f.name)
	if info.Size() > maxFile {
		return nil, errTooLarge
	}
	text, err := io.ReadAll(io.NewSectionReader(f, 0, info.Size()))
	if err != nil {
		return nil, err
	}
	k := &known{keys: map[[16]byte]struct{}{}, form: form(&table{comma: s.comma, keep: s.keep})}
	if filepath.Ext(f.name) == ".jsonl" {
		k.form = lines{}
	}
	whole, err := k.form.read(k, text)
	if err != nil {
		return nil, actions.Permanent(actions.BlameRequest, fmt.Errorf("%s: %w", f.name, err))
	}
	if whole < len(text) {
		if err := f.putAside(text[whole:], int64(whole)); err != nil {
			return nil, err
		}
		s.log.Warn("the end of a file was not a whole row, and was moved aside", "file", f.name, "to", f.name+torn, "bytes", len(text)-whole)
	}
	if k.open {
		if _, err := f.Write([]byte("\n")); err != nil {
			return nil, err
		}
	}
	if err := k.seen(f); err != nil {
		return nil, err
	}
	s.order = append(slices.DeleteFunc(s.order, func(name string) bool { return name == f.name }), f.name)
	if len(s.order) > keptFiles {
		delete(s.readers, s.order[0])
		s.order = s.order[1:]
	}
	s.readers[f.name] = k
	return k, nil
}
