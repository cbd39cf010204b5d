package signed

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"shopbell/event"
)

// maxDocument is how large a schema or a sample may be, in bytes.
const maxDocument = 1 << 20

// readDocument gives the JSON of a schema or a sample, which is written in the config or in a file that the config names.
// A path is relative to the folder in which the program runs.
func readDocument(key string, v any) (json.RawMessage, error) {
	path, isPath := v.(string)
	if !isPath {
		text, ok := written(v)
		if !ok {
			return nil, fmt.Errorf("%s is nothing that JSON can write", key)
		}
		return text, nil
	}
	text, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %s cannot be read: %w", key, path, err)
	}
	if _, err := event.Decode(text); err != nil {
		return nil, fmt.Errorf("%s: %s is not JSON: %w", key, path, err)
	}
	return text, nil
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("there is no such file")
	}
	if err != nil {
		return nil, bareError(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && !info.Mode().IsRegular() {
		return nil, errors.New("it is not a file")
	}
	text, err := io.ReadAll(io.LimitReader(f, maxDocument+1))
	if err != nil {
		return nil, bareError(err)
	}
	if len(text) > maxDocument {
		return nil, errors.New("it is larger than 1 MiB")
	}
	return bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), nil
}

// bareError takes the path off an error, which the message names already.
func bareError(err error) error {
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		return at.Err
	}
	return err
}
