package document

import "fmt"

// Nearest gives the candidate that word was most likely meant to be: the one at the smallest edit distance (a swap of
// neighbours counts as one), at most 2, and at most a third of the word's length rounded up.
func Nearest(word string, candidates []string) (string, bool) {
	const longest = 200 // bytes of a word that a person may have misspelt
	if len(word) > longest {
		return "", false
	}
	limit := min(2, (len(word)+2)/3)
	best, found := "", false
	for _, c := range candidates {
		if c == word {
			continue
		}
		if d := distance(word, c, limit); d <= limit && (!found || d < limit) {
			best, limit, found = c, d, true
		}
	}
	return best, found
}

// DidYouMean gives the hint `Did you mean "…"?`, or "" when nothing is near.
func DidYouMean(word string, candidates []string) string {
	if near, ok := Nearest(word, candidates); ok {
		return fmt.Sprintf("Did you mean %q?", near)
	}
	return ""
}

// distance is the optimal string alignment distance of a and b, ignoring case differences, or more than limit.
func distance(a, b string, limit int) int {
	x, y := []rune(fold(a)), []rune(fold(b))
	if len(x)-len(y) > limit || len(y)-len(x) > limit {
		return limit + 1
	}
	before, last := make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row := make([]int, len(y)+1)
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(y)]
}

func fold(s string) string {
	out := []rune(s)
	for i, r := range out {
		if r >= 'A' && r <= 'Z' {
			out[i] = r + ('a' - 'A')
		}
	}
	return string(out)
}
