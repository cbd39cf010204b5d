package rules

import "strings"

// Nil is what a function does when some of its arguments are nil.
type Nil struct {
	Arguments []string // as the signature names them
	Gives     string   // "an error", "nil" …
}

// Nils tells what the function gives for nil in each of its arguments that is a value.
func (f *Function) Nils() []Nil {
	var all []Nil
	for i, name := range f.arguments() {
		if name == "condition" || name == "expression" {
			continue
		}
		gives := f.givesForNil(i)
		if n := len(all); n > 0 && all[n-1].Gives == gives {
			all[n-1].Arguments = append(all[n-1].Arguments, name)
			continue
		}
		all = append(all, Nil{[]string{name}, gives})
	}
	return all
}

// arguments lists the names in the longest form of the signature.
func (f *Function) arguments() []string {
	inside := f.Signature[strings.LastIndex(f.Signature, "(")+1 : len(f.Signature)-1]
	names := strings.Split(inside, ", ")
	for i := range names {
		names[i] = strings.TrimRight(names[i], "?…")
	}
	return names
}

func (f *Function) givesForNil(i int) string {
	switch on := f.nilAt(i); {
	case on == answers:
		return "nil"
	case on == compares:
		return "a value like others"
	case on == refuses && i >= f.least:
		return "as if left out"
	}
	return "an error"
}
