package actions

import "shopbell/shape"

// StandIn gives a result as the kind declares it, for a step that is not carried out, so that later steps can be rendered. Each
// text names itself by the step's id: "(key.value)". It is nil for a kind that leaves nothing.
func (k *Kind) StandIn(id string) Result {
	if k.Result == nil {
		return nil
	}
	return standIns(id, k.Result.Fields())
}

func standIns(path string, fields []shape.Field) map[string]any {
	made := map[string]any{}
	for _, f := range fields {
		made[f.Name] = standIn(path+"."+f.Name, f)
	}
	return made
}

func standIn(path string, f shape.Field) any {
	switch f.Type {
	case "number":
		return 0
	case "true or false":
		return false
	case "list":
		return []any{}
	case "object":
		return standIns(path, f.Fields)
	}
	if len(f.Values) > 0 {
		return f.Values[0]
	}
	return "(" + path + ")"
}
