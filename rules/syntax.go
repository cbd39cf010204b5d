package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr/file"
)

var unexpected = regexp.MustCompile(`^unexpected token (?:(\w+)\("(.*)"\)|(\w+))`)

// syntax says in a merchant's words why an expression could not be read.
func syntax(code string, e *file.Error) finding {
	f := finding{offset: e.From, message: "this is not an expression: " + e.Message}
	token, kind := "", ""
	if m := unexpected.FindStringSubmatch(e.Message); m != nil {
		kind, token = m[1]+m[3], strings.ReplaceAll(m[2], `\"`, `"`)
		f.message = "this cannot be read from here on"
	}
	switch {
	case block.MatchString(strings.TrimSpace(code)):
		f.offset, f.message = 0, "there are no blocks such as if and for"
		f.hint = `Write condition ? "this" : "that"; for a list, write map(…) and join(…).`
	case strings.Contains(e.Message, "maximum allowed nodes"):
		f.message, f.hint = "this expression is too long", "Split the rule into several."
	case kind == "EOF" || strings.Contains(e.Message, "unexpected end"):
		return ended(code)
	case strings.Contains(e.Message, "literal not terminated"):
		f.offset = lastQuote(code)
		f.message, f.hint = "a quote is opened here and never closed", ""
	case strings.Contains(e.Message, "unrecognized character"):
		return strange(code, e)
	case strings.Contains(e.Message, "invalid char escape"), strings.Contains(e.Message, "unable to unescape"):
		f.message, f.hint = `"\" means something special inside quotes`, `Write "\\" for one backslash.`
	case strings.Contains(e.Message, "cannot be mixed"):
		f.message, f.hint = "?? and another operator stand side by side", "Put parentheses around the part with ??: (a ?? b) == c."
	case strings.Contains(e.Message, "bad number"):
		f.message, f.hint = "this is neither a number nor a name", "Put text in quotes."
	case token != "":
		f.message, f.hint = odd(code, e.From, kind, token)
	}
	return f
}

// odd says what is wrong with a token that nothing expected.
func odd(code string, from int, kind, token string) (message, hint string) {
	runes := []rune(code)
	before := strings.TrimSpace(string(runes[:min(from, len(runes))]))
	switch {
	case token == "=" && arrow.MatchString(before):
		return `"=>" is not known here`, loopHint
	case token == "=" && from+1 < len(runes) && (runes[from+1] == '>' || runes[from+1] == '<'):
		return fmt.Sprintf("\"=%c\" is written the other way round", runes[from+1]), fmt.Sprintf("Write \"%c=\".", runes[from+1])
	case token == "=":
		return `a single "=" says nothing`, `Write "==" to compare.`
	case token == "&" || token == "&=":
		return `a single "&" says nothing`, `Write "and", or "&&".`
	case token == ">" && strings.HasSuffix(before, "<"):
		return `"<>" is not known here`, `Write "!=" for "is not".`
	case strings.EqualFold(token, "and"), strings.EqualFold(token, "or"), strings.EqualFold(token, "not"), strings.EqualFold(token, "in"):
		return "\"" + token + "\" is written in small letters", "Write \"" + strings.ToLower(token) + "\"."
	case token == "," && digitAt(runes, from-1) && digitAt(runes, from+1):
		return `"," does not fit into a number`, "Write thousands without a sign and cents after a point, such as 1250.50."
	case kind == "Operator" && slices.Contains(between(), token) && strings.HasPrefix(strings.TrimSpace(string(runes[min(from+len(token), len(runes)):])), "("):
		return "\"" + token + "\" stands between two values", "Write a " + token + " b instead of " + token + "(a, b)."
	case token == ":" && strings.Contains(before, "{"):
		return `":" does not fit here`, "Inside map(…) and the like, { } hold an expression: put an object into parentheses, as in map(order.items, ({sku: .sku}))."
	case token == "is" || token == "equals":
		return "\"" + token + "\" is not known here", `Write "==" to compare.`
	case token == ")" || token == "]" || token == "}":
		return "\"" + token + "\" closes what was never opened", ""
	case kind == "Identifier" || kind == "String" || kind == "Number":
		return "an operator is missing before " + token, `Write "and" or "or" between conditions, and put text in quotes.`
	}
	return "\"" + token + "\" does not fit here", ""
}

func digitAt(runes []rune, i int) bool {
	return i >= 0 && i < len(runes) && runes[i] >= '0' && runes[i] <= '9'
}

// between lists the operators that people take for functions.
func between() []string { return []string{"contains", "startsWith", "endsWith", "matches"} }

// block finds the words with which other template languages begin a block.
var block = regexp.MustCompile(`^(?:#|/\w|(?:if|for|each|foreach|unless|range|with)\s)`)

// ended finds the bracket that is still open where an expression ends.
func ended(code string) finding {
	runes := []rune(code)
	var open []int
	for i := 0; i < len(runes); i++ {
		switch runes[i] {
		case '"', '\'':
			i = closing(runes, i)
		case '(', '[', '{':
			open = append(open, i)
		case ')', ']', '}':
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		}
	}
	if len(open) > 0 {
		at := open[len(open)-1]
		return finding{offset: at, message: "\"" + string(runes[at]) + "\" is opened here and never closed"}
	}
	f := finding{offset: len([]rune(strings.TrimRight(code, " \n\t"))), message: "something is missing at the end"}
	if m := piped.FindStringSubmatch(code); m != nil {
		f.hint = fmt.Sprintf("Write | %s(), with parentheses.", m[1])
	} else if strings.Contains(code, " ? ") {
		f.hint = `Say what to take otherwise, too: condition ? "this" : "that".`
	}
	return f
}

// closing gives the place of the quote that closes the one at i, or the last place.
func closing(runes []rune, i int) int {
	for j := i + 1; j < len(runes); j++ {
		switch runes[j] {
		case '\\':
			j++
		case runes[i]:
			return j
		}
	}
	return len(runes) - 1
}

// arrow finds the name before => in map(list, i => …).
var arrow = regexp.MustCompile(`,\s*\(?\w+\)?$`)

// piped finds a function after a bar that lacks its parentheses.
var piped = regexp.MustCompile(`\|\s*([A-Za-z]\w*)\s*$`)

func lastQuote(code string) int {
	runes := []rune(code)
	last := 0
	for i := 0; i < len(runes); i++ {
		if runes[i] == '"' || runes[i] == '\'' || runes[i] == '`' {
			last = i
			i = closing(runes, i)
		}
	}
	return last
}

func strange(code string, e *file.Error) finding {
	runes := []rune(code)
	f := finding{offset: e.From}
	if f.offset < 0 || f.offset >= len(runes) {
		f.message = "something here cannot be read"
		return f
	}
	r := runes[f.offset]
	f.message = "\"" + string(r) + "\" does not fit here"
	switch r {
	case '“', '”', '„', '«', '»', '‘', '’', '‚':
		f.message, f.hint = "these quotes are not straight", `Write " or '.`
	case '–', '—', '−':
		f.hint = `Write "-" for minus.`
	case '≥':
		f.hint = `Write ">=".`
	case '≤':
		f.hint = `Write "<=".`
	case '≠':
		f.hint = `Write "!=".`
	case '$', '€', '£':
		f.hint = "Write amounts as bare numbers."
	}
	return f
}
