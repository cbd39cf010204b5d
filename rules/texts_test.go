package rules_test

import (
	"strings"
	"testing"

	"shopbell/document"
	"shopbell/event"
	"shopbell/rules"
)

// problems tells what the loader says of a condition of a rule on orders.
func problems(t *testing.T, condition string) string {
	t.Helper()
	s := rules.Parse(map[string]string{"r.yaml": "rules:\n  - name: r\n    when: order.created\n    if: '" + condition + "'\n    then: [ log: { message: x } ]\n"}, world())
	return document.Text(s.Problems())
}

func TestTexts(t *testing.T) {
	for _, test := range []struct{ language, code, want string }{
		{"en", `plural(0, "item", "items")`, "items"},
		{"fr", `plural(0, "article", "articles")`, "article"},
		{"fr", `plural(1.5, "article", "articles")`, "article"},
		{"en", `plural(1.5, "item", "items")`, "items"},
		{"en", `plural(-1, "item", "items")`, "item"},
		{"", `plural(1, "item", "items")`, "item"},
		{"tlh-??", `plural(2, "item", "items")`, "items"},
		{"ru", `join(map([1, 2, 5, 11, 21, 22, 25, 1000002], plural(#, "товар", "товара", "товаров")), " ")`, "товар товара товаров товаров товар товара товаров товара"},
		{"pl", `join(map([1, 2, 5, 22], plural(#, "sztuka", "sztuki", "sztuk")), " ")`, "sztuka sztuki sztuk sztuki"},
		{"ja", `plural(1, "個", "個")`, "個"},
		{"en", `truncate("e\u0301te\u0301s", 3, "")`, "e\u0301te\u0301"},
		{"en", `truncate("👨‍👩‍👧👍🏽🇩🇪🇫🇷x", 4, "")`, "👨‍👩‍👧👍🏽🇩🇪🇫🇷"},
		{"en", `truncate("👨‍👩‍👧👍🏽🇩🇪🇫🇷x", 4)`, "👨‍👩‍👧👍🏽🇩🇪…"},
		{"en", `truncate("tea pot", 5, "...")`, "te..."},
		{"en", `truncate("tea pot", 2, "...")`, ".."},
		{"en", `truncate("tea", 0)`, ""},
		{"en", `truncate("tea", 3)`, "tea"},
		{"en", `padStart("é", 3, "·")`, "··é"},
		{"en", `padStart("tea", 2)`, "tea"},
		{"en", `default(order.orderComments, "none") + default("", "x") + default(" \n", "y") + default("z", "w")`, "nonexyz"},
		{"en", `string(default(0, 5)) + string(default(false, true)) + default(order.orderComments, order.id)`, "0falseK8XTQ"},
		{"en", `capitalize("1 éclair") + capitalize("") + capitalize("ßa")`, "1 Éclairßa"},
		{"en", `title("MÜLLER-LÜDENSCHEIDT") + title(" iPad mini (new)")`, "Müller-Lüdenscheidt IPad Mini (New)"},
		{"en", `initials("  ann-marie  o'neil 3rd ")`, "AOR"},
		{"en", `join(words(" a  b\tc "), "|") + string(len(words("")))`, "a|b|c0"},
		{"en", `join(lines("a\r\n\r\n b \rc\n"), "|") + string(len(lines(" \n")))`, "a|b|c0"},
		{"en", `oneLine(" a \r\n\t b ")`, "a b"},
		{"en", `stripTags("<style>p{}</style><h1>A&nbsp;B</h1><p>1 &lt; 2<br/>three<script>x<p></script></p> <li>x")`, "A\u00a0B\n1 < 2\nthree\nx"},
		{"en", `stripTags("no tags, 3 < 4") + stripTags("")`, "no tags, 3 < 4"},
		{"en", `joinAnd([]) + joinAnd(["a"]) + joinAnd(["a", "b"])`, "aa and b"},
		{"de", `joinAnd(["a", "b", "c"])`, "a, b und c"},
		{"ja", `joinAnd(["a", "b", "c"])`, "a、b、c"},
		{"en", `joinAnd(skus(order.items), "&")`, "SW-1 & HW-2"},
		{"en", `join(map(uniqBy([{"a": 1}, {"a": 1.0}, {"b": 2}, {"b": 3}, {"a": "1"}], "a"), json(#)), "")`, `{"a":1}{"b":2}{"b":3}{"a":"1"}`},
		{"en", `join(without([1, 2, "2", 2.0], [2])) + join(shared(["a", "b", "b"], ["b"]))`, "12bb"},
		{"en", `json(pick(order, "id", lower("nope"), "total"))`, `{"id":"K8XTQ","total":250.5}`},
		{"en", `sum(order.items, .price * .quantity)`, "250.5"},
		{"en", `len(order.items) > 1 and all(order.items, .sku in skus(order.items))`, "true"},
		{"en", `upper(html("a<b")) + trim(html(" <")) + (html("<") == "&lt;" ? "same" : "other") + (html("<") in ["&lt;"] ? "in" : "out")`, "A&LT;B&lt;samein"},
		{"en", `let marked = html("<"); marked == "&lt;" and "&lt;" == marked and marked != "<"`, "true"},
		{"en", `html(html("<")) + url(url("ä b")) + slack(slack("<>&")) + html(slack("<"))`, "&lt;%C3%A4%20b&lt;&gt;&amp;&amp;lt;"},
		{"en", `markdown("_a_ \\ (b). ~c~ | > #1 + -!")`, `\_a\_ \\ \(b\)\. \~c\~ \| \> \#1 \+ \-\!`},
		{"en", `json("a\"\n\u2028") + json(order.items | map(.quantity)) + json(nil) + json(1.50)`, `"a\"\n` + "\u2028" + `"[2,1]null1.5`},
		{"en", `csv(["a,b", "x\"y", " s", "l\nm", true, 1.5, "-5", -5, "+49 171", "@cmd", "-1+1", ""])`,
			"\"a,b\",\"x\"\"y\",\" s\",\"l\nm\",true,1.5,-5,-5,+49 171,'@cmd,'-1+1,"},
	} {
		if got := evaluate(t, test.code, event.Store{Language: test.language}); got != test.want {
			t.Errorf("%s in %s:\n%q, want\n%q", test.code, test.language, got, test.want)
		}
	}
}

