package rules

import (
	"slices"
	"strings"
)

// Builtins lists the functions of expr that rules have, in the order of the documentation, and with the same promises
// as [Functions].
func Builtins() []Function {
	return slices.Concat(
		inGroup("Lists, item by item", loopDocs()), inGroup("Lists as a whole", wholeDocs()), inGroup("Text", textDocs()),
		inGroup("Numbers", numberDocs()), inGroup("Values", valueDocs()),
	)
}

func doc(signature, doc string, examples ...Example) Function {
	f := Function{Signature: signature, Doc: doc, Examples: examples, onNil: nilsOf(signature)}
	f.Name, _, _ = strings.Cut(signature, "(")
	return f
}

// nilsOf gives what a function of expr does with nil, where that is not an error.
func nilsOf(signature string) []onNil {
	switch name, _, _ := strings.Cut(signature, "("); name {
	case "first", "last":
		return []onNil{answers}
	case "get":
		return []onNil{answers, demands}
	case "type", "toJSON":
		return []onNil{compares}
	case "reduce":
		return []onNil{demands, demands, compares}
	}
	return []onNil{demands}
}

func loopDocs() []Function {
	return []Function{
		doc("any(list, condition)", "True when the condition holds for at least one item.", Example{`any([{"sku": "A-1"}, {"sku": "B-2"}], .sku == "B-2")`, "true"}),
		doc("all(list, condition)", "True when the condition holds for every item; of an empty list, too.", Example{`all([3, 4], # > 2)`, "true"}),
		doc("none(list, condition)", "True when the condition holds for no item.", Example{`none([3, 4], # > 4)`, "true"}),
		doc("one(list, condition)", "True when the condition holds for exactly one item.", Example{`one([3, 4], # > 3)`, "true"}),
		doc("filter(list, condition)", "The items for which the condition holds.", Example{`filter([{"name": "tea", "price": 5}, {"name": "pot", "price": 40}], .price > 10) | map(.name) | join(", ")`, "pot"}),
		doc("map(list, expression)", "What the expression gives for each item.", Example{`map([{"name": "tea", "quantity": 2}], string(.quantity) + " × " + .name) | join("\n")`, "2 × tea"}),
		doc("count(list, condition?)", "For how many items the condition holds; without one, how many are true.", Example{`count([1, 5, 7], # > 4)`, "2"}),
		doc("sum(list, expression?)", "The sum of the items, or of what the expression gives for each.",
			Example{`sum([{"price": 5, "quantity": 2}, {"price": 40, "quantity": 1}], .price * .quantity)`, "50"}, Example{`sum([1, 2])`, "3"}),
		doc("find(list, condition)", "The first item for which the condition holds; nil when there is none.", Example{`find([{"sku": "A-1", "name": "tea"}], .sku == "A-1")?.name`, "tea"}),
		doc("findLast(list, condition)", "The last item for which the condition holds; nil when there is none.", Example{`findLast([1, 5, 7], # < 7)`, "5"}),
		doc("findIndex(list, condition)", "The place, from 0, of the first item for which the condition holds; nil when there is none.", Example{`findIndex(["a", "b"], # == "b")`, "1"}),
		doc("findLastIndex(list, condition)", "The place, from 0, of the last item for which the condition holds; nil when there is none.", Example{`findLastIndex(["a", "b", "a"], # == "a")`, "2"}),
		doc("sortBy(list, expression, order?)", "The items in the order of what the expression gives for each; with \"desc\", the largest first.",
			Example{`sortBy([{"name": "pot", "price": 40}, {"name": "tea", "price": 5}], .price) | map(.name) | join(", ")`, "tea, pot"},
			Example{`sortBy([1, 3, 2], #, "desc") | join(" ")`, "3 2 1"}),
		doc("groupBy(list, expression)", "An object with the items under what the expression gives for each.", Example{`len(groupBy([{"sku": "A"}, {"sku": "B"}, {"sku": "A"}], .sku)["A"])`, "2"}),
		doc("reduce(list, expression, start?)", "What is left when the expression is worked out for each item, with #acc for what came of the ones before.", Example{`reduce([1, 2, 3], #acc + #, 10)`, "16"}),
	}
}

