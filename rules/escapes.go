package rules

import (
	"strings"

	"shopbell/actions"
)

func escapeFunctions() []Function {
	return []Function{
		{
			Name: "html", Signature: "html(text)",
			Doc:   "Text with & < > \" ' as entities. A parameter that is HTML does this by itself, and not twice; needed to build HTML for safe(…), or where a parameter is not HTML, such as the body of a request.",
			least: 1, most: 1, params: []form{anything}, gives: text, run: escaping(actions.HTML),
			Examples: []Example{{`html("Tom & Jerry")`, "Tom &amp; Jerry"}},
		},
		{
			Name: "lineBreaks", Signature: "lineBreaks(text)", Doc: "Text as HTML, escaped, with <br> for each of its line breaks.",
			least: 1, most: 1, params: []form{anything}, gives: text, run: runLineBreaks,
			Examples: []Example{{`lineBreaks("Ring twice\n<3")`, "Ring twice<br>\n&lt;3"}},
		},
		{
			Name: "url", Signature: "url(text)",
			Doc:   "Text as one part of an address: a step of its path, or a value of its query. A parameter that is an address does this by itself, and not twice.",
			least: 1, most: 1, params: []form{anything}, gives: text, run: escaping(actions.URL),
			Examples: []Example{{`"https://example.com/?q=" + url("tea & pots")`, "https://example.com/?q=tea%20%26%20pots"}},
		},
		{
			Name: "slack", Signature: "slack(text)",
			Doc:   "Text with & < > as entities, so that it can ring no channel and make no link in Slack. A parameter for Slack does this by itself, and not twice.",
			least: 1, most: 1, params: []form{anything}, gives: text, run: escaping(actions.Slack),
			Examples: []Example{{`slack("<!channel> me & you")`, "&lt;!channel&gt; me &amp; you"}},
		},
		{
			Name: "markdown", Signature: "markdown(text)",
			Doc:   "Text with \\ before every character that means something in Markdown, as Telegram, Discord and others read it.",
			least: 1, most: 1, params: []form{anything}, gives: text, run: runMarkdown,
			Examples: []Example{{`markdown("2*3 [x] #1")`, `2\*3 \[x\] \#1`}},
		},
		{
			Name: "json", Signature: "json(value)",
			Doc:   "Any value as JSON in one line, text in its quotes, the fields of objects in order. In the body of a request it stands where a value stands, without quotes around it.",
			least: 1, most: 1, params: []form{anything}, onNil: []onNil{compares}, gives: text, run: runJSON,
			Examples: []Example{{`json({"note": "say \"hi\"", "n": [1, 2.5]})`, `{"n":[1,2.5],"note":"say \"hi\""}`}, {`json(nil)`, "null"}},
		},
		{
			Name: "csv", Signature: "csv(list, separator?)",
			Doc: "A list of values as one line of a table, with quotes where they are needed. Nil is an empty cell. Text that a spreadsheet would take for a formula gets a ' before it. " +
				"The separator is \",\" or another character, such as \";\".",
			least: 1, most: 2, params: []form{list, text}, gives: text, run: runCSV,
			Examples: []Example{{`csv(["A-1", "Pot, \"large\"", 2.5, nil, "=1+1"])`, `A-1,"Pot, ""large""",2.5,,'=1+1`}, {`csv(["a", 1], ";")`, "a;1"}},
		},
		{
			Name: "safe", Signature: "safe(text)",
			Doc:   "Text that goes into HTML or Slack as it is. Never give it what a customer wrote, unless html(…) or slack(…) is around that. Text that is changed after it was marked is escaped again.",
			least: 1, most: 1, params: []form{anything}, gives: text, run: runSafe,
			Examples: []Example{{`safe("<b>" + html("<3") + "</b>")`, "<b>&lt;3</b>"}},
		},
	}
}

// A safe text is not escaped again where it lands: what was escaped for that landing, and, without a landing, what the
// rule vouches for wherever a rule may write markup.
type safe struct {
	text  string
	lands actions.Landing
}