// What is marked as escaped goes into its own landing once, and is escaped in every other.
func TestEscapesWhereTheyLand(t *testing.T) {
	nasty := order(map[string]any{"orderComments": "Tom & \"J\"\n<!channel>"})
	for step, want := range map[string]string{
		`email: { to: a@b.c, subject: x, html: "{{ html(order.orderComments) }}" }`:               `"html":"Tom &amp; &#34;J&#34;\n&lt;!channel&gt;"`,
		`email: { to: a@b.c, subject: x, html: "{{ lineBreaks(order.orderComments) }}" }`:         `"html":"Tom &amp; &#34;J&#34;<br>\n&lt;!channel&gt;"`,
		`email: { to: a@b.c, subject: x, html: "{{ slack(order.orderComments) }}" }`:              `"html":"Tom &amp;amp; &#34;J&#34;\n&amp;lt;!channel&amp;gt;"`,
		`email: { to: a@b.c, subject: "{{ html(order.orderComments) }}", text: x }`:               `"subject":"Tom &amp; &#34;J&#34; &lt;!channel&gt;"`,
		`slack: { channel: "#a", text: "{{ slack(order.orderComments) }}" }`:                      `"text":"Tom &amp; \"J\"\n&lt;!channel&gt;"`,
		`slack: { channel: "#a", text: "{{ html(order.orderComments) }}" }`:                       `"text":"Tom &amp;amp; &amp;#34;J&amp;#34;\n&amp;lt;!channel&amp;gt;"`,
		`slack: { channel: "#a", text: "{{ markdown(order.orderComments) }}" }`:                   `"text":"Tom \\&amp; \"J\"\n\\&lt;\\!channel\\&gt;"`,
		`slack: { channel: "#a", text: "{{ json(order.orderComments) }}" }`:                       `"text":"\"Tom &amp; \\\"J\\\"\\n&lt;!channel&gt;\""`,
		`http: { url: "https://e.com/?q={{ url(order.orderComments) }}" }`:                        `"url":"https://e.com/?q=Tom%20%26%20%22J%22%0A%3C%21channel%3E"`,
		`http: { url: "https://e.com/?q={{ safe(order.orderComments) }}" }`:                       `"url":"https://e.com/?q=Tom%20%26%20%22J%22%0A%3C%21channel%3E"`,
		`http: { url: "https://e.com", body: '{"a": {{ json(order.orderComments) }}}' }`:          `"body":"{\"a\": \"Tom & \\\"J\\\"\\n<!channel>\"}"`,
		`http: { url: "https://e.com", body: '{"a": "{{ safe(order.orderComments) }}"}' }`:        `"body":"{\"a\": \"Tom & \\\"J\\\"\\n<!channel>\"}"`,
		`http: { url: "https://e.com", json: { a: "{{ html(order.id) }}", b: "{{ json(1) }}" } }`: `"json":{"a":"K8XTQ","b":"1"}`,
	} {
		got, err := render(t, step, nasty, nil)
		if err != nil || !strings.Contains(got, want) {
			t.Errorf("%s gives\n%s (%v), want\n%s", step, got, err, want)
		}
	}
}

func TestTextsRefused(t *testing.T) {
	for code, want := range map[string]string{
		`repeat(event.data.long, 3)`:                    "it makes a text of more than 1 MB",
		`html(repeat("<", 300000))`:                     "it makes a text of more than 1 MB",
		`replace(event.data.long, "a", "bbb")`:          "it makes a text of more than 1 MB",
		`replace("aa", "", event.data.long)`:            "it makes a text of more than 1 MB",
		`join([event.data.long, event.data.long, "x"])`: "it makes a text of more than 1 MB",
		`csv([event.data.long, event.data.long, "x"])`:  "it makes a text of more than 1 MB",
		`json([event.data.long, event.data.long, "x"])`: "it is larger than 4 MB",
		`repeat("a", -1)`:                               "the number of times must be a whole one from 0 to 1048576",
		`truncate("a", 1.5)`:                            "the number of characters must be a whole one from 0 to 1048576",
		`padStart("a", 5, "ab")`:                        `padStart wants one character to put before the text, and got "ab"`,
		`csv([[1]])`:                                    "it is a list",
		`csv([1], "ab")`:                                "csv wants one character between the values",
		`join([nil])`:                                   "value 1 of the list is empty; write filter(…, # != nil) around the list",
		`html(event.data.list)`:                         "it is a list",
		`upper(event.data.zero)`:                        "upper does not work on what event.data.zero is",
		`len(without(1..3000, 3001..6000))`:             "it takes too long",
	} {
		if _, err := attempt(t, code, event.Store{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", code, err, want)
		}
	}
}
