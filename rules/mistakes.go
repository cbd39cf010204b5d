package rules

import (
	"strings"

	"shopbell/document"
)

// A Mistake is one kind of thing that can be wrong with a rule file. Its ID stays what it is when the words change, so
// that people's scripts can rely on it.
type Mistake struct {
	ID      string
	Means   string // what it is, one sentence
	Warning bool   // legal and likely wrong
	says    []string
}

// Mistakes lists every kind of problem and warning that [Set.Problems] can have.
func Mistakes() []Mistake {
	var all []Mistake
	for _, list := range [][]Mistake{fileMistakes(), ruleMistakes(), expressionMistakes(), stepMistakes(), trialMistakes(), doubtful()} {
		all = append(all, list...)
	}
	return append(all, Mistake{ID: "other-problem", Means: "Something else is wrong."}, Mistake{ID: "other-warning", Means: "Something else is likely wrong.", Warning: true})
}

// Identify gives each problem the ID of the mistake that it tells of. It knows them by their words, in which * stands
// for any text, so that the place that finds a problem needs to know nothing but how to say it.
func Identify(problems []document.Problem) {
	if len(problems) == 0 {
		return
	}
	all := Mistakes()
	for i := range problems {
		if p := &problems[i]; p.ID == "" {
			p.ID = identity(all, p)
		}
	}
}

func identity(all []Mistake, p *document.Problem) string {
	for i := range all {
		if all[i].Warning != p.Warning {
			continue
		}
		for _, pattern := range all[i].says {
			if fitsPattern(pattern, p.Message) {
				return all[i].ID
			}
		}
	}
	if p.Warning {
		return "other-warning"
	}
	return "other-problem"
}

// fitsPattern tells whether a message is what a pattern says, with any text in place of each *.
func fitsPattern(pattern, message string) bool {
	parts := strings.Split(pattern, "*")
	rest, ok := strings.CutPrefix(message, parts[0])
	if !ok {
		return false
	}
	if len(parts) == 1 {
		return rest == ""
	}
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}

func mistake(id, means string, says ...string) Mistake {
	return Mistake{ID: id, Means: means, says: says}
}

func doubt(id, means string, says ...string) Mistake {
	return Mistake{ID: id, Means: means, says: says, Warning: true}
}

// fileMistakes are those of a file or a directory, and of YAML.
func fileMistakes() []Mistake {
	return []Mistake{
		mistake("unreadable-directory", "A directory cannot be read.", "the rules directory cannot be read: *", "the directory cannot be read: *"),
		mistake("unreadable-file", "A file cannot be read.", "the file cannot be read: *", "it is a link that leads out of the rules directory"),
		mistake("file-name", "A rule file's name does not end in .yaml.", "a rule file ends in .yaml: *"),
		mistake("nested-directory", "A directory stands inside a store's directory.", "a directory inside a store's directory is not read"),
		mistake("unknown-store", "No source has the store.", "no source has a store *"),
		mistake("too-many-stores", "There are too many directories of stores.", "there are more than * directories of stores"),
		mistake("too-many-files", "A directory has too many files, or too large ones.", "a directory may have *"),
		mistake("too-many-problems", "There are more problems than are shown.", "there are more than * problems; *"),
		mistake("file-too-large", "A file is larger than a rule file may be.", "the file has * bytes, more than *"),
		mistake("not-utf8", "A file is not UTF-8 text.", "the line is not UTF-8 text"),
		mistake("too-many-values", "A file holds too many values, also by its aliases.", "the file has more than * values, *"),
		mistake("too-deep", "Something is nested too deep.", "nested deeper than *"),
		mistake("tab", "A tab stands at the start of a line.", "a tab at the start of a line"),
		mistake("after-quote", "Something follows a closing quote.", "something follows the closing quote"),
		mistake("bare-hash", "YAML takes a value that begins with # for a comment.", "YAML takes what follows # for a comment"),
		mistake("second-colon", "A line has two colons, and YAML cannot tell which is meant.", `a second ": " on one line`),
		mistake("indentation", "A line does not fit the lines around it.", "this line does not fit the lines around it"),
		mistake("not-closed", "A quote or bracket is never closed.", "a quote or bracket is opened and never closed"),
		mistake("value-start", "A value is missing, or begins with a character that YAML keeps for itself.", "a value is missing, or cannot begin like this", "a value cannot start with this character"),
		mistake("tag", "A value begins with !, which means something to YAML.", "YAML takes what follows \"!\" for a tag"),
		mistake("yaml-escape", "A backslash stands in double quotes where it means something special.", `"\" means something special inside double quotes`),
		mistake("comma", "A comma is missing between two values.", "a comma is missing between two values"),
		mistake("missing-colon", "A key has no colon.", `a ":" is missing`),
		mistake("list-line", "A list begins on the line of its key.", "a list begins on a line of its own"),
		mistake("block-text", "The text of a block begins on the line of its key.", "the text of a block begins on the line after *"),
		mistake("unseen-character", "A character cannot be seen.", "a character that cannot be seen"),
		mistake("anchor", "A value begins with * or &, which mean something to YAML.", "YAML takes what follows * or & for a name"),
		mistake("not-yaml", "The file is not YAML.", "this is not YAML: *"),
		mistake("second-document", "A file holds two YAML documents.", "a second YAML document in one file"),
		mistake("unquoted-hole", "A value that begins with {{ has no quotes around it.", "a value that begins with {{ must be in quotes"),
		mistake("key-form", "A key is not text.", "a key must be text"),
		mistake("merge-key", "YAML's merge keys are not for rules.", "merge keys (<<) are not supported"),
		mistake("duplicate-key", "A key is given twice.", "* is given twice"),
	}
}