// settled tells whether a value goes into a landing as it is. In a header or an address nothing does, whoever says so.
func settled(value any, lands actions.Landing) bool {
	t, marked := value.(safe)
	return marked && (t.lands == lands && lands != actions.Plain || t.lands == actions.Plain && (lands == actions.HTML || lands == actions.Slack))
}

// escaping makes the function that escapes text for a landing. What was escaped for it stays as it is.
func escaping(lands actions.Landing) func(s *scope, args []any) (any, error) {
	return func(s *scope, args []any) (any, error) {
		if t, marked := args[0].(safe); marked && t.lands == lands {
			return t, nil
		}
		t, err := s.rewritten(args[0])
		if err != nil {
			return nil, err
		}
		return safe{actions.Escape(lands, t), lands}, nil
	}
}

// rewritten gives an argument as text that is about to be gone through letter by letter, which is paid for before.
func (s *scope) rewritten(v any) (string, error) {
	t, err := plainText(v)
	if err != nil {
		return "", err
	}
	return t, s.spend(len(t))
}

func runLineBreaks(s *scope, args []any) (any, error) {
	escaped, err := escaping(actions.HTML)(s, args)
	if err != nil {
		return nil, err
	}
	t := strings.ReplaceAll(strings.ReplaceAll(escaped.(safe).text, "\r\n", "\n"), "\r", "\n")
	if len(t)+4*strings.Count(t, "\n") > maxText {
		return nil, errText
	}
	return safe{strings.ReplaceAll(t, "\n", "<br>\n"), actions.HTML}, nil
}

func runSafe(_ *scope, args []any) (any, error) {
	t, err := plainText(args[0])
	if err != nil {
		return nil, err
	}
	return safe{text: t}, nil
}

func runMarkdown(s *scope, args []any) (any, error) {
	t, err := s.rewritten(args[0])
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(t)+len(t)/8)
	for i := range len(t) {
		switch t[i] {
		case '\\', '`', '*', '_', '{', '}', '[', ']', '(', ')', '<', '>', '#', '+', '-', '=', '.', '!', '|', '~', '&', '$':
			out = append(out, '\\')
		}
		out = append(out, t[i])
	}
	return string(out), nil
}

// runJSON is the function json. What it gives is a whole value, so in a body of JSON it is not escaped for the inside
// of a text.
func runJSON(s *scope, args []any) (any, error) {
	if err := s.weigh(args[0], 8); err != nil {
		return nil, err
	}
	out, err := appendJSON(nil, args[0], actions.Plain, maxText)
	if err != nil {
		return nil, err
	}
	return safe{string(out), actions.JSON}, nil
}

func runCSV(s *scope, args []any) (any, error) {
	separator, ok := optional[string](args, 1)
	if !ok {
		separator = ","
	}
	if len([]rune(separator)) != 1 || strings.ContainsAny(separator, "\"\r\n") {
		return nil, wants("csv", "one character between the values", args[1])
	}
	var b strings.Builder
	for i, v := range args[0].([]any) {
		if i > 0 {
			b.WriteString(separator)
		}
		if v == nil {
			continue
		}
		t, err := plainText(v)
		if err != nil {
			return nil, err
		}
		if _, isText := plainer(v).(string); isText && formula(t) {
			t = "'" + t
		}
		if strings.ContainsAny(t, "\"\r\n"+separator) || strings.TrimSpace(t) != t {
			t = `"` + strings.ReplaceAll(t, `"`, `""`) + `"`
		}
		if b.WriteString(t); b.Len() > maxText {
			return nil, errText
		}
		if err := s.spend(2 + len(t)/8); err != nil {
			return nil, err
		}
	}
	return b.String(), nil
}

// formula tells of text that a spreadsheet would work out. A number with a sign, such as one of a telephone, it would not.
func formula(t string) bool {
	if t == "" || !strings.ContainsRune("=+-@\t\r", rune(t[0])) {
		return false
	}
	return t[0] != '+' && t[0] != '-' || strings.Trim(t[1:], "0123456789 .,") != ""
}
