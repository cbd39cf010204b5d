package engine

import (
	"encoding/json"
	"slices"
	"strings"

	"shopbell/event"
)

// An eraser takes a person out of documents: everything below keys that hold a person, and wherever else the same words stand.
type eraser struct {
	person string   // in lower case; "" erases whole documents
	words  []string // what else is theirs: names, streets, numbers of telephones
	about  bool     // the entity is a person itself
}

func newEraser(person string) *eraser {
	return &eraser{person: strings.ToLower(strings.TrimSpace(person))}
}

// persons are the keys, in lower case, below which everything tells of a person.
func persons() []string {
	return []string{"shippingperson", "billingperson", "shippingaddresses", "shipping_address", "billing_address", "billingaddress",
		"shippingaddress", "customer", "contacts", "reviewerinfo", "geoip", "person"}
}

// private are the keys, in lower case, whose text is about a person wherever they stand.
func private() []string {
	return []string{"email", "customeremail", "customer_email", "ipaddress", "ip", "phone", "customeruseragent", "ordercomments", "privateadminnotes",
		"note", "review", "firstname", "lastname", "first_name", "last_name", "street", "customertaxid", "taxid", "externaltransactionid",
		"refererurl", "globalreferer", "paymentmessage"}
}

// learn tells whether an event says anything of the person, and notes what else in it is theirs.
func (x *eraser) learn(r *Record) bool {
	if x.person == "" {
		return true
	}
	about := false
	for _, raw := range []json.RawMessage{r.Body, r.Data, r.Entity} {
		if !x.in(string(raw)) && !x.in(decoded(raw)) {
			continue
		}
		about = true
		if v, err := event.Decode(raw); err == nil {
			x.gather(v, "")
		}
	}
	return about || x.in(r.Note)
}

// decoded gives a document without the escapes of JSON, in which a name may hide.
func decoded(raw json.RawMessage) string {
	v, err := event.Decode(raw)
	if err != nil {
		return ""
	}
	var all []string
	leaves(v, func(s string) { all = append(all, s) })
	return strings.Join(all, "\n")
}

func leaves(v any, see func(string)) {
	switch v := v.(type) {
	case string:
		see(v)
	case []any:
		for _, e := range v {
			leaves(e, see)
		}
	case map[string]any:
		for _, e := range v {
			leaves(e, see)
		}
	}
}

// gather notes the words below keys that hold a person. Short ones stand in too much else.
func (x *eraser) gather(v any, key string) {
	const telling = 5
	if slices.Contains(persons(), strings.ToLower(key)) {
		leaves(v, func(s string) {
			if len(s) >= telling && !slices.Contains(x.words, s) {
				x.words = append(x.words, s)
			}
		})
		return
	}
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			x.gather(e, key)
		}
	case map[string]any:
		for k, e := range v {
			x.gather(e, k)
		}
	}
}

// eraseEvent takes the person out of what an event holds.
func (x *eraser) eraseEvent(r *Record) {
	kind, _, _ := strings.Cut(r.Subject, "/")
	x.about = kind == "customer" || kind == "subscriber"
	r.Body, r.Data, r.Entity = x.document(r.Body), x.document(r.Data), x.document(r.Entity)
	if r.Note = x.text(r.Note); x.person == "" {
		r.Note = "forgotten, as was asked for"
	}
}

// document gives a document without the person; nil when everything is to go, or it is no JSON.
func (x *eraser) document(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 || x.person == "" {
		return nil
	}
	v, err := event.Decode(raw)
	if err != nil {
		if x.in(string(raw)) {
			return nil
		}
		return raw
	}
	out, err := json.Marshal(x.value(v, "", false))
	if err != nil {
		return nil
	}
	return out
}

func (x *eraser) value(v any, key string, theirs bool) any {
	key = strings.ToLower(key)
	theirs = theirs || slices.Contains(persons(), key) || slices.Contains(private(), key) || x.about && key == "name"
	switch v := v.(type) {
	case string:
		if theirs && v != "" {
			return Forgotten
		}
		return x.text(v)
	case []any:
		for i := range v {
			v[i] = x.value(v[i], "", theirs)
		}
	case map[string]any:
		for k := range v {
			v[k] = x.value(v[k], k, theirs)
		}
	}
	return v
}

// text gives a text without the person.
func (x *eraser) text(s string) string {
	if x.person == "" {
		return ""
	}
	if x.in(s) {
		return Forgotten
	}
	for _, w := range x.words {
		if strings.Contains(s, w) {
			return Forgotten
		}
	}
	return s
}
