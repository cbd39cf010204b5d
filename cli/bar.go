package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// A bar shows how far something long has come: in one line that changes on a terminal, else in a line for every tenth.
type bar struct {
	w        io.Writer
	terminal bool
	told     int64 // tenths that have a line, or percents that are drawn; -1 for none
}

func newBar(w io.Writer) *bar {
	b := &bar{w: w, told: -1}
	if f, ok := w.(*os.File); ok {
		info, err := f.Stat()
		b.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return b
}

func (b *bar) show(done, all int64) {
	if all <= 0 {
		return
	}
	percent := min(100, done*100/all)
	if b.terminal {
		if percent != b.told {
			const width = 40
			full := int(percent) * width / 100
			fmt.Fprintf(b.w, "\r[%s%s] %3d%%  %d of %d ", strings.Repeat("#", full), strings.Repeat(".", width-full), percent, done, all)
			b.told = percent
		}
		return
	}
	if tenth := percent / 10; tenth > b.told && done > 0 {
		fmt.Fprintf(b.w, "%d of %d events and runs (%d%%)\n", done, all, percent)
		b.told = tenth
	}
}

// end leaves the line.
func (b *bar) end() {
	if b.terminal && b.told >= 0 {
		fmt.Fprintln(b.w)
	}
}
