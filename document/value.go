package document

import (
	"strconv"

	"gopkg.in/yaml.v3"
)

// Value gives a node as plain JSON values: nil, bool, int, float64, string, []any and map[string]any. Scalars that YAML
// knows and JSON does not (dates, infinities) stay text. It must be given nodes of a file that [Parse] accepted.
func Value(n *yaml.Node) any {
	switch n.Kind {
	case yaml.AliasNode:
		return Value(n.Alias)
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, c := range n.Content {
			list[i] = Value(c)
		}
		return list
	case yaml.MappingNode:
		object := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			object[n.Content[i].Value] = Value(n.Content[i+1])
		}
		return object
	}
	return scalar(n)
}

func scalar(n *yaml.Node) any {
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		var b bool
		if n.Decode(&b) == nil {
			return b
		}
	case "!!int":
		if i, err := strconv.Atoi(n.Value); err == nil {
			return i
		}
		var i int
		if n.Decode(&i) == nil {
			return i
		}
	case "!!float":
		if f, err := strconv.ParseFloat(n.Value, 64); err == nil && f-f == 0 {
			return f
		}
	}
	return n.Value
}

// Find gives the key and value nodes of a mapping's key; nil and nil when it has none.
func Find(mapping *yaml.Node, key string) (k, v *yaml.Node) {
	mapping = Resolve(mapping)
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i], mapping.Content[i+1]
		}
	}
	return nil, nil
}

// Resolve gives what an alias stands for, and any other node itself.
func Resolve(n *yaml.Node) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// Locate follows a path of keys and list indexes down from a node, as far as it leads. onKey says that the last
// element of the path names a key that should be pointed at, rather than its value.
func Locate(n *yaml.Node, path []string, onKey bool) *yaml.Node {
	for i, element := range path {
		at := Resolve(n)
		switch at.Kind {
		case yaml.MappingNode:
			k, v := Find(at, element)
			if k == nil {
				return n
			}
			if onKey && i == len(path)-1 {
				return k
			}
			n = v
		case yaml.SequenceNode:
			index, err := strconv.Atoi(element)
			if err != nil || index < 0 || index >= len(at.Content) {
				return n
			}
			n = at.Content[index]
		default:
			return n
		}
	}
	return n
}