func wholeDocs() []Function {
	return []Function{
		doc("len(list)", "How many items a list has, letters a text, or fields an object.", Example{`len(["a", "b"])`, "2"}),
		doc("first(list)", "The first item; nil of an empty list.", Example{`first(["a", "b"])`, "a"}, Example{`first([]) ?? "none"`, "none"}),
		doc("last(list)", "The last item; nil of an empty list.", Example{`last(["a", "b"])`, "b"}),
		doc("take(list, n)", "The first n items.", Example{`take(["a", "b", "c"], 2) | join(" ")`, "a b"}),
		doc("reverse(list)", "The items, last one first.", Example{`reverse([1, 2, 3]) | join(" ")`, "3 2 1"}),
		doc("sort(list, order?)", "The items from the smallest to the largest, or the other way round with \"desc\".", Example{`sort([2, 3, 1]) | join(" ")`, "1 2 3"}, Example{`sort([2, 3, 1], "desc") | join(" ")`, "3 2 1"}),
		doc("concat(list, more…)", "Several lists as one.", Example{`concat([1], [2, 3]) | join(" ")`, "1 2 3"}),
		doc("flatten(list)", "A list of lists as one list.", Example{`flatten([[1], [2, 3]]) | join(" ")`, "1 2 3"}),
		doc("fromPairs(list)", "An object of pairs of a name and a value.", Example{`fromPairs([["a", 1]]).a`, "1"}),
		doc("max(values…)", "The largest of several numbers, or of a list of them.", Example{`max(3, 7)`, "7"}, Example{`max([3, 7, 5])`, "7"}),
		doc("min(values…)", "The smallest of several numbers, or of a list of them.", Example{`min(3, 7)`, "3"}),
		doc("mean(values…)", "The average of several numbers, or of a list of them.", Example{`mean([1, 2])`, "1.5"}),
		doc("median(values…)", "The one in the middle of several numbers, or of a list of them.", Example{`median([9, 1, 2])`, "2"}),
	}
}

func textDocs() []Function {
	return []Function{
		doc("upper(text)", "Text in large letters.", Example{`upper("tea")`, "TEA"}),
		doc("lower(text)", "Text in small letters.", Example{`lower("TEA")`, "tea"}),
		doc("trim(text, letters?)", "Text without spaces at its ends, or without these letters.", Example{`trim("  tea ")`, "tea"}, Example{`trim("--tea-", "-")`, "tea"}),
		doc("trimPrefix(text, start?)", "Text without what it starts with, where it does; without a second value, without spaces.", Example{`trimPrefix("SW-1", "SW-")`, "1"}),
		doc("trimSuffix(text, end?)", "Text without what it ends with, where it does; without a second value, without spaces.", Example{`trimSuffix("tea.jpg", ".jpg")`, "tea"}),
		doc("hasPrefix(text, start)", "True when a text starts so. (The same as startsWith.)", Example{`hasPrefix("SW-1", "SW-")`, "true"}),
		doc("hasSuffix(text, end)", "True when a text ends so. (The same as endsWith.)", Example{`hasSuffix("tea.jpg", ".jpg")`, "true"}),
		doc("indexOf(text, part)", "The place, from 0, where a part stands first; -1 when it does not.", Example{`indexOf("a-b", "-")`, "1"}),
		doc("lastIndexOf(text, part)", "The place, from 0, where a part stands last; -1 when it does not.", Example{`lastIndexOf("a-b-c", "-")`, "3"}),
		doc("split(text, separator, most?)", "The parts of a text between separators; with a number, at most so many.", Example{`split("a,b,c", ",") | join(" ")`, "a b c"}, Example{`split("a,b,c", ",", 2)[1]`, "b,c"}),
		doc("splitAfter(text, separator, most?)", "As split, with the separator left at the end of each part.", Example{`splitAfter("a,b", ",")[0]`, "a,"}, Example{`splitAfter("a,b,c", ",", 2)[1]`, "b,c"}),
		doc("toBase64(text)", "Text in Base64.", Example{`toBase64("tea")`, "dGVh"}),
		doc("fromBase64(text)", "Text that was in Base64.", Example{`fromBase64("dGVh")`, "tea"}),
	}
}

