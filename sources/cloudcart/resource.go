package cloudcart

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"shopbell/event"
)

// errForm says that an answer is JSON, but nothing that can be read.
var errForm = errors.New("the answer of the store's API is not in the form of JSON:API")

// A document is one answer of the API.
type document struct {
	items    []resource
	single   bool
	included map[string]resource // by type and id, joined by a slash
	lastPage int                 // of a list; 0 when it does not tell
	left     int                 // how many more relations are followed
}

// maxRelations bounds how many relations of one answer are followed: in a hostile one, each of very many things can be related
// to each of very many.
const maxRelations = 50_000

// A resource is one thing of a document.
type resource struct {
	kind       string
	id         string
	attributes map[string]any
	relations  map[string]any
}

// parseDocument reads a JSON:API document. What is not wrapped in it, a bare object or a list of such, counts as the
// attributes of one resource or of several.
func parseDocument(body []byte) (*document, error) {
	value, err := event.Decode(body)
	if err != nil {
		return nil, errors.New("the answer of the store's API is not JSON, or was cut off")
	}
	d := &document{included: map[string]resource{}, left: maxRelations}
	data := value
	if top, ok := value.(map[string]any); ok {
		if inner, wrapped := top["data"]; wrapped {
			data = inner
		}
		included, _ := top["included"].([]any)
		for _, v := range included {
			if r, ok := newResource(v); ok {
				d.included[r.kind+"/"+r.id] = r
			}
		}
		d.lastPage = lastPage(top["meta"])
	}
	switch data := data.(type) {
	case map[string]any:
		r, ok := newResource(data)
		if !ok {
			return nil, errForm
		}
		d.items, d.single = []resource{r}, true
	case []any:
		for _, v := range data {
			r, ok := newResource(v)
			if !ok {
				return nil, errForm
			}
			d.items = append(d.items, r)
		}
	default:
		return nil, errForm
	}
	return d, nil
}

func lastPage(meta any) int {
	m, _ := meta.(map[string]any)
	page, _ := m["page"].(map[string]any)
	last, _ := amount(page["last-page"]).(int)
	return last
}

// newResource reads one resource; false when it has no id.
func newResource(value any) (resource, bool) {
	m, ok := value.(map[string]any)
	if !ok {
		return resource{}, false
	}
	r := resource{attributes: m}
	r.kind, _ = m["type"].(string)
	id, _ := words(m["id"]).(string)
	r.id = strings.TrimSpace(id)
	if inner, ok := m["attributes"].(map[string]any); ok {
		r.attributes = inner
		r.relations, _ = m["relationships"].(map[string]any)
	} else if _, reference := m["type"]; reference && len(m) == 2 {
		r.attributes = map[string]any{}
	}
	return r, r.id != ""
}

// many gives what a resource is related to under a name, as far as the document holds it. The API writes such names with
// dashes.
func (d *document) many(r resource, name string) []resource {
	relation, _ := r.relations[name].(map[string]any)
	var references []any
	switch data := relation["data"].(type) {
	case []any:
		references = data
	case map[string]any:
		references = []any{data}
	}
	var found []resource
	for _, reference := range references {
		if d.left--; d.left < 0 {
			break
		}
		at, ok := newResource(reference)
		if !ok {
			continue
		}
		if full, ok := d.included[at.kind+"/"+at.id]; ok {
			at = full
		}
		found = append(found, at)
	}
	return found
}

// flat gives the attributes of a resource, with its id and all that it is related to, under names with underscores.
func (d *document) flat(r resource) map[string]any {
	to := make(map[string]any, len(r.attributes)+len(r.relations)+1)
	for name, value := range r.attributes {
		to[name] = value
	}
	for name := range r.relations {
		related := d.many(r, name)
		elems := make([]any, 0, len(related))
		for _, one := range related {
			elems = append(elems, d.leaf(one))
		}
		key := strings.ReplaceAll(name, "-", "_")
		relation, _ := r.relations[name].(map[string]any)
		if _, several := relation["data"].([]any); several {
			to[key] = elems
		} else if len(elems) == 1 {
			to[key] = elems[0]
		}
	}
	to["id"] = r.id
	return to
}

// leaf gives the attributes of a related resource, with its id. Addresses of customers are brought into the form of those
// of orders.
func (d *document) leaf(r resource) map[string]any {
	if strings.HasSuffix(r.kind, "-address") {
		return addressOf(r)
	}
	to := make(map[string]any, len(r.attributes)+1)
	for name, value := range r.attributes {
		to[name] = value
	}
	to["id"] = r.id
	return to
}

// read gives the JSON of a resource as rules see it: times have a zone, the store's where they had none.
func (e *entity) read(d *document, r resource, zone *time.Location) (json.RawMessage, error) {
	var value map[string]any
	if e.noun == "order" {
		value = d.order(r)
	} else {
		value = d.flat(r)
	}
	// Elsewhere nobody tells in which zone the store is.
	for _, name := range []string{e.changed, e.created, "updated_at", "date_modified", "created_at", "date_added"} {
		if at := moment(value[name], zone); !at.IsZero() {
			value[name] = at.In(zone).Format(time.RFC3339)
		}
	}
	if d.left < 0 {
		return nil, errors.New("in the answer of the store's API too much is related to too much")
	}
	f := fitter{money: e.money}
	if kind, _ := value["discount_type"].(string); e.noun == "discount" && kind == "flat" {
		f.money = append([]string{"type_value"}, e.money...)
	}
	return json.Marshal(f.fit(e.schema, value))
}
