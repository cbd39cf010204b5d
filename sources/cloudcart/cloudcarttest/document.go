package cloudcarttest

import "strings"

// document writes resources as JSON:API does, with what is to be included.
func document(items []*Resource, include []string, single bool) map[string]any {
	data := []any{}
	var included []any
	seen := map[*Resource]bool{}
	var along func(r *Resource, path string)
	along = func(r *Resource, path string) {
		name, rest, deeper := strings.Cut(path, ".")
		related := r.Many[name]
		if one := r.One[name]; one != nil {
			related = append(related[:len(related):len(related)], one)
		}
		for _, other := range related {
			if !seen[other] {
				seen[other] = true
				included = append(included, object(other))
			}
			if deeper {
				along(other, rest)
			}
		}
	}
	for _, item := range items {
		data = append(data, object(item))
		for _, path := range include {
			along(item, path)
		}
	}
	doc := map[string]any{"data": data}
	if single {
		doc["data"] = data[0]
	}
	if len(included) > 0 {
		doc["included"] = included
	}
	return doc
}

func object(r *Resource) map[string]any {
	o := map[string]any{"type": r.Type, "id": r.ID, "attributes": r.Attributes}
	relations := map[string]any{}
	for name, one := range r.One {
		relations[name] = map[string]any{"data": reference(one)}
	}
	for name, many := range r.Many {
		references := []any{}
		for _, other := range many {
			references = append(references, reference(other))
		}
		relations[name] = map[string]any{"data": references}
	}
	if len(relations) > 0 {
		o["relationships"] = relations
	}
	return o
}

func reference(r *Resource) map[string]any { return map[string]any{"type": r.Type, "id": r.ID} }
