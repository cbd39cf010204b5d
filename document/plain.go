package document

// Plain makes a file of text that is not YAML, so that problems can point into it. Its Root is nil. Text that is not UTF-8, or
// larger than a file may be, has lines all the same: who reads it says what is wrong with it.
func Plain(name, text string) *File {
	f := &File{Name: name, Text: []byte(text)}
	f.lines, f.odd = splitLines(text)
	f.keepLong()
	return f
}
