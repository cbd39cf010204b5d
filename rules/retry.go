package rules

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"gopkg.in/yaml.v3"

	"shopbell/document"
)

var duration = regexp.MustCompile(`^([0-9]+)(s|m|h|d)$`)

// retry reads how often and how fast a step is tried again.
func (r *reader) retry(n *yaml.Node) RetryPolicy {
	var p RetryPolicy
	if n.Kind != yaml.MappingNode {
		r.wrong(n, "retry wants a group of keys", "Write it as \"retry: { tries: 5, first: 10s, max: 1h }\".")
		return p
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], document.Resolve(n.Content[i+1])
		switch key.Value {
		case "tries":
			tries, err := strconv.Atoi(value.Value)
			if value.Kind != yaml.ScalarNode || err != nil || tries < 1 || tries > 100 {
				r.wrong(value, "tries is a number from 1 to 100", "")
				continue
			}
			p.Tries = tries
		case "first":
			p.First = r.duration(value, "first")
		case "max":
			p.Max = r.duration(value, "max")
		default:
			r.wrong(key, fmt.Sprintf("unknown key %q", key.Value), document.DidYouMean(key.Value, []string{"tries", "first", "max"}))
		}
	}
	if p.First > 0 && p.Max > 0 && p.First > p.Max {
		_, at := document.Find(n, "first")
		r.wrong(at, "the first wait is longer than the longest", "")
	}
	return p
}

func (r *reader) duration(n *yaml.Node, key string) time.Duration {
	const hint = "Write a number with s, m, h or d, such as 30s, 10m, 2h or 7d."
	m := duration.FindStringSubmatch(n.Value)
	if n.Kind != yaml.ScalarNode || m == nil {
		message := fmt.Sprintf("%s is a length of time, and %q is not", key, n.Value)
		if n.Kind != yaml.ScalarNode {
			message = key + " is a length of time"
		}
		r.wrong(n, message, hint)
		return 0
	}
	count, err := strconv.Atoi(m[1])
	unit := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}[m[2]]
	if err != nil || count < 1 || time.Duration(count) > 30*24*time.Hour/unit {
		r.wrong(n, key+" is longer than 30 days or nothing at all", hint)
		return 0
	}
	return time.Duration(count) * unit
}
