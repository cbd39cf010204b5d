package rules

import "strings"

// align pairs the things of two lists that are the same, as many as possible, both in their order. The lists are bounded
// by what a test may expect and by what is beside it.
func align(n, m int, same func(i, j int) bool) (pairs [][2]int) {
	from := 0
	for from < n && from < m && same(from, from) {
		pairs = append(pairs, [2]int{from, from})
		from++
	}
	if from == n || from == m {
		return pairs
	}
	best := make([][]int32, n-from+1)
	for i := range best {
		best[i] = make([]int32, m-from+1)
	}
	equal := make([][]bool, n-from)
	for i := n - from - 1; i >= 0; i-- {
		equal[i] = make([]bool, m-from)
		for j := m - from - 1; j >= 0; j-- {
			if equal[i][j] = same(from+i, from+j); equal[i][j] {
				best[i][j] = best[i+1][j+1] + 1
			} else {
				best[i][j] = max(best[i+1][j], best[i][j+1])
			}
		}
	}
	for i, j := 0, 0; i < n-from && j < m-from; {
		switch {
		case equal[i][j]:
			pairs = append(pairs, [2]int{from + i, from + j})
			i, j = i+1, j+1
		case best[i+1][j] >= best[i][j+1]:
			i++
		default:
			j++
		}
	}
	return pairs
}

// lines gives a mismatch as lines of a diff. Texts of several lines are compared line by line.
func (m mismatch) lines() []DiffLine {
	path := strings.Join(m.path, ".")
	want, isText := m.want.(string)
	got, also := m.got.(string)
	if _, pattern := slashed(want); isText && also && !pattern && strings.Contains(want+got, "\n") {
		out := []DiffLine{{" ", path + ":"}}
		return append(out, lineDiff(want, got)...)
	}
	var out []DiffLine
	if m.want != nil {
		out = append(out, DiffLine{"-", path + ": " + asJSON(m.want)})
	} else if m.got == nil {
		out = append(out, DiffLine{"-", path})
	}
	if m.got != nil {
		return append(out, DiffLine{"+", path + ": " + asJSON(m.got)})
	}
	return out
}

// mostLines bounds the lines that are compared.
const mostLines = 2_000

func lineDiff(want, got string) (out []DiffLine) {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	a, b = a[:min(len(a), mostLines)], b[:min(len(b), mostLines)]
	i, j := 0, 0
	until := func(n, m int) {
		for ; i < n; i++ {
			out = append(out, DiffLine{"-", "  " + a[i]})
		}
		for ; j < m; j++ {
			out = append(out, DiffLine{"+", "  " + b[j]})
		}
	}
	for _, pair := range align(len(a), len(b), func(i, j int) bool { return a[i] == b[j] }) {
		until(pair[0], pair[1])
		out = append(out, DiffLine{" ", "  " + a[i]})
		i, j = i+1, j+1
	}
	until(len(a), len(b))
	return out
}
