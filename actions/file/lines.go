package file

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"shopbell/actions"
)

// lines is the form of files with a JSON object in each line.
type lines struct{}

// read implements [form]. Lines of others may be anything.
func (lines) read(k *known, text []byte) (int, error) {
	whole := 0
	for whole < len(text) {
		line, _, ended := bytes.Cut(text[whole:], []byte("\n"))
		if !ended && !json.Valid(line) {
			break
		}
		var ours map[string]json.RawMessage
		var key string
		if json.Unmarshal(line, &ours) == nil && json.Unmarshal(ours[keyColumn], &key) == nil {
			k.keep(key)
		}
		whole += len(line)
		if k.open = !ended; ended {
			whole++
		}
	}
	return whole, nil
}

// row implements [form].
func (lines) row(_ *known, p *Params, key string) ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	columns := slices.Sorted(maps.Keys(p.Row))
	if p.Columns != nil {
		columns = p.Columns
	}
	for _, column := range columns {
		v, ok := p.Row[column]
		if !ok {
			v = actions.Value("null")
		}
		name, err := json.Marshal(column)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		if err := json.Compact(&b, v); err != nil {
			return nil, err
		}
		b.WriteByte(',')
	}
	b.WriteString(`"` + keyColumn + `":"` + key + `"}` + "\n") // a key is of letters, digits, - and _
	return b.Bytes(), nil
}
