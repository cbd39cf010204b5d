package signed

import "encoding/json"

// files gives a config with join done to the paths of schemas and samples. What is of another form is left as it is: it has
// been checked, or will be.
func files(config json.RawMessage, join func(string) string) json.RawMessage {
	var keys map[string]json.RawMessage
	var events map[string]map[string]json.RawMessage
	if json.Unmarshal(config, &keys) != nil || json.Unmarshal(keys["events"], &events) != nil {
		return config
	}
	for _, described := range events {
		for _, key := range []string{"schema", "sample"} {
			var path string
			if json.Unmarshal(described[key], &path) != nil || path == "" {
				continue
			}
			if joined, err := json.Marshal(join(path)); err == nil {
				described[key] = joined
			}
		}
	}
	changed, err := json.Marshal(events)
	if err != nil {
		return config
	}
	keys["events"] = changed
	whole, err := json.Marshal(keys)
	if err != nil {
		return config
	}
	return whole
}