// ruleMistakes are those of the keys of a rule.
func ruleMistakes() []Mistake {
	return []Mistake{
		mistake("no-rules", "A rule file does not begin with rules:.", "a rule file begins with rules:", "rules: wants a list", "a rule is a group of keys"),
		mistake("later", "Something does not work yet in this version.", `"*" does not work yet in this version`, `*: "*" does not work yet in this version`),
		mistake("unknown-key", "A key is not known.", "unknown key *", "*: unknown key *"),
		mistake("missing-key", "A key is missing.", `"*" is missing`, `*: "*" is missing`),
		mistake("bad-name", "A name is not text, or cannot be one.", "a name is text", "* cannot be a name"),
		mistake("duplicate-name", "Two rules of a directory have one name.", "a rule named * exists already"),
		mistake("value-form", "A key's value is of another form.", "description is text", "enabled is true or false", "* wants text, or a list of it"),
		mistake("unknown-source", "No source has this name.", "unknown source *"),
		mistake("unknown-event", "No source sends this event type.", "unknown event type *", "no source sends *"),
		mistake("when-form", "when does not name event types.", "when wants event types", "when lists no event type"),
		mistake("store-form", "store does not name stores.", "store lists no store", "store wants the id of a store, *"),
		mistake("other-store", "A rule in a store's directory names another store.", "rules in the directory * are for that store only"),
		mistake("duration", "A length of time is not one.", "* is a length of time, and \"*\" is not", "* is a length of time", "* is longer than 30 days or nothing at all"),
		mistake("mode", "mode is none of the three, or redirects to nobody, or what cannot be redirected.", "mode is live, shadow, or says whom to redirect to", "redirect wants an address", "* cannot be redirected through the account *"),
		mistake("else-without-if", "A rule has else and no condition.", "else is for when *"),
		mistake("each", "each gives no list.", "each wants *"),
		mistake("definition-form", "What is defined has no name, or is no condition or list.", "define wants *", "* wants a group of names", "* cannot be a name in expressions", "a list that is defined holds *", "* wants a list of values"),
		mistake("definition", "A name is defined twice, stands for itself, or for too much.", "* is defined already", "* stands for itself here", "with what * stands for, this is too long", "a directory may define *",
			"the lists of a directory may hold *"),
		mistake("secret", "A rule holds a secret, which belongs into the config.", "this is *, and a rule must not hold one"),
	}
}

