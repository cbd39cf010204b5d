package config

import (
	"fmt"
	"regexp"
	"strconv"

	"gopkg.in/yaml.v3"

	"shopbell/document"
	"shopbell/shape"
)

// The most that an account may be limited to. What needs more needs no limit.
const (
	maxRate        = 10_000 // calls a second
	maxConcurrency = 1000   // calls at once
)

var (
	rateForm = regexp.MustCompile(`^(0|[1-9][0-9]*)/([smh])$`)
	onlyHow  = regexp.MustCompile(`^[1-9][0-9]*$`) // a rate without its time
)

// rate reads how many calls a second an account takes; 0 when it does not say.
func (r *reader) rate(account *yaml.Node) float64 {
	k, n := document.Find(account, "rate")
	if k == nil || r.exp.failed[n] {
		return 0
	}
	const hint = "Write how many in what time, such as 10/s, 600/m or 3600/h."
	if n.Kind != yaml.ScalarNode || document.Value(n) == nil {
		r.problem(n, "want a rate", hint)
		return 0
	}
	m := rateForm.FindStringSubmatch(n.Value)
	switch {
	case m == nil && onlyHow.MatchString(n.Value):
		r.problem(n, "the rate lacks its time: s, m or h", fmt.Sprintf("Write %[1]s/s, %[1]s/m or %[1]s/h.", n.Value))
		return 0
	case m == nil:
		r.problem(n, fmt.Sprintf("%q is not a rate", n.Value), hint)
		return 0
	case m[1] == "0":
		r.problem(n, "a rate of 0 would send nothing, ever", "Leave the key out to send without a limit.")
		return 0
	}
	seconds := map[string]float64{"s": 1, "m": 60, "h": 3600}[m[2]]
	count, err := strconv.ParseFloat(m[1], 64)
	if rate := count / seconds; err == nil && rate <= maxRate {
		return rate
	}
	r.problem(n, fmt.Sprintf("want a rate of at most %d/s", maxRate), "Leave the key out to send without a limit.")
	return 0
}

// concurrency reads how many calls at once an account takes; 0 when it does not say.
func (r *reader) concurrency(account *yaml.Node) int {
	k, n := document.Find(account, "concurrency")
	if k == nil || r.exp.failed[n] {
		return 0
	}
	r.exp.retype(n, &shape.Field{Type: "number"})
	count, ok := document.Value(n).(int)
	if ok && count >= 1 && count <= maxConcurrency {
		return count
	}
	hint := "Write how many calls may be under way at once, or leave the key out."
	if isText(n) && onlyHow.MatchString(n.Value) {
		hint = "Write it without quotes."
	}
	r.problem(n, fmt.Sprintf("want a whole number from 1 to %d", maxConcurrency), hint)
	return 0
}