func numberDocs() []Function {
	return []Function{
		doc("abs(number)", "A number without its sign.", Example{`abs(-5)`, "5"}),
		doc("ceil(number)", "The next whole number that is not smaller.", Example{`ceil(1.2)`, "2"}),
		doc("floor(number)", "The next whole number that is not larger.", Example{`floor(1.8)`, "1"}),
		doc("int(value)", "A whole number, out of a number or text.", Example{`int("42") + 1`, "43"}),
		doc("float(value)", "A number, out of a number or text.", Example{`float("12.50") * 2`, "25"}),
		doc("bitand(a, b)", "The bits that both numbers have.", Example{`bitand(6, 3)`, "2"}),
		doc("bitor(a, b)", "The bits that one of the numbers has.", Example{`bitor(6, 3)`, "7"}),
		doc("bitxor(a, b)", "The bits that only one of the numbers has.", Example{`bitxor(6, 3)`, "5"}),
		doc("bitnand(a, b)", "The bits of the first number that the second one has not.", Example{`bitnand(6, 3)`, "4"}),
		doc("bitnot(a)", "All bits but those of a number.", Example{`bitnot(5)`, "-6"}),
		doc("bitshl(a, n)", "A number's bits, n places to the left.", Example{`bitshl(3, 2)`, "12"}),
		doc("bitshr(a, n)", "A number's bits, n places to the right.", Example{`bitshr(12, 2)`, "3"}),
		doc("bitushr(a, n)", "A number's bits, n places to the right, without regard to its sign.", Example{`bitushr(12, 2)`, "3"}),
	}
}

func valueDocs() []Function {
	return []Function{
		doc("get(object, name)", "A field of an object, or an item of a list by its place; nil when it is not there.", Example{`get({"a": 1}, "a")`, "1"}, Example{`get(["x"], 5) ?? "none"`, "none"}),
		doc("type(value)", "What a value is: nil, bool, int, float, string, array, map, time …", Example{`type("tea")`, "string"}),
		doc("toJSON(value)", "A value as JSON in several lines. For one line, and for bodies of requests, json(…).", Example{`toJSON(["a"]) contains "a"`, "true"}),
		doc("fromJSON(text)", "The value that JSON says.", Example{`fromJSON("{\"a\": 1}").a`, "1"}),
		doc("duration(text)", "A length of time, such as \"90s\", \"15m\" or \"24h\".", Example{`duration("90m") > duration("1h")`, "true"}),
	}
}

// Methods lists what a time, and a length of time, can be asked for. Their names are those of Go.
func Methods() []Function {
	return inGroup("Of times", []Function{
		doc("Year()", "The year of a time. Day(), Hour(), Minute(), Second() and YearDay() are others of its parts.", Example{`date("2026-11-20 15:04").Year()`, "2026"}),
		doc("Unix()", "Whole seconds since 1970.", Example{`date("2026-11-20T23:30:00Z").Unix()`, "1795217400"}),
		doc("Format(layout)", "A time as text in English, in the zone that it has. In the store's zone and language, day(time, layout).", Example{`date("2026-11-20T23:30:00Z").Format("2 Jan 15:04")`, "21 Nov 00:30"}),
		doc("Sub(time)", "The length of time since another. The operator - does the same.", Example{`date("2026-11-20 10:00").Sub(date("2026-11-20 08:30")).Hours()`, "1.5"}),
		doc("Before(time)", "True when a time is earlier than another. After(time) and Equal(time) are like it, and so are <, > and ==.", Example{`date("2026-11-20").Before(date("2026-11-21"))`, "true"}),
		doc("Hours()", "A length of time in hours, with a fraction. Minutes() and Seconds() are like it.", Example{`duration("90m").Hours()`, "1.5"}),
	})
}
