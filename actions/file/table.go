package file

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"shopbell/actions"
)

// table is the form of CSV files.
type table struct {
	comma byte
	keep  bool // text that a spreadsheet takes for a formula stays as it is
}

// read implements [form].
func (t *table) read(k *known, text []byte) (int, error) {
	text, mark := bytes.CutPrefix(text, []byte("\uFEFF"))
	whole, skipped := 0, 0
	if mark {
		skipped = len("\uFEFF")
	}
	for whole < len(text) {
		size, ended := t.record(text[whole:])
		record := text[whole : whole+size]
		cells, err := t.cells(record)
		if !ended && (err != nil || !isWhole(k, record, cells)) {
			break
		}
		if err != nil {
			return 0, fmt.Errorf("what begins at byte %d is not a row: %w", whole, err)
		}
		whole += size
		k.open = !ended
		if err := k.take(cells); err != nil {
			return 0, err
		}
	}
	return whole + skipped, nil
}

// record gives the length of the first record, and whether its line is ended. A quote opens text at the beginning of a cell only.
func (t *table) record(text []byte) (size int, ended bool) {
	quoted, closed, begins := false, false, true // within quotes, just after them, at the beginning of a cell
	for i, c := range text {
		switch {
		case quoted:
			quoted, closed = c != '"', c == '"'
			continue
		case c == '\n':
			return i + 1, true
		case c == '"' && (begins || closed): // two quotes in quotes stand for one
			quoted = true
		}
		closed, begins = false, c == t.comma
	}
	return len(text), false
}

func (t *table) cells(record []byte) ([]string, error) {
	r := csv.NewReader(bytes.NewReader(record))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes = rune(t.comma), -1, false
	cells, err := r.Read()
	if err != nil && len(bytes.TrimSpace(record)) == 0 {
		return nil, nil // an empty line
	}
	return cells, err
}

// isWhole tells whether a record without the end of its line is all there. Our headings end with the column of keys, and the last
// cell of our rows is in quotes: what was cut short lacks that.
func isWhole(k *known, record []byte, cells []string) bool {
	if k.columns == nil {
		return len(cells) > 0 && cells[len(cells)-1] == keyColumn
	}
	return len(cells) == len(k.columns) && bytes.HasSuffix(record, []byte(`"`))
}

// take takes in a row, the first of which is the heading.
func (k *known) take(cells []string) error {
	if k.columns == nil {
		if len(cells) == 0 {
			return nil
		}
		if !slices.Contains(cells, keyColumn) {
			return fmt.Errorf("the file's heading has no column %q, by which rows are known again: add it", keyColumn)
		}
		k.columns = cells
		return nil
	}
	if at := slices.Index(k.columns, keyColumn); at < len(cells) && cells[at] != "" {
		k.keep(cells[at])
	}
	return nil
}

// row implements [form].
func (t *table) row(k *known, p *Params, key string) ([]byte, error) {
	var text []byte
	columns := k.columns
	if columns == nil {
		columns = append(order(p), keyColumn)
		for i, column := range columns {
			text = t.cell(text, column, i, false)
		}
		text = append(text, '\n')
	}
	for _, column := range slices.Sorted(maps.Keys(p.Row)) {
		if !slices.Contains(columns, column) {
			return nil, fmt.Errorf("the file has no column %q; its heading is %s", column, strings.Join(columns, ", "))
		}
	}
	for i, column := range columns {
		cell := key
		if column != keyColumn {
			var err error
			if cell, err = t.plain(p.Row[column]); err != nil {
				return nil, fmt.Errorf("%s: %w", column, err)
			}
		}
		text = t.cell(text, cell, i, i == len(columns)-1)
	}
	k.columns = columns
	return append(text, '\n'), nil
}

// order gives the columns of a new file.
func order(p *Params) []string {
	if p.Columns != nil {
		return slices.Clone(p.Columns)
	}
	return slices.Sorted(maps.Keys(p.Row))
}

// cell adds a cell, with quotes where they are needed or wanted.
func (t *table) cell(text []byte, cell string, i int, quotes bool) []byte {
	if i > 0 {
		text = append(text, t.comma)
	}
	if !quotes && strings.TrimSpace(cell) == cell && !strings.ContainsAny(cell, "\"\r\n"+string(t.comma)) {
		return append(text, cell...)
	}
	text = append(text, '"')
	text = append(text, strings.ReplaceAll(cell, `"`, `""`)...)
	return append(text, '"')
}

// plain gives the text of a value.
func (t *table) plain(v actions.Value) (string, error) {
	switch {
	case v.IsNull():
		return "", nil
	case v[0] == '"':
		var text string
		if err := json.Unmarshal(v, &text); err != nil {
			return "", err
		}
		if strings.ContainsRune(text, 0) {
			return "", errors.New("it holds a zero byte")
		}
		if !t.keep && formula(text) {
			text = "'" + text
		}
		return text, nil
	}
	var b bytes.Buffer
	err := json.Compact(&b, v)
	return b.String(), err
}

// formula tells of text that a spreadsheet would work out. A number with a sign, such as one of a telephone, it would not.
func formula(text string) bool {
	if text == "" || !strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(text)[0]) {
		return false
	}
	return text[0] != '+' && text[0] != '-' || strings.Trim(text[1:], "0123456789 .,") != ""
}