// stepMistakes are those of steps, their parameters and their accounts.
func stepMistakes() []Mistake {
	return []Mistake{
		mistake("no-steps", "then or else lists no steps, or too many.", "then wants a list of steps", "else wants a list of steps", "a rule may have * steps, *"),
		mistake("step-form", "A step is not an action with its parameters.", "a step is an action with its parameters", "this step names no action", "* wants a group of parameters"),
		mistake("two-actions", "A step has two actions.", "this step has two actions, *"),
		mistake("unknown-action", "An action is not known.", "unknown action *"),
		mistake("duplicate-id", "Two steps of a rule have one id.", "another step of this rule has the id *"),
		mistake("bad-id", "An id is not a word, or one that means something else.", "an id is a word *", "* means something in expressions already"),
		mistake("on-error", "on_error is neither stop nor continue, or in a rule neither stop nor skip.", "on_error is stop or continue, *", "on_error of a rule is skip or stop, *"),
		mistake("marketing", "A step does not say of marketing what can be said.", "marketing is true or false", "marketing with more to say has the key consent, *", "consent says, in some words, *"),
		mistake("marketing-consent", "Nobody can know whether the person of a step accepts marketing.", "* does not tell whether the person accepts marketing", "* reaches nobody who could want no marketing"),
		mistake("retry", "retry does not say how often and how fast to try again.", "retry wants a group of keys", "tries is a number *", "the first wait is longer than the longest"),
		mistake("unknown-account", "No account has this name, or an action has none.", "there is no account *", "* needs an account, *", "account wants the name *"),
		mistake("other-account", "An account is for another kind of action, or for other stores.", "the account * is for *", "the store * may not use the account *"),
		mistake("unknown-thing", "A step names something that the operator does not have, such as a pool.", "there is no pool *"),
		mistake("empty-hole", "A hole holds nothing, or nothing that could be sent.", "there is nothing between {{ and }}", "this is always empty"),
		mistake("open-hole", "A hole is never closed.", "{{ is opened here and never closed"),
		mistake("hole-in-key", "A hole stands in a key, or where a name is written out.", "a hole {{ … }} can only be in a value, *", "* stands in the rule as it is: *"),
		mistake("too-many-holes", "A text has too many holes.", "there are more than * holes in this text"),
		mistake("hole-type", "What a hole gives cannot go where it stands.", "* wants a number, and *", "* wants true or false, and *", "* wants text, and *", "* wants a list, and *",
			"* wants an object, and *"),
		mistake("unknown-file", "There is no such file beside the rules.", "there is no template *", "there is no file *", "there is no image *"),
		mistake("file-place", "A file is named that cannot be read, or the name is none.", "* leads out of the folder of the rules", "* is a file of rules", "* is a hidden file",
			"* cannot be the name of a file", "a file has a name", "the name of a template is written out, *", "* cannot be read: *"),
		mistake("template", "A template is none, or shows what cannot be shown.", "this is no template: *", "the file ends, and something in it is not closed", "* is no function, *",
			"* is everything that is known here, *", "range wants a list, *", `there is no "*" in a template`, "* wants two values, *", "* is given nothing, or too much",
			"nothing can be put here safely: *", "the template *", "more than * templates are included", "a template is a file beside the rules", "this number cannot be used here",
			"this cannot be used in a template", "*: html and template are both given, *"),
		mistake("parameter", "A parameter does not fit its action.", "want *", "items * of the list are the same", "this fits two *", "this does not *", "*: *"),
	}
}

// expressionMistakes are those of conditions and of what stands in holes.
func expressionMistakes() []Mistake {
	return []Mistake{
		mistake("expression-form", "A condition is not an expression in a line of text.", "* wants an expression", "* is an expression already"),
		mistake("expression-length", "An expression is too long.", "this expression is too long", "this expression is nested *"),
		mistake("template-block", "A block of another template language.", "there are no blocks such as if and for"),
		mistake("open-quote", "A quote is never closed.", "a quote is opened here and never closed"),
		mistake("open-bracket", "A bracket is never closed.", `"*" is opened here and never closed`),
		mistake("closing-bracket", "A bracket closes what was never opened.", `"*" closes what was never opened`),
		mistake("unfinished", "An expression ends too early.", "something is missing at the end"),
		mistake("operator", "An operator is written as in another language.", `a single "*" says nothing`, `"*" is not known here`, `"*" is written *`,
			`"*" stands between two values`, `";" joins nothing here`, "?? and another operator stand side by side"),
		mistake("missing-operator", "Two values stand side by side.", "an operator is missing before *"),
		mistake("number-form", "A number is not written as one.", `"," does not fit into a number`, "this is neither a number nor a name"),
		mistake("curly-quotes", "Quotes are not straight.", "these quotes are not straight"),
		mistake("escape", "A backslash stands where it means something special.", `"\" means something special inside quotes`),
		mistake("syntax", "An expression cannot be read.", "* does not fit here", "this cannot be read from here on", "something here cannot be read", "this is not an expression: *", "this cannot be used in a rule*", "# means something only *"),
		mistake("unknown-name", "A name is not known.", "unknown name *"),
		mistake("unknown-function", "A function is not known.", "unknown function *", "* has no function *", "this is not a function", "a rule cannot ask for the time of day, *"),
		mistake("function-as-value", "A function is not called.", "* is a function"),
		mistake("arguments", "A function is given too many values, or too few, or of another type.", "* in its parentheses, and has *", "* wants * here, and *",
			"len wants a list or text, and *", "* wants a condition here, and *"),
		mistake("step-order", "A step is read before it has been done, or where there is none.", "step * has not been done by then", "steps has nothing here"),
		mistake("item", "item is read in a rule without each, or outside its steps.", "item has no meaning here"),
		mistake("no-entity", "An event tells nothing of what the rule reads.", "* tells nothing of *", "* is not known here: *", "was is not known for the events of this rule",
			"was means one thing only *", "* has no entity, so there is nothing that was"),
		mistake("list-field", "A list is asked for a field of its items.", "* is a list, and has no * of its own", `* is a list, and "*" looks into text`),
		mistake("impossible-value", "A field never has this value.", "* is never *"),
		mistake("written-value", "What is written out for a function is not what it takes.", "* is not a time", "* has nothing of a time in it", "a currency is *", "a language is written like *", "* is not a country",
			"there is no field * in it"),
		mistake("not-a-condition", "A condition is neither true nor false.", "*, not true or false", `"!" wants true or false, and *`, `"not" wants true or false, and *`),
		mistake("not-a-list", "Something is asked whether it holds a value, and is no list.", "* is text, not a list", "* is *, not a list", "* is a list of *"),
		mistake("list-place", "A place in a list is not a number, or there are no places.", "a place in a list is a number, *", "*, and has no parts*"),
		mistake("unknown-field", "Something has no field of this name.", "* has no *"),
		mistake("name-taken", "A name means something already.", "* means something already"),
		mistake("pattern", "A pattern cannot be read.", "this pattern cannot be read: *"),
		mistake("hole-text", "A list or an object stands where text is wanted.", "* is a list, and text is wanted here", "* is an object, and text is wanted here"),
		mistake("type-mismatch", "Values of different types are compared or joined.", "*, and text can only be joined with text", `"*" looks into text, and *`, `"*" wants text *`,
			`"*" wants numbers, and *`, `"*" wants a number, and *`, "*, and cannot be compared with *", "* is a number, and * is *", "* is text, and * is *", "* is true or false, and * is *", "* is a list, and * is *",
			"* is an object, and * is *", "* is a table, and * is *", "* is a time, and * is *", "* is a length of time, and * is *"),
	}
}

// doubtful are the warnings: what is legal and likely wrong.
func doubtful() []Mistake {
	return []Mistake{
		doubt("every-change", "A rule fires on every change.", "* happens on every change, so this rule fires again and again"),
		doubt("event-twice", "An event type is named twice.", "* is meant by * already", "* is named twice"),
		doubt("always-true", "A condition, or a part of it, is always true.", "* is always true*"),
		doubt("never-true", "A condition, or a part of it, is never true.", "* is never true*"),
		doubt("claimed-data", "A rule decides on what a notification claims.", "event.data is what the notification claims, *"),
		doubt("claimed-field", "A notification has no such field as far as is known.", "* has no * that is known here"),
		doubt("claimed-recipient", "A message goes to an address that a notification claims.", "the recipient is what the notification claims, *"),
		doubt("was-empty", "was is empty until the second event of a subject.", "was is empty until the second event, *"),
		doubt("was-never", "was is read of an event that says its subject is new.", "was is always empty here: *"),
		doubt("may-be-empty", "A field is read of something that can be empty.", "* can be empty, and then this rule is an error", "* can be empty, and then this step fails"),
		doubt("missing-is-error", "A comparison of a field that can be missing is an error then.", "* can be missing, and then this is an error"),
		doubt("missing-counts", "A field that can be missing is compared so that a missing one counts.", "* can be missing, and then this is *"),
		doubt("same-person", "Two rules write to the same person for one event.", "the rule * writes to * too, for the same event"),
		doubt("duplicate-rule", "Two rules do the same.", "the rule * does the same"),
		doubt("loop", "A step causes the event that starts its rule.", "* causes *, which starts this rule again"),
		doubt("unused-id", "No step reads what a step with an id left.", "no later step reads steps.*"),
		doubt("unused-definition", "No rule uses what is defined.", "* is defined and never used"),
		doubt("not-redirected", "A message of a rule that is redirected has nowhere to go.", "* cannot be redirected to *", "* has nobody to be redirected to, *"),
		doubt("lookalike", "Text that looks like a hole and is none.", "this is no hole, and is sent as it is written"),
		doubt("too-many-warnings", "There are more warnings than are shown.", "there are more than * problems; *"),
	}
}
